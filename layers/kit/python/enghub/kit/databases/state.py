"""What a script has set on its connection: written down after a statement, set again on another connection (UPG-08).

Values, not statements: `SET @id = LAST_INSERT_ID()` run again would give another one.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from enghub.kit.databases.session import execute_raw
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import Statement
from enghub.kit.sql.tokens import PLAIN, Kind, Modes, executed, tokens

_UNSIGNED = 32
"""MySQL's flag of a column without a sign."""
_MYSQL_VOLATILE = frozenset(
    {"timestamp", "insert_id", "last_insert_id", "identity", "rand_seed1", "rand_seed2", "pseudo_thread_id"}
    | {"warning_count", "error_count", "in_transaction", "last_gtid", "gtid_next", "proxy_user", "autocommit"}
    | {"pseudo_slave_mode", "external_user", "session_track_system_variables", "sql_log_bin", "skip_replication"}
)
_MYSQL_OURS = (
    *("sql_mode", "character_set_client", "character_set_connection", "character_set_results"),
    *("collation_connection", "sql_select_limit", "max_statement_time", "max_execution_time"),
    "sql_safe_updates",
)
"""What must be as it was at first while the engine's own statements run."""
_PG_OURS = (
    *("role", "session_authorization", "standard_conforming_strings", "statement_timeout", "lock_timeout"),
    "row_security",
)
_PG_SETTINGS = "SELECT name, setting FROM pg_catalog.pg_settings WHERE source = 'session'"
_PG_WHO = "SELECT pg_catalog.current_setting('role'), session_user"
_PG_PREPARED = "SELECT name, statement FROM pg_catalog.pg_prepared_statements WHERE from_sql"
_PG_PLACEHOLDER = re.compile(r"(?i)(?:set_config\s*\(\s*'|\bSET\s+(?:SESSION\s+)?)([a-z_]\w*\.[a-z_][\w.]*)")
_PG_LOCAL = re.compile(r"(?i)\bSET\s+LOCAL\s+([a-z_][\w.]*)")
_PG_LOCAL_CALL = re.compile(r"(?i)\bset_config\s*\(\s*'([^']+)'.*?,\s*(?:true|'t(?:rue)?')\s*\)", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(\.\d+)?\Z")


@dataclass(frozen=True, slots=True)
class Names:
    """What a script may read from its session, found in its text."""

    variables: frozenset[str] = frozenset()
    """MySQL's user variables, in lower case."""
    last_insert_id: bool = False
    clock: bool = False
    """MySQL's `timestamp` is set."""
    placeholders: frozenset[str] = frozenset()
    """PostgreSQL's settings with a dot, which its catalog does not list."""

    @property
    def any(self) -> bool:
        """Whether there is something that any statement may change."""
        return bool(self.variables) or self.last_insert_id

    @classmethod
    def of(cls, statements: Sequence[Statement], dialect: Dialect) -> "Names":
        """Return the names in a script."""
        if dialect.is_mysql:
            words = {word.lstrip("@").split(".")[-1] for one in statements for word in one.words}
            variables = {name for one in statements if "@" in one.text for name in _variables(one.text, dialect)}
            clock = any(one.verb == "SET" and "TIMESTAMP" in _plain(one) for one in statements)
            return cls(frozenset(variables), bool(words & {"LAST_INSERT_ID", "IDENTITY"}), clock)
        found = {name.lower() for one in statements for name in _PG_PLACEHOLDER.findall(one.text)}
        return cls(placeholders=frozenset(found))


def _plain(statement: Statement) -> set[str]:
    return {word.lstrip("@").split(".")[-1] for word in statement.words}


def _variables(text: str, dialect: Dialect) -> Iterator[str]:
    before = ""
    for token in tokens(text, dialect):
        inside = executed(token)
        if inside is not None:
            yield from _variables(inside, dialect)
        elif before == "@" and token.kind in (Kind.NAME, Kind.STRING):
            yield token.text[1:-1].lower()
        elif (
            token.kind is Kind.WORD
            and token.text.startswith("@")
            and not token.text.startswith("@@")
            and token.text != "@"
        ):
            yield token.text[1:].lower()
        before = token.text


@dataclass(slots=True)
class SessionState:
    """The state of one connection while a script runs on it."""

    connection: sa.Connection
    dialect: Dialect
    names: Names
    values: dict[str, str] = field(default_factory=dict)
    """In a form that sets it again: `variable sql_mode`, `user id`, `last_insert_id`, `prepared s`, `setting role`."""
    _base: dict[str, str] = field(default_factory=dict)

    @property
    def keeps(self) -> bool:
        """Whether this database's sessions are written down; others repeat their SETs."""
        return self.dialect.is_mysql or self.dialect is Dialect.POSTGRESQL

    def begin(self) -> None:
        """Remember what the connection is like before the script; outside transactions."""
        if self.dialect.is_mysql:
            self._base = self._shown()
        elif self.dialect is Dialect.POSTGRESQL:
            self._base = {name: str(value) for name, value in _rows(self.connection, _PG_SETTINGS)}
            role, user = tuple(execute_raw(self.connection, _PG_WHO).one())
            self._base |= {"role": str(role), "session_authorization": str(user)}
            ours = _rows(self.connection, _own_settings())
            self._base |= {str(name): str(value) for name, value in ours if name not in self._base}
        self.connection.rollback()

    def capture(self, statements: Sequence[Statement]) -> None:
        """Write down what the connection is like after `statements`; part of the caller's transaction."""
        if self.dialect.is_mysql:
            prepared = {key: value for key, value in self.values.items() if key.startswith("prepared ")}
            self.values = {**self._changed_variables(), **prepared}
            with self.ours():
                self.values |= self._user_variables()
        elif self.dialect is Dialect.POSTGRESQL:
            before = self.values
            self.values = self._settings()
            for name in {name for one in statements for name in _local_settings(one.text)}:
                self.values.pop(f"setting {name}", None)  # it ends with the transaction
                self.values |= {key: before[key] for key in (f"setting {name}",) if key in before}

    def capture_variables(self) -> None:
        """As `capture`, where a statement cannot have changed more than MySQL's user variables."""
        if self.dialect.is_mysql and (self.names.variables or self.names.last_insert_id):
            kept = {k: v for k, v in self.values.items() if not k.startswith(("user ", "last_insert_id"))}
            with self.ours():
                self.values = kept | self._user_variables()

    @property
    def text(self) -> str:
        """The state as JSON."""
        return json.dumps(self.values, ensure_ascii=True, sort_keys=True)

    def restore(self, text: str) -> None:
        """Set on this connection what `text` says of another; outside transactions."""
        self.values = dict(json.loads(text))
        for statement in _restoring(self.values, self.dialect):
            execute_raw(self.connection, statement)
        self.connection.commit()

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Run what is inside as if the script had set nothing that bothers the engine's own statements."""
        local, prefix, names = (
            ("LOCAL", "setting ", _PG_OURS) if not self.dialect.is_mysql else ("SESSION", "variable ", _MYSQL_OURS)
        )
        changed = [name for name in names if f"{prefix}{name}" in self.values]
        for name in changed:
            execute_raw(self.connection, _set(name, self._base.get(name, ""), local, self.dialect))
        yield
        for name in reversed(changed):
            execute_raw(self.connection, _set(name, self.values[f"{prefix}{name}"], local, self.dialect))

    # --- MySQL -------------------------------------------------------------------------------------------------------

    def _shown(self) -> dict[str, str]:
        return {str(name).lower(): str(value) for name, value in _rows(self.connection, "SHOW SESSION VARIABLES")}

    def _changed_variables(self) -> dict[str, str]:
        now = self._shown()
        volatile = _MYSQL_VOLATILE - ({"timestamp"} if self.names.clock else set())
        return {
            f"variable {name}": value
            for name, value in now.items()
            if name not in volatile and value != self._base.get(name, value)
        }

    def _user_variables(self) -> dict[str, str]:
        found = {}
        for name in sorted(self.names.variables):
            quoted = "`" + name.replace("`", "``") + "`"
            result = execute_raw(
                self.connection, f"SELECT @{quoted}, HEX(@{quoted}), CHARSET(@{quoted}), COLLATION(@{quoted})"
            )
            cursor: Any = result.cursor
            unsigned = bool(cursor._result.fields[0].flags & _UNSIGNED)
            value, *rest = tuple(result.one())
            if value is not None:
                found[f"user {name}"] = _literal(value, unsigned, *map(str, rest))
        if self.names.last_insert_id:
            found["last_insert_id"] = str(execute_raw(self.connection, "SELECT LAST_INSERT_ID()").scalar())
        return found

    # --- PostgreSQL --------------------------------------------------------------------------------------------------

    def _settings(self) -> dict[str, str]:
        now = {str(name): str(value) for name, value in _rows(self.connection, _PG_SETTINGS)}
        found = {f"setting {name}": value for name, value in now.items() if self._base.get(name) != value}
        for name in sorted(self.names.placeholders):
            asked = sa.text("SELECT pg_catalog.current_setting(:name, true)")
            value = self.connection.execute(asked, {"name": name}).scalar()
            if value is not None:
                found[f"setting {name}"] = str(value)
        role, who = tuple(execute_raw(self.connection, _PG_WHO).one())
        for name, value in (("role", role), ("session_authorization", who)):
            if str(value) != self._base.get(name):
                found[f"setting {name}"] = str(value)
        found |= {f"prepared {name}": str(sql) for name, sql in _rows(self.connection, _PG_PREPARED)}
        return found


def _local_settings(text: str) -> Iterator[str]:
    """Yield the settings that a statement makes for its transaction alone, in lower case."""
    yield from (name.lower() for name in _PG_LOCAL.findall(text))
    if re.search(r"(?i)\bset_config\s*\(", text):
        yield from (name.lower() for name in _PG_LOCAL_CALL.findall(text))
    if re.search(r"(?i)\bLOCAL\s+ROLE\b", text):
        yield "role"
    if re.search(r"(?i)\bLOCAL\s+SESSION\s+AUTHORIZATION\b", text):
        yield "session_authorization"


def _rows(connection: sa.Connection, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in execute_raw(connection, sql)]


def _own_settings() -> str:
    names = ", ".join(f"'{name}'" for name in _PG_OURS)
    return f"SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ({names})"  # noqa: S608 - our own names


def _literal(value: Any, unsigned: bool, digits: str, charset: str, collation: str) -> str:
    """Return the text that gives a user variable the same value and type again."""
    match value:
        case int():
            return f"CAST({value} AS UNSIGNED)" if unsigned else str(value)
        case Decimal():
            return format(value, "f") if "." in format(value, "f") else f"CAST({value} AS DECIMAL(65,0))"
        case float():
            shown = repr(value)
            return shown if "e" in shown else f"{shown}e0"
        case _ if charset == "binary":
            return f"X'{digits}'"
        case _:
            return f"_{charset} X'{digits}' COLLATE {collation}"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _set(name: str, value: str, scope: str, dialect: Dialect) -> str:
    if not dialect.is_mysql:
        if name == "session_authorization":
            return f"SET {scope} SESSION AUTHORIZATION {_quoted(value)}"
        return f"SET {scope} ROLE {_quoted(value)}" if name == "role" else f"SET {scope} {name} = {_quoted(value)}"
    if _NUMBER.match(value):
        shown = value
    elif value == "" and name.startswith("character_set"):
        shown = "NULL"
    else:
        shown = _quoted(value.replace("\\", "\\\\"))
    return f"SET {scope} {name} = {shown}"


def _restoring(values: Mapping[str, str], dialect: Dialect) -> Iterator[str]:
    """Yield what sets the state again: settings before the rights that may not set them, prepared statements last."""
    late = {"variable sql_mode", "setting session_authorization", "setting role"}
    for key in sorted(
        values, key=lambda name: (name.startswith("prepared "), name in late, name == "setting role", name)
    ):
        kind, _, name = key.partition(" ")
        value = values[key]
        if kind == "last_insert_id":
            yield f"DO LAST_INSERT_ID({value})"
        elif kind == "user":
            quoted = "`" + name.replace("`", "``") + "`"
            yield f"SET @{quoted} = {value}"
        elif kind == "prepared":
            escaped = value.replace("\\", "\\\\").replace("'", "''")
            yield f"PREPARE `{name}` FROM '{escaped}'" if dialect.is_mysql else value
        elif kind == "setting" and name not in ("role", "session_authorization"):
            yield f"SELECT pg_catalog.set_config({_quoted(name)}, {_quoted(value)}, false)"
        else:
            yield _set(name, value, "SESSION", dialect)


def modes_of(connection: sa.Connection, dialect: Dialect) -> Modes:
    """Return how the site's sessions read quotes and backslashes."""
    if dialect.is_mysql:
        mode = connection.exec_driver_sql("SELECT @@SESSION.sql_mode").scalar()
        connection.rollback()
        return Modes.of_sql_mode(str(mode or ""))
    if dialect is Dialect.POSTGRESQL:
        standard = connection.exec_driver_sql("SHOW standard_conforming_strings").scalar()
        connection.rollback()
        return Modes(escaping_strings=standard == "off")
    return PLAIN
