"""Runs one SQL script with a statement journal: killed anywhere, it goes on where it was (UPG-08, UPG-16)."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from enghub.core.clock import system_clock
from enghub.core.i18n import Text
from enghub.kit.databases import catalog
from enghub.kit.databases.errors import DatabaseUnreachable
from enghub.kit.databases.failures import failure_of, reason
from enghub.kit.databases.raw import run_raw
from enghub.kit.databases.session import WriteSession
from enghub.kit.sql.binding import Part, Refused, arrange, fits_one_transaction
from enghub.kit.sql.classify import (
    Manner,
    manner,
    refusal,
    writes_rows_at_once,
)
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.lint import written_tables
from enghub.kit.sql.splitter import Statement
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget
from enghub.upgrade.gateways.databases import doubt, dynamic
from enghub.upgrade.gateways.databases.journal import Entry, ScriptJournal, State
from enghub.upgrade.gateways.databases.script_results import ANSWERED, ANSWERED_WHOLE, ScriptResult, result_of
from enghub.upgrade.gateways.databases.script_session import ScriptSession
from enghub.upgrade.gateways.databases.script_texts import (
    EDITED,
    FAILED,
    FAILED_WHOLE,
    IN_DOUBT,
    NOT_TRANSACTIONAL,
    REFUSED,
    VALUES_LOST,
)

_OUTSIDE_ONLY = frozenset({"25001", "2D000"})
"""PostgreSQL: it cannot run inside a transaction, or ends one itself."""
_NOT_WHOLE = _OUTSIDE_ONLY | {"55P04"}
"""... or uses an enum value before it is committed."""


class ServerStillRunning(Exception):
    """The server goes on with a long statement after our connection reached its time limit."""


@dataclass(slots=True)
class Outcome:
    """What a call achieved; what the execution did with a script that is through, the journal tells."""

    finished: bool
    worked: bool = False
    """Whether a statement took effect, or was found in effect."""
    result: ScriptResult | None = None
    """Of a script that is through."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script with its statements."""

    path: str
    statements: Sequence[Statement]


