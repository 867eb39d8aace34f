"""How a batch of a row migration is written: whose conflict counts, and numbers that the target gives out (UPG-16)."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles

from enghub.core.i18n import Text
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.stepping.migration_rules import Migration

NO_CONFLICT_KEY = Text(
    "Migration {task}: `on_conflict: {how}` needs the row that is there: {target} has no primary key or unique "
    "constraint, or more than one, whose columns `mapping` fills. Fill its primary key",
    "迁移 {task}：on_conflict 为 {how} 时须能确定已有的行：mapping 未填写 {target} 的主键，"
    "也没有恰好一个被填写的唯一约束，请填写主键",
)
_NEXT_VALUE = re.compile(r"nextval\((?:'([^']+)'(?:::\w+)?|([^)]+))\)", re.IGNORECASE)


class _Numbered(postgresql.Insert):
    """Keeps the numbers of rows for a column that is GENERATED ALWAYS AS IDENTITY."""

    inherit_cache = True


@compiles(_Numbered, "postgresql")
def _with_own_numbers(insert: _Numbered, compiler: Any, **given: Any) -> str:
    text: str = compiler.visit_insert(insert, **given)
    return text.replace(") SELECT ", ") OVERRIDING SYSTEM VALUE SELECT ", 1)


def conflict_key(target: sa.Table, rules: Migration) -> tuple[str, ...]:
    """Return the columns by which a row of the target is the same one: its primary key, where the rules fill it.

    Raises:
        WorkFailed: neither it nor exactly one unique constraint is filled.
    """
    if rules.on_conflict == "fail" or rules.in_place:
        return ()
    names = tuple(column.name for column in target.primary_key)
    if names and rules.mapping.keys() >= set(names):
        return names
    filled = {unique for unique in _uniques(target) if unique and rules.mapping.keys() >= set(unique)}
    if len(filled) != 1:
        raise WorkFailed(NO_CONFLICT_KEY, task=rules.name, how=rules.on_conflict, target=rules.target)
    return filled.pop()


def _uniques(target: sa.Table) -> Iterator[tuple[str, ...]]:
    """Yield the columns of what is unique in every row."""
    for constraint in target.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            yield tuple(sorted(column.name for column in constraint.columns))
    for index in target.indexes:
        partial = index.dialect_options["postgresql"]["where"] is not None if index.dialect_options else False
        if index.unique and not partial:
            yield tuple(sorted(column.name for column in index.columns))


def write_batch(
    dialect: Dialect, target: sa.Table, rows: sa.Select[Any], rules: Migration, key: Collection[str]
) -> list[Any]:
    """Return the statements that write a batch, in order; the last one inserts.

    Only a row with the same ``key`` is a conflict. One that collides with another row elsewhere fails: MySQL's own
    ON DUPLICATE KEY UPDATE would change that other row, and a plain DO NOTHING would leave the row out unseen.
    """
    names = list(rules.mapping)
    if rules.on_conflict == "fail":
        return [_plain(dialect, target, names).from_select(names, rows)]
    rest = [name for name in names if name not in key] if rules.on_conflict == "update" else []
    if dialect.is_mysql:
        return _in_two(target, rows, names, key, rest)
    if dialect is Dialect.SQLITE and rows.whereclause is None:
        rows = rows.where(sa.true())  # SQLite's grammar needs a WHERE before ON CONFLICT
    upsert: Any = _plain(dialect, target, names).from_select(names, rows)
    if not rest:
        return [upsert.on_conflict_do_nothing(index_elements=list(key))]
    changes = {name: upsert.excluded[name] for name in rest}
    return [upsert.on_conflict_do_update(index_elements=list(key), set_=changes)]


def _plain(dialect: Dialect, target: sa.Table, names: Collection[str]) -> Any:
    if dialect is Dialect.SQLITE:
        return sqlite.insert(target)
    if dialect is not Dialect.POSTGRESQL:
        return sa.insert(target)
    identities = (target.columns[name].identity for name in names)
    always = any(identity is not None and identity.always for identity in identities)
    return _Numbered(target) if always else postgresql.insert(target)


def _in_two(
    target: sa.Table, rows: sa.Select[Any], names: list[str], key: Collection[str], rest: Collection[str]
) -> list[Any]:
    """Change the rows that are there, then insert those that are not."""
    moved = rows.subquery("moved")
    same = [target.columns[name] == moved.columns[name] for name in key]
    there = sa.exists(sa.select(sa.literal(1)).select_from(target).where(*same).correlate(moved))
    insert = sa.insert(target).from_select(names, sa.select(*moved.columns).where(~there))
    if not rest:
        return [insert]
    changes: Mapping[Any, Any] = {target.columns[name]: moved.columns[name] for name in rest}
    return [sa.update(target).where(*same).values(changes), insert]


def advance_numbers(connection: sa.Connection, dialect: Dialect, target: sa.Table, names: Iterable[str]) -> None:
    """Let sequences and identities go on behind the greatest number that was written, so that the next row fits."""
    if dialect is not Dialect.POSTGRESQL and not dialect.is_mysql:
        return
    for name in names:
        column = target.columns[name]
        sequence = _sequence(connection, dialect, column)
        if sequence is None:
            continue
        greatest = connection.execute(sa.select(sa.func.max(column))).scalar()
        if greatest is None:
            continue
        if dialect.is_mysql:  # never goes back by itself
            connection.execute(sa.text(f"SELECT SETVAL({sequence}, :greatest)"), {"greatest": int(greatest)})
        else:
            connection.execute(
                sa.text(f"SELECT setval(:name, :greatest) FROM {sequence} WHERE last_value <= :greatest"),  # noqa: S608 - quoted
                {"name": sequence, "greatest": int(greatest)},
            )


def _sequence(connection: sa.Connection, dialect: Dialect, column: sa.Column[Any]) -> str | None:
    """Return the sequence that gives a column its numbers, quoted; None where none does."""
    found = _NEXT_VALUE.search(_default(connection, dialect, column))
    if dialect.is_mysql:
        return None if found is None else found[1] or found[2]
    if column.identity is None and found is None:
        return None
    table = connection.dialect.identifier_preparer.format_table(column.table)
    owned = connection.execute(
        sa.text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table, "column": column.name}
    ).scalar()
    return str(owned) if owned is not None else (None if found is None else found[1])


def _default(connection: sa.Connection, dialect: Dialect, column: sa.Column[Any]) -> str:
    if not dialect.is_mysql:
        return str(getattr(column.server_default, "arg", ""))
    there = sa.text(  # SQLAlchemy does not read a default that calls
        "SELECT COLUMN_DEFAULT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(:schema, DATABASE()) "
        "AND TABLE_NAME = :table AND COLUMN_NAME = :column"
    )
    names = {"schema": column.table.schema, "table": column.table.name, "column": column.name}
    return str(connection.execute(there, names).scalar() or "")
