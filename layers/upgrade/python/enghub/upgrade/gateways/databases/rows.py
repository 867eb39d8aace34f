"""Moves rows inside a database in keyset batches, each with its checkpoint in one transaction (UPG-06, UPG-16, UPG-18).

The data never leaves the server: a batch is one INSERT ... SELECT or UPDATE over a key range. A batch that fails is
halved until the failing row stands alone; it is then kept by its key, and the rest goes on.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from enghub.core.i18n import Text
from enghub.kit.databases import catalog
from enghub.kit.databases.errors import DatabaseUnreachable
from enghub.kit.databases.failures import failure_of, reason, refused_as
from enghub.kit.databases.keys import cannot_order, compare, read_key, write_key
from enghub.kit.databases.session import WriteSession
from enghub.kit.sql.gate import leaves_its_place
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget, Progress
from enghub.upgrade.gateways.databases.journal import Checkpoint, State, TaskJournal
from enghub.upgrade.gateways.databases.row_writes import advance_numbers, conflict_key, write_batch
from enghub.upgrade.stepping.migration_rules import Migration

NO_TABLE = Text("Migration {task}: table {table} does not exist", "迁移 {task}：表 {table} 不存在")
NO_COLUMN = Text("Migration {task}: {table} has no column {column}", "迁移 {task}：表 {table} 没有列 {column}")
NO_KEY = Text(
    "Migration {task}: {table} has no primary key; name unique, non-null columns in `key`",
    "迁移 {task}：表 {table} 没有主键，请在 key 中指定唯一且非空的列",
)
NULL_KEY = Text(
    "Migration {task}: key column {column} holds nulls, so rows would be missed",
    "迁移 {task}：键列 {column} 存在空值，会漏行",
)
UNORDERED_KEY = Text(
    "Migration {task}: rows cannot be walked by key column {column} ({why}): name other unique columns in `key`",
    "迁移 {task}：不能按键列 {column} 逐行推进（{why}），请在 key 中指定其他唯一列",
)
MOVES_KEY = Text(
    "Migration {task}: key column {column} cannot be changed in place", "迁移 {task}：不能就地修改键列 {column}"
)
CHANGED = Text(
    "Migration {task} was begun with other rules: its {moved} moved rows would not fit. Roll the step back first",
    "迁移 {task} 的规则在开始后被修改（已迁移 {moved} 行），请先回滚该步骤",
)
TOO_MANY_FAILED = Text(
    "Migration {task}: {failed} rows cannot be moved, {allowed} are allowed. Last error, at key {key}: {error}",
    "迁移 {task}：{failed} 行迁移失败，允许 {allowed} 行。最后一个错误（键 {key}）：{error}",
)
NOT_TRANSACTIONAL = Text(
    "Migration {task}: table {table} uses an engine without transactions: convert it to InnoDB first",
    "迁移 {task}：表 {table} 的存储引擎不支持事务，请先转换为 InnoDB",
)
BAD_RULE = Text("Migration {task}: the database refuses its rules: {error}", "迁移 {task}：数据库拒绝迁移规则：{error}")


@dataclass(slots=True)
class RowTask:
    """One migration on one session."""

    session: WriteSession
    migration: Migration
    scope: str
    execution_id: str
    budget: Budget
    point: Callable[[str], None] = lambda _: None
    report: Callable[[Progress], None] = lambda _: None
    _journal: TaskJournal = field(init=False)
    _source: sa.Table = field(init=False)
    _target: sa.Table = field(init=False)
    _key: tuple[sa.Column[Any], ...] = field(init=False)
    _same: tuple[str, ...] = field(init=False)
    """Columns by which a row is already in the target."""

    def __post_init__(self) -> None:
        self._journal = TaskJournal(self.scope, self.migration.name, self.execution_id)

    def run(self) -> Checkpoint:
        """Move batches until none is left or the budget is spent; return where the task stands.

        Raises:
            WorkFailed: a table or rule does not fit, or too many rows fail.
        """
        with self.session.strict():
            return self._run()

    def _run(self) -> Checkpoint:
        with refused_as(BAD_RULE, task=self.migration.name), self.session.transaction() as connection:
            self._prepare(connection)
            checkpoint = self._journal.read(connection) or self._begin(connection)
        if checkpoint.digest != self.migration.digest:
            raise WorkFailed(CHANGED, task=self.migration.name, moved=checkpoint.moved)
        reported = time.monotonic()
        while checkpoint.state is not State.DONE:
            checkpoint = self._batch(checkpoint)
            if time.monotonic() - reported > 1:
                self.report(progress(checkpoint))
                reported = time.monotonic()
            if self.budget.spent:
                break
        return checkpoint

    def _begin(self, connection: sa.Connection) -> Checkpoint:
        total = connection.execute(
            sa.select(sa.func.count()).select_from(self._source).where(*self._where())
        ).scalar_one()
        checkpoint = Checkpoint(self.migration.digest, State.RUNNING, None, total, 0, 0, self.migration.batch_size, 0)
        self._journal.write(connection, checkpoint)
        return checkpoint

    def _prepare(self, connection: sa.Connection) -> None:
        rules = self.migration
        slow = catalog.not_transactional(connection, self.session.dialect)
        for name in (rules.source, rules.target):
            if name.lower() in slow:
                raise WorkFailed(NOT_TRANSACTIONAL, task=rules.name, table=name)
        self._source = self._table(connection, rules.source)
        self._target = self._table(connection, rules.target)
        self._check_mapping()
        self._check_expressions()
        self._key = tuple(self._source.columns[name] for name in self._check_key(connection))
        self._same = conflict_key(self._target, rules)

    def _check_key(self, connection: sa.Connection) -> tuple[str, ...]:
        rules = self.migration
        names = self._key_columns(connection)
        if not names:
            raise WorkFailed(NO_KEY, task=rules.name, table=rules.source)
        for name in names:
            if name not in self._source.columns:
                raise WorkFailed(NO_COLUMN, task=rules.name, table=rules.source, column=name)
            if self._source.columns[name].nullable and self._has_null(connection, name):
                raise WorkFailed(NULL_KEY, task=rules.name, column=name)
            if (why := cannot_order(connection, self._source.columns[name])) is not None:
                raise WorkFailed(UNORDERED_KEY, task=rules.name, column=name, why=why)
            if rules.in_place and name in rules.mapping:
                raise WorkFailed(MOVES_KEY, task=rules.name, column=name)
        return names

    def _key_columns(self, connection: sa.Connection) -> tuple[str, ...]:
        del connection
        return self.migration.key or tuple(column.name for column in self._source.primary_key)

    def _check_mapping(self) -> None:
        rules = self.migration
        for name, rule in rules.mapping.items():
            if name not in self._target.columns:
                raise WorkFailed(NO_COLUMN, task=rules.name, table=rules.target, column=name)
            if rule.column is not None and rule.column not in self._source.columns:
                raise WorkFailed(NO_COLUMN, task=rules.name, table=rules.source, column=rule.column)

    def _check_expressions(self) -> None:
        """What stands in parentheses stays in them, as this database reads it."""
        rules = self.migration
        for text in (rules.where, *(rule.expression for rule in rules.mapping.values())):
            if text is not None and leaves_its_place(text, self.session.dialect):
                raise WorkFailed(BAD_RULE, task=rules.name, error=f"`{text[:80]}` is not one expression")

    def _has_null(self, connection: sa.Connection, column: str) -> bool:
        """Ask the rows: SQLite says of every plain primary key that it may be null."""
        query = (
            sa.select(sa.literal(1)).select_from(self._source).where(self._source.columns[column].is_(None)).limit(1)
        )
        return connection.execute(query).first() is not None

    def _table(self, connection: sa.Connection, name: str) -> sa.Table:
        table = catalog.table(connection, name)
        if table is None:
            raise WorkFailed(NO_TABLE, task=self.migration.name, table=name)
        return table

    # --- one batch --------------------------------------------------------------------------------------------------

    def _batch(self, checkpoint: Checkpoint) -> Checkpoint:
        started = time.monotonic()
        try:
            with self.session.transaction() as connection:
                upper = self._upper(connection, checkpoint)
                moved = self._move(connection, checkpoint, upper)
                if checkpoint.batch == 1 and upper is not None:  # it failed before, now it moved
                    self._journal.forget_failed_row(connection, write_key(upper))
                self.point("rows")
                following = self._advanced(checkpoint, upper, moved, time.monotonic() - started)
                if following.state is State.DONE and not self.migration.in_place:
                    advance_numbers(connection, self.session.dialect, self._target, self.migration.mapping)
                self._journal.write(connection, following)
                self.point("checkpoint")
        except exc.DBAPIError as error:
            return self._after_error(checkpoint, error)
        self.point("batch")
        return following

    def _upper(self, connection: sa.Connection, checkpoint: Checkpoint) -> tuple[Any, ...] | None:
        """Return the last key of a full batch, None when what is left fits into one."""
        query = (
            sa.select(*self._key)
            .where(*self._where(), *self._after(read_key(checkpoint.position)))
            .order_by(*self._key)
            .offset(checkpoint.batch - 1)
            .limit(1)
        )
        row = connection.execute(query).first()
        return None if row is None else tuple(row)

    def _move(self, connection: sa.Connection, checkpoint: Checkpoint, upper: tuple[Any, ...] | None) -> int:
        bounds = [*self._where(), *self._after(read_key(checkpoint.position)), *self._up_to(upper)]
        values = {name: rule.sql(self._source, self.session.dialect) for name, rule in self.migration.mapping.items()}
        if self.migration.in_place:
            return int(connection.execute(sa.update(self._source).where(*bounds).values(values)).rowcount)
        rows = sa.select(*(value.label(name) for name, value in values.items())).where(*bounds).order_by(*self._key)
        *before, insert = write_batch(self.session.dialect, self._target, rows, self.migration, self._same)
        for statement in before:
            connection.execute(statement)
        count = sa.select(sa.func.count()).select_from(self._source).where(*bounds)
        return self._insert(connection, insert, checkpoint, upper, count)

    def _insert(self, connection: sa.Connection, insert: Any, checkpoint: Checkpoint, upper: Any, count: Any) -> int:
        """Send a batch; return how many source rows it took."""
        del checkpoint, upper
        inserted = int(connection.execute(insert, execution_options={"preserve_rowcount": True}).rowcount)
        return inserted if self.migration.on_conflict == "fail" else int(connection.execute(count).scalar_one())

    def _advanced(
        self, checkpoint: Checkpoint, upper: tuple[Any, ...] | None, moved: int, seconds: float
    ) -> Checkpoint:
        return replace(
            checkpoint,
            state=State.DONE if upper is None else State.RUNNING,
            position=checkpoint.position if upper is None else write_key(upper),
            moved=checkpoint.moved + moved,
            batch=self.migration.next_batch(checkpoint.batch, seconds),
            busy_milliseconds=checkpoint.busy_milliseconds + int(seconds * 1000),
        )

    def _after_error(self, checkpoint: Checkpoint, error: exc.DBAPIError) -> Checkpoint:
        """Halve the batch; a row that fails alone is kept and passed over."""
        row_error = isinstance(error, exc.IntegrityError | exc.DataError) or self._is_row_error(error)
        failure = failure_of(BAD_RULE, error, task=self.migration.name)
        if isinstance(failure, DatabaseUnreachable) or failure.retryable or not row_error:
            raise failure from error
        if checkpoint.batch == 1:
            return self._keep_failed(checkpoint, reason(error))
        halved = replace(checkpoint, batch=checkpoint.batch // 2)
        with self.session.transaction() as connection:  # stored, so that also the shortest slice gets nearer to the row
            self._journal.write(connection, halved)
        return halved

    def _is_row_error(self, error: exc.DBAPIError) -> bool:
        return _is_row_error(error)

    def _keep_failed(self, checkpoint: Checkpoint, error: str) -> Checkpoint:
        """Remember the row. One too many is not passed over: corrected, it is the first that a resume moves."""
        with self.session.transaction() as connection:
            upper = self._upper(connection, checkpoint)
            assert upper is not None  # noqa: S101 - a batch of one row failed, so there is that row
            following = replace(checkpoint, position=write_key(upper), failed=checkpoint.failed + 1)
            self._journal.keep_failed_row(connection, write_key(upper), error)
            if following.failed <= self.migration.max_failed_rows:
                self._journal.write(connection, following)
        self.point("failed row")
        if following.failed > self.migration.max_failed_rows:
            raise WorkFailed(
                TOO_MANY_FAILED,
                result={"migrations": [outcome(self.migration, following)]},
                task=self.migration.name,
                failed=following.failed,
                allowed=self.migration.max_failed_rows,
                key=write_key(upper),
                error=error,
            )
        return following

    # --- conditions -------------------------------------------------------------------------------------------------

    def _where(self) -> list[sa.ColumnElement[bool]]:
        return [] if self.migration.where is None else [sa.literal_column(f"({self.migration.where})")]

    def _after(self, key: tuple[Any, ...] | None) -> list[sa.ColumnElement[bool]]:
        return [] if key is None else [compare(self._key, key, inclusive=False, above=True)]

    def _up_to(self, key: tuple[Any, ...] | None) -> list[sa.ColumnElement[bool]]:
        return [] if key is None else [compare(self._key, key, inclusive=True, above=False)]

    def stored(self) -> Checkpoint | None:
        """Return how far it came, None before its first batch."""
        with self.session.transaction() as connection:
            return self._journal.read(connection)

    def store(self, checkpoint: Checkpoint) -> None:
        """Write down how far it came."""
        with self.session.transaction() as connection:
            self._journal.write(connection, checkpoint)

    def undo(self) -> None:
        """Forget the checkpoint, so that the migration may run again from the start."""
        with self.session.transaction() as connection:
            self._journal.forget(connection)


def progress(checkpoint: Checkpoint) -> Progress:
    """Return how far a task is, and how fast."""
    seconds = checkpoint.busy_milliseconds / 1000
    rate = Decimal(round(checkpoint.moved / seconds, 1)).quantize(Decimal("0.1")) if seconds > 0 else None
    return Progress(checkpoint.moved + checkpoint.failed, checkpoint.total, "rows", rate)


def outcome(migration: Migration, checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what the report says of a task."""
    rate = progress(checkpoint).rate_per_second
    return {
        "name": migration.name,
        "source": migration.source,
        "target": migration.target,
        "total": checkpoint.total,
        "moved": checkpoint.moved,
        "failed": checkpoint.failed,
        "busySeconds": round(checkpoint.busy_milliseconds / 1000, 3),
        "rowsPerSecond": None if rate is None else float(rate),
    }


_ROW_STATES = ("22", "23")


def _is_row_error(error: exc.DBAPIError) -> bool:
    """Tell whether a value of a row caused the error, rather than the statement."""
    original: Any = error.orig
    if isinstance(getattr(original, "sqlstate", None), str):
        return str(original.sqlstate).startswith(_ROW_STATES)
    code = original.args[0] if original is not None and original.args else None
    return code in {1048, 1062, 1264, 1265, 1292, 1366, 1406, 1452, 3819, 4025, 1690, 1365, 1411}
