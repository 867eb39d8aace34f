"""What a statement would destroy, found by parsing it (UPG-04). Works on single statements from the splitter."""

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from enghub.core.lazy import lazy
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import SplitError, Statement, split

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
_WORD_DANGERS = {"DROP": Danger.DROP, "TRUNCATE": Danger.TRUNCATE, "RENAME": Danger.RENAME}


def parser_dialect(dialect: Dialect) -> str:
    """Return sqlglot's name of a dialect."""
    return _SQLGLOT[dialect]


def dangers(statement: Statement, dialect: Dialect) -> tuple[Danger, ...]:
    """Return what a statement destroys, each kind once; empty when nothing."""
    if statement.verb in _HARMLESS_VERBS:
        return ()
    tree = _parse(statement, dialect)
    if tree is None:
        return (_WORD_DANGERS.get(statement.verb, Danger.UNREADABLE),)
    found: dict[Danger, None] = {}
    match tree:
        case exp.Drop():
            found[Danger.DROP] = None
        case exp.TruncateTable():
            found[Danger.TRUNCATE] = None
        case exp.Delete() if tree.args.get("where") is None:
            found[Danger.DELETE_ALL] = None
        case exp.Update() if tree.args.get("where") is None:
            found[Danger.UPDATE_ALL] = None
        case exp.Alter():
            found.update(dict.fromkeys(_alter_dangers(tree)))
        case exp.Command():
            found[_WORD_DANGERS.get(statement.verb, Danger.UNREADABLE)] = None
        case _:
            pass
    return tuple(found)


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


def findings(script: str, statements: tuple[Statement, ...], dialect: Dialect) -> tuple[Finding, ...]:
    """Return every dangerous statement of a script."""
    return tuple(
        Finding(script, statement.ordinal, statement.line, danger, statement.summary)
        for statement in statements
        for danger in dangers(statement, dialect)
    )


def is_read_only(statement: Statement, dialect: Dialect) -> bool:
    """Tell whether a statement is one plain query: nothing written, nothing locked, no file made (UPG-14)."""
    if statement.verb not in ("SELECT", "WITH") or {"INTO", "OUTFILE", "DUMPFILE"} & set(statement.words):
        return False
    tree = _parse(statement, dialect)
    writing = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Command, exp.Lock, exp.Into)
    return isinstance(tree, exp.Query) and tree.find(*writing) is None


def is_single_query(sql: str, dialect: Dialect) -> bool:
    """Tell whether a text is exactly one plain query (UPG-14)."""
    try:
        statements = split(sql, dialect)
    except SplitError:
        return False
    return len(statements) == 1 and is_read_only(statements[0], dialect)