@dataclass(slots=True)
class ScriptRunner:
    """Runs scripts of one step on one session."""

    session: WriteSession
    scope: str
    execution_id: str
    budget: Budget
    whole_script: bool
    """One transaction per script; only where the database's DDL can roll back."""
    decision: str | None = None
    point: Callable[[str], None] = lambda _: None
    now: Callable[[], datetime] = system_clock
    touched: bool = field(default=False, init=False)
    """Whether a statement ran: the next script needs a connection of its own, as a client per file has."""
    _own: "ScriptSession | None" = field(default=None, init=False)
    _reached: int = field(default=0, init=False)
    _outside: frozenset[int] = field(default=frozenset(), init=False)
    """Ordinals of statements that run outside transactions though their words do not say so."""

    def run(self, script: Script) -> Outcome:
        """Run what is left of `script`, until done or until the budget is spent.

        Raises:
            WorkFailed: a statement failed, is in doubt or may not run; a script was edited after it ran.
            ServerStillRunning: the server is busy with a statement of ours: come back later.
        """
        journal = ScriptJournal(self.scope, script.path, self.execution_id)
        with self.session.transaction() as connection:
            known = journal.entries(connection)
            if self.session.dialect is Dialect.POSTGRESQL:
                self._outside = dynamic.committing_calls(connection, script.statements)
        _check_text(script, known)
        if _all_done(script, known):
            return self._through(Outcome(finished=True), script, journal)
        whole = self.whole_script and self.session.dialect.rolls_back_structure and not self._outside
        whole = whole and fits_one_transaction(script.statements, self.session.dialect)
        parts, refused = self._arranged(script, whole)
        if refused:
            first = min(refused, key=lambda one: one.statement.ordinal)
            values: dict[str, Any] = {
                "line": first.statement.line,
                "statement": first.statement.summary,
                "why": first.reason,
            }
            raise WorkFailed(REFUSED, script=script.path, **values)
        self.touched = True
        self._own = ScriptSession.begun(self.session, script.statements, journal)
        try:
            outcome = (
                self._run_whole(script, journal, known) if whole else self._run_parts(script, parts, journal, known)
            )
            return self._through(outcome, script, journal) if outcome.finished else outcome
        finally:
            self.session.ours = nullcontext

    def _through(self, outcome: Outcome, script: Script, journal: ScriptJournal) -> Outcome:
        with self.session.transaction() as connection, self.session.ours():
            entries = journal.entries(connection).values()
        parts = arrange(script.statements, self.session.dialect, self.session.connection.engine.url.database)[0]
        bound = sum(len(part.statements) > 1 for part in parts)
        return replace(outcome, result=result_of(entries, self.execution_id, bound))

    def _arranged(self, script: Script, whole: bool) -> tuple[Sequence[Part], Sequence[Refused]]:
        dialect, home = self.session.dialect, self.session.connection.engine.url.database
        if not whole:
            return arrange(script.statements, dialect, home)
        found = [(one, refusal(one, dialect, home)) for one in script.statements]
        return (), [Refused(one, why) for one, why in found if why is not None]

    def _manner(self, statement: Statement) -> Manner:
        if statement.ordinal in self._outside:
            return Manner.SELF_COMMITTING
        found = manner(statement, self.session.dialect)
        return Manner.CONTROL if found is Manner.REFUSED and statement.verb == "USE" else found

    @property
    def _script_session(self) -> ScriptSession:
        assert self._own is not None  # noqa: S101 - made before the first statement runs
        return self._own

    def _write_down(
        self,
        connection: sa.Connection,
        journal: ScriptJournal,
        statements: Sequence[Statement],
        rows: Sequence[int],
        evidence: str = ANSWERED,
    ) -> None:
        """Record statements as done, and what the session is like after them; part of the caller's transaction."""
        self._script_session.capture(statements)
        with self.session.ours():
            for statement, count in zip(statements, rows, strict=True):
                self._done(connection, journal, statement, evidence, count)
            self._script_session.keep(connection, journal)

    # --- the script as one transaction ----------------------------------------------------------------------------

    def _run_whole(self, script: Script, journal: ScriptJournal, known: Mapping[int, Entry]) -> Outcome:
        todo = [one for one in script.statements if not _is_done(one, known)]
        statement = todo[0]
        rows = []
        self._script_session.set_counters_back()
        try:
            with self.session.transaction() as connection:
                for statement in todo:
                    rows.append(self._send(connection, statement))
                    self.point("statement")
                self._write_down(connection, journal, todo, rows, ANSWERED_WHOLE)
            self.point("script")
        except exc.DBAPIError as error:
            if _state_of(error) in _NOT_WHOLE:  # nothing took effect: statement by statement it may
                self._script_session.rolled_back()
                return self._run_parts(script, arrange(script.statements, self.session.dialect)[0], journal, known)
            self._failed(script, statement, journal, error, FAILED_WHOLE)
        return Outcome(finished=True, worked=True)

    def _send(self, connection: sa.Connection, statement: Statement) -> int:
        return 0 if self._manner(statement) is Manner.CONTROL else run_raw(connection, statement.text)

    # --- part by part -------------------------------------------------------------------------------------------------

    def _run_parts(
        self, script: Script, parts: Sequence[Part], journal: ScriptJournal, known: Mapping[int, Entry]
    ) -> Outcome:
        outcome = Outcome(finished=True)
        begun = False
        for part in parts:
            todo = tuple(one for one in part.statements if not _is_done(one, known))
            if not todo:
                continue
            if not begun:
                self._script_session.restore(script.statements[: todo[0].ordinal - 1], journal)
                begun = True
            try:
                self._run_part(script, Part(todo, part.why, part.isolation), journal, known, outcome)
            except exc.DBAPIError as error:
                at = todo[min(len(todo) - 1, self._reached)]
                self._failed(script, at, journal, error, FAILED, before=todo[0].ordinal - 1)
            if self.budget.spent and part is not parts[-1]:
                outcome.finished = False
                return outcome
        return outcome

    def _run_part(
        self, script: Script, part: Part, journal: ScriptJournal, known: Mapping[int, Entry], outcome: Outcome
    ) -> None:
        self._reached = 0
        first = part.statements[0]
        entry = known.get(first.ordinal)
        if len(part.statements) == 1:
            seen = self._script_session.seen(first)
            begun = entry is not None and entry.state is State.INTENT
            if begun or self._manner_of(script, first, seen) is Manner.SELF_COMMITTING:
                self._run_self_committing(script, first, seen, journal, entry, outcome)
                return
        try:
            self._run_together(script, part, journal)
        except exc.DBAPIError as error:
            if len(part.statements) > 1 or _state_of(error) not in _OUTSIDE_ONLY:
                raise
            self._outside |= {first.ordinal}  # it says itself that it runs outside transactions only
            self._run_self_committing(script, first, first, journal, entry, outcome)
            return
        self.point("journalled")
        outcome.worked = True

    def _run_together(self, script: Script, part: Part, journal: ScriptJournal) -> None:
        for statement in part.statements:
            if self._manner(statement) is Manner.TRANSACTIONAL:
                self._check_engine(script, statement)
        if self.session.dialect is Dialect.SQLITE and part.statements[0].verb == "PRAGMA":
            self._script_session.send_setting(part.statements[0])
            with self.session.transaction() as connection:
                self._write_down(connection, journal, part.statements, [0])
            return
        rows = []
        self._script_session.set_counters_back()
        with self.session.transaction(part.isolation) as connection:
            for self._reached, statement in enumerate(part.statements):
                prepared = self._script_session.prepares(connection, statement)
                rows.append(self._send(connection, statement))
                self._script_session.remember(statement, prepared)
                self.point("statement")
            self._write_down(connection, journal, part.statements, rows)

    def _manner_of(self, script: Script, statement: Statement, seen: Statement) -> Manner:
        if seen is statement:
            return self._manner(statement)
        why = refusal(seen, self.session.dialect, self.session.connection.engine.url.database)
        if why is not None:
            values: dict[str, Any] = {"line": statement.line, "statement": seen.summary, "why": why}
            raise WorkFailed(REFUSED, script=script.path, **values)
        return manner(seen, self.session.dialect)

    def _run_self_committing(  # noqa: PLR0917 - one place calls it
        self,
        script: Script,
        statement: Statement,
        seen: Statement,
        journal: ScriptJournal,
        entry: Entry | None,
        outcome: Outcome,
    ) -> None:
        dialect = self.session.dialect
        self._script_session.counters_hold()
        if entry is not None and entry.state is State.INTENT and self._took_effect(script, statement, seen, entry):
            self._refuse_lost_values(script, statement)
            with self.session.transaction() as connection, self.session.ours():
                evidence = "operator" if self.decision == "applied" else "catalog"
                self._done(connection, journal, statement, evidence, 0)
                self._script_session.keep(connection, journal)
            outcome.worked = True
            return
        with self.session.transaction() as connection, self.session.ours():
            rows = writes_rows_at_once(seen, dialect)
            before = catalog.fingerprint(connection, dialect, seen.words, rows=rows)
            journal.write(
                connection, statement.ordinal, statement.digest, State.INTENT, self.now(), catalog_before=before
            )
        self.point("intent")
        with self.session.autocommit() as connection:
            count = run_raw(connection, statement.text)
        self.point("effect")
        with self.session.transaction() as connection:
            self._write_down(connection, journal, [statement], [count])
        self.point("journalled")
        outcome.worked = True

    def _refuse_lost_values(self, script: Script, statement: Statement) -> None:
        if self.session.dialect.is_mysql and statement.verb == "CALL" and "@" in statement.text:
            raise WorkFailed(VALUES_LOST, **self._place(script, statement), statement=statement.summary)

    def _done(
        self, connection: sa.Connection, journal: ScriptJournal, statement: Statement, evidence: str, rows: int
    ) -> None:
        values = {"evidence": evidence, "rows_affected": rows}
        journal.write(connection, statement.ordinal, statement.digest, State.DONE, self.now(), **values)

    def _took_effect(self, script: Script, statement: Statement, seen: Statement, entry: Entry) -> bool:
        """Decide about a statement that was begun and never recorded as done."""
        found = doubt.took_effect(self.session, seen, entry.catalog_before or "")
        if found is not None:
            return found
        if self.decision is None:
            raise WorkFailed(IN_DOUBT, **self._place(script, statement), statement=statement.summary)
        return self.decision == "applied"

    def _check_engine(self, script: Script, statement: Statement) -> None:
        if not self.session.dialect.is_mysql or statement.verb in ("SELECT", "SHOW", "EXPLAIN"):
            return
        with self.session.transaction() as connection:
            refused = catalog.not_transactional(connection, self.session.dialect)
        names = {word.lower() for word in statement.words} & refused
        if names:
            names &= written_tables(statement, self.session.dialect) or names
        if names:
            raise WorkFailed(NOT_TRANSACTIONAL, script=script.path, line=statement.line, table=min(names))

    def _failed(
        self,
        script: Script,
        statement: Statement,
        journal: ScriptJournal,
        error: exc.DBAPIError,
        text: Text,
        **values: Any,
    ) -> None:
        failure = failure_of(text, error, **{**self._place(script, statement), **values})
        if isinstance(failure, DatabaseUnreachable):
            raise (ServerStillRunning if self._manner(statement) is Manner.SELF_COMMITTING else failure) from error
        with self.session.transaction() as connection, self.session.ours():
            journal.write(
                connection, statement.ordinal, statement.digest, State.FAILED, self.now(), error=reason(error)
            )
        raise failure from error

    def _place(self, script: Script, statement: Statement) -> dict[str, Any]:
        return {
            "script": script.path,
            "ordinal": statement.ordinal,
            "count": len(script.statements),
            "line": statement.line,
            "before": statement.ordinal - 1,
        }


def _check_text(script: Script, known: Mapping[int, Entry]) -> None:
    by_ordinal = {statement.ordinal: statement for statement in script.statements}
    for entry in known.values():
        statement = by_ordinal.get(entry.ordinal)
        if entry.state in (State.DONE, State.INTENT) and (statement is None or statement.digest != entry.digest):
            raise WorkFailed(EDITED, script=script.path, ordinal=entry.ordinal)


def _state_of(error: exc.DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", "") or "")


def _is_done(statement: Statement, known: Mapping[int, Entry]) -> bool:
    entry = known.get(statement.ordinal)
    return entry is not None and entry.state is State.DONE


def _all_done(script: Script, known: Mapping[int, Entry]) -> bool:
    return all(_is_done(statement, known) for statement in script.statements)
