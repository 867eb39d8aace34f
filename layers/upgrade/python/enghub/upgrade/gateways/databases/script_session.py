"""The session of one script: what it has set is written down in the journal, and brought to the next connection."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from enghub.kit.databases import counters
from enghub.kit.databases.raw import run_raw
from enghub.kit.databases.session import WriteSession
from enghub.kit.databases.state import Names, SessionState
from enghub.kit.sql.classify import Manner, manner, may_set_session
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import Statement
from enghub.upgrade.gateways.databases import dynamic
from enghub.upgrade.gateways.databases.journal import ScriptJournal

_COUNTER = "counter "


@dataclass(slots=True)
class ScriptSession:
    """What one script makes of its connection."""

    session: WriteSession
    state: SessionState | None
    """None where nothing in the script can set anything, or the database repeats its SETs."""
    drawn_from: frozenset[str] = frozenset()
    """Names among which are the tables and sequences whose generated keys the script draws."""
    _kept: str = field(default="", init=False)
    _counters: dict[str, int | None] = field(default_factory=dict, init=False)
    """Where their counters stood behind the last statement that is recorded."""
    _interrupted: bool = field(default=False, init=False)
    """Whether a worker may have died since, with numbers drawn for rows that are not there."""

    @classmethod
    def begun(cls, session: WriteSession, statements: Sequence[Statement], journal: ScriptJournal) -> "ScriptSession":
        """Look at the connection before the script."""
        dialect = session.dialect
        made = SessionState(session.connection, dialect, Names.of(statements, dialect))
        needed = made.keeps and (made.names.any or any(may_set_session(one, dialect) for one in statements))
        state = made if needed else None
        found = cls(session, state, counters.drawing(statements, dialect))
        found._look_at_counters(journal)
        if state is not None:
            state.begin()
            session.ours = state.ours
        return found

    # --- counters of generated keys ----------------------------------------------------------------------------------

    def _look_at_counters(self, journal: ScriptJournal) -> None:
        """Write down where they stand before the first statement; of a script that was begun, read it."""
        if not self.drawn_from:
            return
        with self.session.transaction() as connection:
            kept = journal.session(connection)
            if kept is None:
                self._count(connection)
                journal.keep_session(connection, self._text)
        if kept is not None:
            self._counters, _ = _parted(kept)
            self._interrupted = True

    def _count(self, connection: sa.Connection) -> None:
        if self.drawn_from:
            self._counters = counters.counters(connection, self.session.dialect, self.drawn_from)

    def set_counters_back(self) -> None:
        """Before the first statement that a worker may have died in: let it draw the same numbers again."""
        if self._interrupted and self._counters:
            counters.set_back(self.session, self.drawn_from, self._counters)
        self._interrupted = False

    def counters_hold(self) -> None:
        """What comes first commits by itself, so that nobody died with numbers drawn for nothing."""
        self._interrupted = False

    def rolled_back(self) -> None:
        """All that was done so far is undone, only the counters went on."""
        self._interrupted = True

    @property
    def _text(self) -> str:
        values = self.state.values if self.state is not None else {}
        counted = {f"{_COUNTER}{name}": at for name, at in self._counters.items()}
        return json.dumps({**values, **counted}, ensure_ascii=True, sort_keys=True)

    # --- what is set --------------------------------------------------------------------------------------------------

    def restore(self, before: Sequence[Statement], journal: ScriptJournal) -> None:
        """Bring what the statements `before` had set on a connection that is gone."""
        if not before:
            return
        with self.session.transaction() as connection:
            kept = journal.session(connection)
        if self.state is not None and kept is not None:
            self.state.restore(json.dumps(_parted(kept)[1]))
            self._kept = kept
            return
        for statement in before:  # SQLite, ClickHouse; journals of earlier releases
            if manner(statement, self.session.dialect) is Manner.SESSION:
                self.send_setting(statement)

    def send_setting(self, statement: Statement) -> None:
        """Send a SET or a PRAGMA; SQLite passes over some of them inside a transaction."""
        if self.session.dialect is Dialect.SQLITE:
            raw: Any = self.session.connection.connection.dbapi_connection
            self.session.connection.rollback()
            raw.execute(statement.text).fetchall()
            return
        with self.session.transaction() as connection:
            run_raw(connection, statement.text)

    def capture(self, statements: Sequence[Statement]) -> None:
        """Look at the connection after statements; part of the caller's transaction."""
        if self.state is None:
            return
        if any(may_set_session(one, self.session.dialect) for one in statements):
            self.state.capture(statements)
        else:
            self.state.capture_variables()

    def keep(self, connection: sa.Connection, journal: ScriptJournal) -> None:
        """Write down what changed; part of the caller's transaction."""
        self._count(connection)
        text = self._text
        if (self.state is not None or self.drawn_from) and text != self._kept:
            journal.keep_session(connection, text)
            self._kept = text

    # --- MySQL's prepared statements --------------------------------------------------------------------------------

    def prepares(self, connection: sa.Connection, statement: Statement) -> tuple[str, str] | None:
        """Return name and text that a PREPARE is about to keep."""
        if not self.session.dialect.is_mysql or statement.verb != "PREPARE":
            return None
        return dynamic.prepared_text(connection, statement)

    def remember(self, statement: Statement, prepared: tuple[str, str] | None) -> None:
        """Keep what was prepared, forget what was freed."""
        if self.state is None or not self.session.dialect.is_mysql:
            return
        if prepared is not None:
            self.state.values[f"prepared {prepared[0]}"] = prepared[1]
        self.state.values.pop(f"prepared {dynamic.forgotten_name(statement)}", None)

    def seen(self, statement: Statement) -> Statement:
        """Return what a statement is about to do: of an EXECUTE, the statement that was prepared."""
        if not self.session.dialect.is_mysql or statement.verb != "EXECUTE" or self.state is None:
            return statement
        found = dynamic.executed_statement(self.session.connection, statement, self.state.values, self.session.dialect)
        return found or statement


def _parted(kept: str) -> tuple[dict[str, int | None], dict[str, str]]:
    """Return the counters and the rest of what was written down."""
    values = json.loads(kept)
    counted = {key.removeprefix(_COUNTER): at for key, at in values.items() if key.startswith(_COUNTER)}
    return counted, {key: value for key, value in values.items() if not key.startswith(_COUNTER)}
