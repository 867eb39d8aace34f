"""How a statement must be run so that the journal stays true: inside our transaction, alone, or again on resume."""

from enum import StrEnum

from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import Statement


class Manner(StrEnum):
    """How to run a statement."""

    TRANSACTIONAL = "transactional"  # it and its journal row are one transaction
    SELF_COMMITTING = "self-committing"  # intent before, result after; the catalog decides when in doubt
    SESSION = "session"  # sets state of the connection: repeated before the rest of the script on resume
    CONTROL = "control"  # BEGIN, COMMIT, LOCK TABLES: the engine owns transactions and locks
    REFUSED = "refused"  # would break the journal


_MYSQL_SELF_COMMITTING = frozenset(
    {"CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE", "GRANT", "REVOKE", "INSTALL", "UNINSTALL"}
    | {"ANALYZE", "OPTIMIZE", "REPAIR", "CHECK", "FLUSH", "CACHE", "RESET"}
    | {"CALL", "EXECUTE", "HANDLER", "LOAD"}
)
_POSTGRESQL_SELF_COMMITTING = frozenset({"VACUUM"})
_CONTROL = frozenset({"BEGIN", "COMMIT", "END", "START", "LOCK", "UNLOCK"})
_REFUSED = frozenset({"USE", "ROLLBACK", "SAVEPOINT", "RELEASE", "XA", "ABORT", "SHUTDOWN", "KILL", "ATTACH", "DETACH"})
_SESSION = frozenset({"SET", "PREPARE", "DEALLOCATE", "RESET", "DISCARD", "PRAGMA"})
_CLICKHOUSE_READING = frozenset({"SELECT", "WITH", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "EXISTS", "CHECK"})
_CLICKHOUSE_WRITING = frozenset({"INSERT", "UPDATE"})
_AGAIN_IS_HARMLESS = frozenset(
    {"TRUNCATE", "GRANT", "REVOKE", "ANALYZE", "OPTIMIZE", "REPAIR", "CHECK", "FLUSH", "VACUUM", "SYSTEM"}
)


def manner(statement: Statement, dialect: Dialect) -> Manner:
    """Return how to run a statement."""
    if statement.verb in _REFUSED or _is_temporary(statement.words):
        return Manner.REFUSED
    if dialect is Dialect.CLICKHOUSE:
        return _clickhouse(statement)
    return _mysql(statement) if dialect.is_mysql else _standard(statement, dialect)


def _standard(statement: Statement, dialect: Dialect) -> Manner:
    words = statement.words
    verb = statement.verb
    if verb in _CONTROL and not (verb == "LOCK" and dialect is Dialect.POSTGRESQL):
        return Manner.CONTROL
    if dialect is Dialect.POSTGRESQL and (
        verb in _POSTGRESQL_SELF_COMMITTING
        or "CONCURRENTLY" in words[:6]
        or words[:2] in (("ALTER", "SYSTEM"), ("CREATE", "DATABASE"), ("DROP", "DATABASE"), ("CREATE", "TABLESPACE"))
    ):
        return Manner.SELF_COMMITTING
    if dialect is Dialect.SQLITE and verb == "VACUUM":
        return Manner.REFUSED
    return Manner.SESSION if verb in _SESSION else Manner.TRANSACTIONAL


def _clickhouse(statement: Statement) -> Manner:
    """No transactions: a script that counts on them is refused rather than run as if they held."""
    if statement.verb in _CONTROL:
        return Manner.REFUSED
    if statement.verb == "SET":
        return Manner.SESSION
    return Manner.TRANSACTIONAL if statement.verb in _CLICKHOUSE_READING else Manner.SELF_COMMITTING


def writes_rows_at_once(statement: Statement, dialect: Dialect) -> bool:
    """Tell whether a statement writes rows without a transaction: begun and not recorded, it may be there in part."""
    return dialect is Dialect.CLICKHOUSE and statement.verb in _CLICKHOUSE_WRITING


def _mysql(statement: Statement) -> Manner:
    words = statement.words
    verb = statement.verb or _executable_comment_verb(statement.text)
    if verb in _CONTROL or words[:2] in (("SET", "AUTOCOMMIT"), ("SET", "TRANSACTION")):
        return Manner.CONTROL
    if words[:2] == ("SET", "PASSWORD"):
        return Manner.SELF_COMMITTING
    if verb in _SESSION or (verb == "SELECT" and "INTO" in words and any(w.startswith("@") for w in words)):
        return Manner.SESSION
    if verb == "LOAD" and words[1:2] == ("DATA",):
        return Manner.TRANSACTIONAL
    return Manner.SELF_COMMITTING if verb in _MYSQL_SELF_COMMITTING else Manner.TRANSACTIONAL


def _executable_comment_verb(text: str) -> str:
    """`/*!40101 SET ... */`: the word after the version number."""
    words = text.removeprefix("/*!").removeprefix("M!").lstrip("0123456789").split()
    return words[0].upper() if words else ""


def _is_temporary(words: tuple[str, ...]) -> bool:
    return words[:1] == ("CREATE",) and any(word in ("TEMPORARY", "TEMP") for word in words[1:5])


def again_is_harmless(statement: Statement) -> bool:
    """Tell whether running a self-committing statement twice leaves what running it once leaves."""
    return statement.verb in _AGAIN_IS_HARMLESS


def cannot_be_probed(statement: Statement) -> bool:
    """Tell whether the catalog cannot show what the statement did (CALL runs anything; EXECUTE what was prepared)."""
    return statement.verb in ("CALL", "EXECUTE", "HANDLER", "INSTALL", "UNINSTALL") or statement.words[1:2] == ("USER",)
