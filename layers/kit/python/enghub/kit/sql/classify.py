"""How a statement must be run so that the journal stays true: inside our transaction, alone, or again on resume."""

import re
from enum import StrEnum
from itertools import pairwise

from enghub.core.i18n import Text
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import Statement


class Manner(StrEnum):
    """How to run a statement."""

    TRANSACTIONAL = "transactional"  # it and its journal row are one transaction
    SELF_COMMITTING = "self-committing"  # intent before, result after; the catalog decides when in doubt
    SESSION = "session"  # sets state of the connection: that is journalled, and restored on resume
    CONTROL = "control"  # BEGIN, COMMIT, LOCK TABLES: the engine owns transactions and locks
    REFUSED = "refused"  # would break the journal


SWITCHES = Text(
    "it changes the database: name the tables with their database, or give the other one a site of its own",
    "它会切换数据库：请用库名限定表名，或为另一个库单独建立局点",
)
UNDOES = Text(
    "it undoes what the journal says is done: leave the undone statements out",
    "它会撤销已记录的语句：请删去被撤销的语句",
)
TWO_PHASES = Text("it belongs to a transaction in two phases, which nobody would end", "它属于两阶段事务，无人负责结束")
STOPS_SERVER = Text("it ends the server or another's connection", "它会停止服务器或断开他人的连接")
SESSION_LOCK = Text(
    "it takes or frees locks of the session; the engine holds its own, and nobody else writes during an upgrade",
    "它会获取或释放会话锁；引擎持有自己的锁，升级期间没有其他写入者",
)
FORGETS = Text(
    "it throws away the whole state of the session, also the engine's lock", "它会清空整个会话状态，包括引擎的锁"
)
READS_ONLY = Text("a transaction that reads only cannot hold its journal row", "只读事务无法写入执行记录")
MIXED_AUTOCOMMIT = Text(
    "autocommit is the engine's: take it out of this SET", "autocommit 由引擎管理：请从该 SET 中删去"
)
CLIENT_ONLY = Text(
    "it is a command of the database's client, which the engine is not: put its effect into the script, or take it out",
    "它是数据库客户端的命令，引擎无法执行：请在脚本中写出其作用，或将其删去",
)
NO_TRANSACTIONS = Text("the database has no transactions", "该数据库没有事务")
WHOLE_FILE = Text("it rewrites the whole file outside transactions", "它会在事务之外重写整个文件")
_READING = frozenset({"SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "VALUES", "TABLE", "HELP"})
_MYSQL_TRANSACTIONAL = _READING | {
    *("INSERT", "UPDATE", "DELETE", "REPLACE", "DO", "SIGNAL", "RESIGNAL", "GET", "HANDLER"),
    *("SAVEPOINT", "RELEASE", "ROLLBACK"),
}
_MYSQL_CONTROL = frozenset({"BEGIN", "COMMIT", "START", "LOCK", "UNLOCK"})
_CONTROL = frozenset({"BEGIN", "COMMIT", "END", "START"})
_MYSQL_SESSION = frozenset({"SET", "PREPARE", "DEALLOCATE"})
_SESSION = frozenset({"SET", "PREPARE", "DEALLOCATE", "RESET", "DISCARD", "PRAGMA", "LOAD"})
_CLICKHOUSE_READING = frozenset({"SELECT", "WITH", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "EXISTS", "CHECK"})
_CLICKHOUSE_WRITING = frozenset({"INSERT", "UPDATE"})
_AGAIN_IS_HARMLESS = frozenset(
    {"TRUNCATE", "GRANT", "REVOKE", "ANALYZE", "OPTIMIZE", "REPAIR", "CHECK", "FLUSH", "VACUUM", "SYSTEM"}
    | {"REINDEX", "CLUSTER", "START", "STOP", "CHANGE", "CACHE", "RESET"}
)
_OUTSIDE_ONLY = (
    ("ALTER", "SYSTEM"),
    ("CREATE", "DATABASE"),
    ("DROP", "DATABASE"),
    ("CREATE", "TABLESPACE"),
    ("DROP", "TABLESPACE"),
    ("CREATE", "SUBSCRIPTION"),
    ("ALTER", "SUBSCRIPTION"),
    ("DROP", "SUBSCRIPTION"),
    ("REINDEX", "SCHEMA"),
    ("REINDEX", "DATABASE"),
    ("REINDEX", "SYSTEM"),
)
"""Statements that PostgreSQL runs outside transactions only."""
_MYSQL_CLIENT = frozenset(
    {"SOURCE", "SYSTEM", "EDIT", "CONNECT", "CHARSET", "TEE", "PAGER", "PROMPT", "EXIT", "QUIT", "SANDBOX"}
)
"""Commands of MySQL's client that do something; no statement begins so."""
_MYSQL_LOCKS = frozenset({"GET_LOCK", "RELEASE_LOCK", "RELEASE_ALL_LOCKS"})
_PG_LOCKS = frozenset(
    f"PG_{name}"
    for name in (
        *("ADVISORY_LOCK", "ADVISORY_LOCK_SHARED", "TRY_ADVISORY_LOCK", "TRY_ADVISORY_LOCK_SHARED"),
        *("ADVISORY_UNLOCK", "ADVISORY_UNLOCK_SHARED", "ADVISORY_UNLOCK_ALL"),
    )
)
_TWO_PHASES = (("PREPARE", "TRANSACTION"), ("COMMIT", "PREPARED"), ("ROLLBACK", "PREPARED"))
_TEMPORARY = ("TEMPORARY",)
_COMMITS_INSIDE = re.compile(r"\b(COMMIT|ROLLBACK)\b", re.IGNORECASE)


def manner(statement: Statement, dialect: Dialect) -> Manner:
    """Return how to run a statement."""
    if refusal(statement, dialect) is not None:
        return Manner.REFUSED
    if dialect is Dialect.CLICKHOUSE:
        return _clickhouse(statement)
    return _mysql(statement) if dialect.is_mysql else _standard(statement, dialect)


def refusal(statement: Statement, dialect: Dialect, database: str | None = None) -> Text | None:
    """Return why a statement may not run, None when it may. `database` is the site's own, which `USE` may name."""
    words, verb, pair = statement.words, statement.verb, statement.words[:2]
    undone = verb == "ROLLBACK" and "TO" not in words[1:3] and "PREPARED" not in words
    without = _CONTROL | {"SAVEPOINT", "LOCK", "UNLOCK", "RELEASE"}
    reasons = (
        (verb == "USE" and not (database is not None and words[1:2] and _same(words[1], database)), SWITCHES),
        (verb in ("ATTACH", "DETACH"), SWITCHES),
        (verb == "ABORT" or undone, UNDOES),
        (verb == "XA" or pair in _TWO_PHASES, TWO_PHASES),
        (verb in ("SHUTDOWN", "KILL", "RESTART"), STOPS_SERVER),
        (dialect.is_mysql and verb in _MYSQL_CLIENT, CLIENT_ONLY),
        (dialect is Dialect.CLICKHOUSE and verb in without, NO_TRANSACTIONS),
        (dialect is Dialect.SQLITE and verb == "VACUUM", WHOLE_FILE),
        (
            dialect is Dialect.POSTGRESQL and verb == "DISCARD" and pair[1:] in (("ALL",), ("TEMP",), _TEMPORARY),
            FORGETS,
        ),
        (_reads_only(words), READS_ONLY),
        (_locks(statement, dialect), SESSION_LOCK),
        (dialect.is_mysql and _mixes_autocommit(words), MIXED_AUTOCOMMIT),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _same(name: str, database: str) -> bool:
    return name.casefold() == database.casefold()


def _reads_only(words: tuple[str, ...]) -> bool:
    begins = words[:1] == ("BEGIN",) or words[:2] in (("START", "TRANSACTION"), ("SET", "TRANSACTION"))
    return begins and any(pair == ("READ", "ONLY") for pair in pairwise(words))


def _locks(statement: Statement, dialect: Dialect) -> bool:
    words, verb = statement.words, statement.verb
    if dialect.is_mysql and (
        words[:2] == ("LOCK", "INSTANCE")
        or (verb == "FLUSH" and ("LOCK" in words or "EXPORT" in words))
        or verb == "BACKUP"
    ):
        return True
    if verb in ("CREATE", "ALTER"):
        return False  # a routine that takes a lock when it is called
    names = _MYSQL_LOCKS if dialect.is_mysql else _PG_LOCKS if dialect is Dialect.POSTGRESQL else frozenset()
    return bool(names & set(words))


def _mixes_autocommit(words: tuple[str, ...]) -> bool:
    """A SET of autocommit and of something else."""
    named = {"AUTOCOMMIT", "@@AUTOCOMMIT", "@@SESSION.AUTOCOMMIT", "@@LOCAL.AUTOCOMMIT"} & set(words)
    return words[:1] == ("SET",) and bool(named) and not sets_autocommit(words)


def sets_autocommit(words: tuple[str, ...]) -> bool:
    """Tell whether a SET is of autocommit alone."""
    rest = tuple(word for word in words[1:] if word not in ("SESSION", "LOCAL", "@@SESSION", "@@LOCAL"))
    return words[:1] == ("SET",) and 0 < len(rest) <= 2 and rest[0].split(".")[-1].lstrip("@") == "AUTOCOMMIT"


def _standard(statement: Statement, dialect: Dialect) -> Manner:
    words, verb = statement.words, statement.verb
    if verb in _CONTROL:
        return Manner.CONTROL
    if dialect is Dialect.POSTGRESQL and _outside(statement):
        return Manner.SELF_COMMITTING
    return Manner.SESSION if verb in _SESSION and words[:2] != ("SET", "CONSTRAINTS") else Manner.TRANSACTIONAL


def _outside(statement: Statement) -> bool:
    """Tell whether PostgreSQL refuses a statement inside a transaction."""
    words, verb = statement.words, statement.verb
    if verb == "VACUUM" or words[:2] in _OUTSIDE_ONLY or (verb == "CLUSTER" and set(words) <= {"CLUSTER", "VERBOSE"}):
        return True
    if "CONCURRENTLY" in words and words[:3] != ("REFRESH", "MATERIALIZED", "VIEW"):
        return verb in ("CREATE", "DROP", "REINDEX", "ALTER")
    if words[:2] == ("ALTER", "DATABASE"):
        return "TABLESPACE" in words
    return verb == "DO" and _COMMITS_INSIDE.search(statement.text) is not None


def commits_inside(text: str) -> bool:
    """Tell whether the text of a routine ends transactions itself."""
    return _COMMITS_INSIDE.search(text) is not None


def _clickhouse(statement: Statement) -> Manner:
    """No transactions: a script that counts on them is refused rather than run as if they held."""
    if statement.verb == "SET":
        return Manner.SESSION
    return Manner.TRANSACTIONAL if statement.verb in _CLICKHOUSE_READING else Manner.SELF_COMMITTING


def writes_rows_at_once(statement: Statement, dialect: Dialect) -> bool:
    """Tell whether a statement writes rows without a transaction: begun and not recorded, it may be there in part."""
    return dialect is Dialect.CLICKHOUSE and statement.verb in _CLICKHOUSE_WRITING


def _mysql(statement: Statement) -> Manner:  # noqa: PLR0911 - one line per kind
    words, verb = statement.words, statement.verb
    if words[:3] == ("BEGIN", "NOT", "ATOMIC"):
        return Manner.SELF_COMMITTING  # a compound statement
    if verb == "USE" or sets_autocommit(words):
        return Manner.CONTROL
    if verb in _MYSQL_CONTROL and (verb != "START" or words[1:2] == ("TRANSACTION",)):
        return Manner.CONTROL
    if words[:2] == ("SET", "TRANSACTION"):
        return Manner.CONTROL
    if words[:2] == ("SET", "PASSWORD") or (verb == "SET" and {"GLOBAL", "PERSIST", "ROLE"} & set(words[1:3])):
        return Manner.SELF_COMMITTING if words[1] != "ROLE" else Manner.SESSION
    if (
        verb in _MYSQL_SESSION
        or words[:2] == ("DROP", "PREPARE")
        or (verb == "SELECT" and "INTO" in words and any(w.startswith("@") for w in words))
    ):
        return Manner.SESSION
    if verb == "LOAD" and words[1:2] in (("DATA",), ("XML",)):
        return Manner.TRANSACTIONAL
    if not verb:
        return Manner.TRANSACTIONAL  # a parenthesis, or an executable comment of another version
    return Manner.TRANSACTIONAL if verb in _MYSQL_TRANSACTIONAL or is_temporary(words) else Manner.SELF_COMMITTING


def is_temporary(words: tuple[str, ...]) -> bool:
    """Tell whether a statement makes or drops a temporary table, view or sequence."""
    for word in words[1:5]:
        if word in ("TEMPORARY", "TEMP"):
            return words[0] in ("CREATE", "DROP")
        if word not in ("OR", "REPLACE", "GLOBAL", "LOCAL"):
            return False
    return False


def may_set_session(statement: Statement, dialect: Dialect) -> bool:
    """Tell whether a statement may leave something behind on its connection."""
    if dialect is Dialect.POSTGRESQL:
        return statement.verb not in ("CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "VACUUM", "REINDEX")
    plain = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "ALTER", "DROP", "TRUNCATE", "RENAME", "ANALYZE")
    return dialect.is_mysql and statement.verb not in plain


def again_is_harmless(statement: Statement) -> bool:
    """Tell whether running a self-committing statement twice leaves what running it once leaves."""
    return statement.verb in _AGAIN_IS_HARMLESS or (statement.verb == "SET" and "PASSWORD" not in statement.words[:2])


_PROBED = frozenset({"CREATE", "ALTER", "DROP", "RENAME", "INSERT", "UPDATE", "DELETE", "ATTACH", "EXCHANGE", "SET"})


def cannot_be_probed(statement: Statement) -> bool:
    """Tell whether the catalog cannot show what the statement did (CALL runs anything; EXECUTE what was prepared)."""
    return statement.verb not in _PROBED or statement.words[1:2] == ("USER",)


def exchanges(statement: Statement) -> bool:
    """Tell whether a statement swaps what bears two names, so that a second run of it undoes the first."""
    words = statement.words
    return (words[:1] == ("ALTER",) and "EXCHANGE" in words) or (
        words[:1] in (("RENAME",), ("EXCHANGE",)) and len(words) > 5
    )
