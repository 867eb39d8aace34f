"""What a statement would destroy, found by parsing it (UPG-04). Works on single statements from the splitter."""

import logging
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from enghub.core.lazy import lazy
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import Statement

if TYPE_CHECKING:
    import sqlglot
    from sqlglot import exp
else:  # a third of a second: only who lints pays for it
    sqlglot = lazy("sqlglot")
    exp = lazy("sqlglot.expressions")


class Danger(StrEnum):
    """Kinds of loss."""

    DROP = "drops an object"
    DROP_COLUMN = "drops a column"
    DROP_CONSTRAINT = "drops a key or constraint"
    TRUNCATE = "empties a table"
    DELETE_ALL = "deletes every row"
    UPDATE_ALL = "rewrites every row"
    CHANGE_TYPE = "changes a column's type: values may be cut"
    DELETE_MATCHED = "deletes the rows that match"
    REPLACE = "drops what bears the name and makes it anew: its rows are gone"
    RENAME = "renames: the previous software no longer finds it"
    UNREADABLE = "cannot be read by the parser: look at it yourself"


@dataclass(frozen=True, slots=True)
class Finding:
    """One dangerous statement of a script."""

    script: str
    ordinal: int
    line: int
    danger: Danger
    statement: str


_SQLGLOT = {
    Dialect.MARIADB: "mysql",
    Dialect.MYSQL: "mysql",
    Dialect.POSTGRESQL: "postgres",
    Dialect.SQLITE: "sqlite",
    Dialect.CLICKHOUSE: "clickhouse",
}
_HARMLESS_VERBS = frozenset(
    {"SELECT", "INSERT", "CREATE", "SET", "ANALYZE", "GRANT", "COMMIT", "BEGIN", "START", "USE"}
)
_ACTING_WORDS = frozenset({"DELETE", "UPDATE", "MERGE", "DROP", "TRUNCATE"})
_SILENT_VERBS = frozenset(
    {"COMMENT", "LOCK", "UNLOCK", "FLUSH", "VACUUM", "REINDEX", "CLUSTER", "NOTIFY", "LISTEN", "DEALLOCATE", "SHOW"}
    | {"SECURITY", "REVOKE", "REASSIGN", "REFRESH", "OPTIMIZE", "CHECK", "REPAIR", "SAVEPOINT", "RELEASE", "PRAGMA"}
    | {"LOAD", "DESCRIBE", "USE", "RESET", "VALUES", "END", "ROLLBACK", "EXPLAIN", "DO", "PREPARE", "EXECUTE", "WITH"}
)
"""The parser need not read them; what their texts hold in quotes is looked through for words that destroy."""
_DESTROYS = re.compile(r"\b(DROP|TRUNCATE|DELETE)\b", re.IGNORECASE)
_KEEPS_ROWS = frozenset({"NOT", "DEFAULT", "IDENTITY", "EXPRESSION"})
_WORD_DANGERS = {"DROP": Danger.DROP, "TRUNCATE": Danger.TRUNCATE, "RENAME": Danger.RENAME}


def parser_dialect(dialect: Dialect) -> str:
    """Return sqlglot's name of a dialect."""
    return _SQLGLOT[dialect]


def dangers(statement: Statement, dialect: Dialect) -> tuple[Danger, ...]:
    """Return what a statement destroys, each kind once; empty when nothing."""
    words = statement.words
    if words[:3] == ("CREATE", "OR", "REPLACE") and "TABLE" in words[3:5]:
        return (Danger.REPLACE,)
    if statement.verb in _HARMLESS_VERBS and (statement.verb == "CREATE" or not _ACTING_WORDS & set(words)):
        return ()
    tree = _parse(statement, dialect)
    if tree is None or isinstance(tree, exp.Command):
        return tuple(dict.fromkeys(_by_words(statement)))
    found: dict[Danger, None] = {}
    for node in tree.find_all(exp.Drop, exp.TruncateTable, exp.Delete, exp.Update, exp.Merge, exp.Alter):
        found.update(dict.fromkeys(_node_dangers(node, tree)))
    return tuple(found)


def _node_dangers(node: Any, tree: Any) -> list[Danger]:  # noqa: PLR0911 - one line per kind
    match node:
        case exp.Drop() if node is tree:
            return [Danger.DROP]
        case exp.TruncateTable():
            return [Danger.TRUNCATE]
        case exp.Delete() if _takes_all(node):
            return [Danger.DELETE_ALL]
        case exp.Update() if not isinstance(node.parent, exp.When) and _takes_all(node):
            return [Danger.UPDATE_ALL]
        case exp.Merge() if _deletes_matches(node):
            return [Danger.DELETE_MATCHED]
        case exp.Alter():
            return _alter_dangers(node)
        case _:
            return []


