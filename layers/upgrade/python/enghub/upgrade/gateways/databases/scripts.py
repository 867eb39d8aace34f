"""Runs one SQL script with a statement journal: killed anywhere, it goes on where it was (UPG-08, UPG-16)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from enghub.core.clock import system_clock
from enghub.core.i18n import Text
from enghub.kit.databases import catalog
from enghub.kit.databases.errors import DatabaseUnreachable
from enghub.kit.databases.failures import failure_of, reason
from enghub.kit.databases.session import WriteSession, execute_raw
from enghub.kit.sql.classify import (
    Manner,
    again_is_harmless,
    cannot_be_probed,
    manner,
    writes_rows_at_once,
)
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import Statement
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget
from enghub.upgrade.gateways.databases.journal import Entry, ScriptJournal, State

EDITED = Text(
    "Script {script} was edited after it ran: statement {ordinal} is not the one that ran. Put the old text back and "
    "add the change as a new script",
    "脚本 {script} 在执行后被修改：第 {ordinal} 条语句与已执行的不一致。请恢复原文，并将变更写入新脚本",
)
REFUSED = Text(
    "{script}, line {line}: `{statement}` cannot be journalled (it changes the database, the transaction or temporary "
    "tables of the session): take it out",
    "{script} 第 {line} 行：`{statement}` 无法记录执行状态（切换数据库、控制事务或临时表），请移除",
)
FAILED = Text(
    "{script}, statement {ordinal} of {count} (line {line}) failed: {error}. {before} statement(s) before it are "
    "committed; correct the cause and resume",
    "{script} 第 {ordinal}/{count} 条语句（第 {line} 行）执行失败：{error}。"
    "此前 {before} 条语句已提交；请排除原因后继续",
)
FAILED_WHOLE = Text(
    "{script}, statement {ordinal} of {count} (line {line}) failed: {error}. Nothing of this script is committed; "
    "correct the cause and resume",
    "{script} 第 {ordinal}/{count} 条语句（第 {line} 行）执行失败：{error}。该脚本未提交任何内容；请排除原因后继续",
)
IN_DOUBT = Text(
    "{script}, statement {ordinal} of {count} (line {line}): the worker stopped while `{statement}` ran and the "
    'catalog cannot show whether it took effect. Look at the database, then resume with decision "applied" or "again"',
    "{script} 第 {ordinal}/{count} 条语句（第 {line} 行）：执行 `{statement}` 时进程中断，"
    '且无法从系统目录判断是否生效。请检查数据库后，以 decision "applied" 或 "again" 继续',
)
NOT_TRANSACTIONAL = Text(
    "{script}, line {line}: table {table} uses an engine without transactions, so its rows cannot be journalled: "
    "convert it to InnoDB first",
    "{script} 第 {line} 行：表 {table} 的存储引擎不支持事务，无法可靠记录，请先转换为 InnoDB",
)


class ServerStillRunning(Exception):
    """The server goes on with a long statement after our connection reached its time limit."""


@dataclass(slots=True)
class Outcome:
    """What a call achieved."""

    finished: bool
    ran: int = 0
    skipped: int = 0
    found_applied: int = 0
    rows: int = 0


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
    _refused_tables: frozenset[str] | None = field(default=None, init=False)

    def run(self, script: Script) -> Outcome:
        """Run what is left of `script`, until done or until the budget is spent.

        Raises:
            WorkFailed: a statement failed, is in doubt or may not run; a script was edited after it ran.
            ServerStillRunning: the server is busy with a statement of ours: come back later.
        """
        journal = ScriptJournal(self.scope, script.path, self.execution_id)
        with self.session.transaction() as connection:
            known = journal.entries(connection)
        self._check(script, known)
        whole = self.whole_script and self.session.dialect.rolls_back_structure
        whole = whole and all(self._manner(s) is not Manner.SELF_COMMITTING for s in script.statements)
        return self._run_whole(script, journal, known) if whole else self._run_each(script, journal, known)

    def _check(self, script: Script, known: Mapping[int, Entry]) -> None:
        by_ordinal = {statement.ordinal: statement for statement in script.statements}
        for entry in known.values():
            statement = by_ordinal.get(entry.ordinal)
            if entry.state in (State.DONE, State.INTENT) and (statement is None or statement.digest != entry.digest):
                raise WorkFailed(EDITED, script=script.path, ordinal=entry.ordinal)
        for statement in script.statements:
            if self._manner(statement) is Manner.REFUSED:
                raise WorkFailed(REFUSED, script=script.path, line=statement.line, statement=statement.summary)

    def _manner(self, statement: Statement) -> Manner:
        return manner(statement, self.session.dialect)

    # --- the script as one transaction -----------------------------------------------------------------------------

    def _run_whole(self, script: Script, journal: ScriptJournal, known: Mapping[int, Entry]) -> Outcome:
        outcome = Outcome(finished=True)
        if _all_done(script, known):
            outcome.skipped = len(script.statements)
            return outcome
        statement = script.statements[0] if script.statements else None
        try:
            with self.session.transaction() as connection:
                for statement in script.statements:
                    if _is_done(statement, known):
                        outcome.skipped += 1
                        continue
                    if self._manner(statement) is not Manner.CONTROL:
                        outcome.rows += _execute(connection, statement)
                        outcome.ran += 1
                    journal.write(
                        connection, statement.ordinal, statement.digest, State.DONE, self.now(), evidence="result"
                    )
                    self.point("statement")
            self.point("script")
        except exc.DBAPIError as error:
            assert statement is not None  # noqa: S101 - an empty script sends nothing
            self._failed(script, statement, journal, error, FAILED_WHOLE)
        return outcome

    # --- statement by statement ---------------------------------------------------------------------------------------

    def _run_each(self, script: Script, journal: ScriptJournal, known: Mapping[int, Entry]) -> Outcome:
        outcome = Outcome(finished=True)
        begun = False
        for statement in script.statements:
            if _is_done(statement, known):
                outcome.skipped += 1
                continue
            if not begun:
                self._restore_session(script, statement)
                begun = True
            try:
                self._run_one(script, statement, journal, known.get(statement.ordinal), outcome)
            except exc.DBAPIError as error:
                self._failed(script, statement, journal, error, FAILED)
            if self.budget.spent and statement is not script.statements[-1]:
                outcome.finished = False
                return outcome
        return outcome

    def _restore_session(self, script: Script, until: Statement) -> None:
        """Repeat SET and PREPARE statements that ran on a connection which is gone."""
        for statement in script.statements:
            if statement.ordinal >= until.ordinal:
                return
            if self._manner(statement) is Manner.SESSION:
                with self.session.transaction() as connection:
                    _execute(connection, statement)

    def _run_one(
        self, script: Script, statement: Statement, journal: ScriptJournal, entry: Entry | None, outcome: Outcome
    ) -> None:
        how = self._manner(statement)
        if how is Manner.SELF_COMMITTING:
            self._run_self_committing(script, statement, journal, entry, outcome)
            return
        if how is Manner.TRANSACTIONAL:
            self._check_engine(script, statement)
        with self.session.transaction() as connection:
            rows = 0 if how is Manner.CONTROL else _execute(connection, statement)
            self.point("statement")
            journal.write(
                connection,
                statement.ordinal,
                statement.digest,
                State.DONE,
                self.now(),
                evidence="result",
                rows_affected=rows,
            )
        self.point("journalled")
        outcome.ran += 1
        outcome.rows += rows

    def _run_self_committing(
        self, script: Script, statement: Statement, journal: ScriptJournal, entry: Entry | None, outcome: Outcome
    ) -> None:
        dialect = self.session.dialect
        if entry is not None and entry.state is State.INTENT and self._took_effect(script, statement, entry):
            self._done(journal, statement, "operator" if self.decision == "applied" else "catalog", 0)
            outcome.found_applied += 1
            return
        with self.session.transaction() as connection:
            rows = writes_rows_at_once(statement, dialect)
            before = catalog.fingerprint(connection, dialect, statement.words, rows=rows)
            journal.write(
                connection, statement.ordinal, statement.digest, State.INTENT, self.now(), catalog_before=before
            )
        self.point("intent")
        with self.session.autocommit() as connection:
            count = _execute(connection, statement)
        self.point("effect")
        self._done(journal, statement, "result", count)
        self.point("journalled")
        outcome.ran += 1
        outcome.rows += count

    def _done(self, journal: ScriptJournal, statement: Statement, evidence: str, rows: int) -> None:
        with self.session.transaction() as connection:
            journal.write(
                connection,
                statement.ordinal,
                statement.digest,
                State.DONE,
                self.now(),
                evidence=evidence,
                rows_affected=rows,
            )

    def _took_effect(self, script: Script, statement: Statement, entry: Entry) -> bool:
        """Decide about a statement that was begun and never recorded as done."""
        if again_is_harmless(statement):
            return False
        if cannot_be_probed(statement):
            return self._decided(script, statement)
        in_part = writes_rows_at_once(statement, self.session.dialect)
        with self.session.transaction() as connection:
            now = catalog.fingerprint(connection, self.session.dialect, statement.words, rows=in_part)
            if now == entry.catalog_before:
                return False
            broken = (
                catalog.invalid_indexes(connection, statement.words)
                if self.session.dialect is Dialect.POSTGRESQL
                else ()
            )
        if in_part:
            return self._decided(script, statement)
        for index in broken:
            with self.session.autocommit() as connection:
                execute_raw(connection, f"DROP INDEX {index}")
        return not broken

    def _decided(self, script: Script, statement: Statement) -> bool:
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
            raise WorkFailed(NOT_TRANSACTIONAL, script=script.path, line=statement.line, table=min(names))

    def _failed(
        self, script: Script, statement: Statement, journal: ScriptJournal, error: exc.DBAPIError, text: Text
    ) -> None:
        failure = failure_of(text, error, **self._place(script, statement))
        if isinstance(failure, DatabaseUnreachable):
            raise (ServerStillRunning if self._manner(statement) is Manner.SELF_COMMITTING else failure) from error
        with self.session.transaction() as connection:
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


def _execute(connection: sa.Connection, statement: Statement) -> int:
    result = execute_raw(connection, statement.text)
    if result.returns_rows:
        result.fetchall()
        return 0
    return max(result.rowcount, 0)


def _is_done(statement: Statement, known: Mapping[int, Entry]) -> bool:
    entry = known.get(statement.ordinal)
    return entry is not None and entry.state is State.DONE


def _all_done(script: Script, known: Mapping[int, Entry]) -> bool:
    return all(_is_done(statement, known) for statement in script.statements)