def _takes_all(node: Any) -> bool:
    """Without a condition, or with one that is always true."""
    where = node.args.get("where")
    if where is None:
        return not node.args.get("limit")
    from sqlglot.optimizer.simplify import simplify  # noqa: PLC0415 - only statements with conditions pay for it

    condition = simplify(where.this.copy()).unnest()
    if isinstance(condition, exp.EQ | exp.GTE | exp.LTE) and condition.left == condition.right:
        return True
    if isinstance(condition, exp.Literal):
        return str(condition.this) not in ("0", "")
    return isinstance(condition, exp.Boolean) and bool(condition.this)


def _deletes_matches(node: Any) -> bool:
    return any(str(when.args.get("then")).upper() == "DELETE" for when in node.find_all(exp.When))


def _by_words(statement: Statement) -> list[Danger]:
    """Judge a statement that the parser cannot read by the words that it is made of."""
    words, verb = statement.words, statement.verb
    if verb in _WORD_DANGERS:
        return [_WORD_DANGERS[verb]]
    if verb == "ALTER":
        return _alter_words(words)
    if verb in _SILENT_VERBS:
        return [Danger.UNREADABLE] if _DESTROYS.search(statement.text) else []
    return [Danger.UNREADABLE]


def _alter_words(words: tuple[str, ...]) -> list[Danger]:
    found = []
    for word, following in pairwise((*words, "")):
        if word == "DROP" and following not in _KEEPS_ROWS:
            kinds = ("CONSTRAINT", "INDEX", "KEY", "PRIMARY", "FOREIGN", "CHECK")
            kind = Danger.DROP if following == "PARTITION" else Danger.DROP_COLUMN
            found.append(Danger.DROP_CONSTRAINT if following in kinds else kind)
        elif word in ("TRUNCATE", "DELETE"):
            found.append(Danger.TRUNCATE if word == "TRUNCATE" else Danger.DELETE_ALL)
        elif word == "RENAME":
            found.append(Danger.RENAME)
        elif word in ("MODIFY", "CHANGE") or (word == "TYPE" and words[1] == "TABLE"):
            found.append(Danger.CHANGE_TYPE)
    return found


def _alter_dangers(tree: Any) -> list[Danger]:
    found: list[Danger] = []
    for action in tree.args.get("actions") or ():
        if isinstance(action, exp.Drop):
            kind = str(action.args.get("kind") or "").upper()
            found.append(Danger.DROP_COLUMN if kind == "COLUMN" else Danger.DROP_CONSTRAINT)
        elif isinstance(action, exp.DropPrimaryKey):
            found.append(Danger.DROP_CONSTRAINT)
        elif isinstance(action, exp.ModifyColumn) or (isinstance(action, exp.AlterColumn) and action.args.get("dtype")):
            found.append(Danger.CHANGE_TYPE)
        renames = isinstance(action, exp.AlterRename | exp.RenameColumn) or action.args.get("rename_from")
        if renames:
            found.append(Danger.RENAME)
    return found


def _parse(statement: Statement, dialect: Dialect) -> Any:
    """Return sqlglot's tree, None when it cannot read the statement."""
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns about every statement it keeps as a plain command
    try:
        return sqlglot.parse_one(statement.text, dialect=parser_dialect(dialect))
    except sqlglot.errors.SqlglotError:
        return None


def written_tables(statement: Statement, dialect: Dialect) -> frozenset[str] | None:
    """Return the tables that a statement writes rows of, in lower case; None when it cannot be read."""
    tree = _parse(statement, dialect)
    match tree:
        case exp.Insert():
            places = [tree.this]
        case exp.Update():
            places = [tree.this]
        case exp.Delete():
            places = list(tree.args.get("tables") or ()) or [tree.this]
        case exp.Query():
            return frozenset()
        case _:
            return None
    return frozenset(table.name.lower() for place in places for table in place.find_all(exp.Table))


def findings(script: str, statements: tuple[Statement, ...], dialect: Dialect) -> tuple[Finding, ...]:
    """Return every dangerous statement of a script; those that cannot be read are counted in one finding."""
    found = [
        Finding(script, statement.ordinal, statement.line, danger, statement.summary)
        for statement in statements
        for danger in dangers(statement, dialect)
    ]
    unread = [one for one in found if one.danger is Danger.UNREADABLE]
    if len(unread) > 1:
        told = f"{len(unread)} statements, the first: {unread[0].statement}"
        found = [one for one in found if one not in unread] + [replace(unread[0], statement=told)]
    return tuple(found)
