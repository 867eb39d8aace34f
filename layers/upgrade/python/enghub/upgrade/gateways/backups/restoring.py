"""Loads a backup's tables beside the live ones, proves them, then puts all of them into place at once (UPG-15)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from enghub.core.i18n import Text
from enghub.kit.databases import lines, structure
from enghub.kit.databases.failures import refused_as
from enghub.kit.databases.session import WriteSession
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget, Progress
from enghub.upgrade.gateways.backups.archive import Archive, Manifest, TableBackup
from enghub.upgrade.gateways.databases.swap import Pair, Swap
from enghub.upgrade.gateways.databases.tasks import DONE, StagedTask, TaskState, scratch_name

REFUSED = Text(
    "Table {table} cannot be restored: {error}. The live table is untouched",
    "表 {table} 无法恢复：{error}。线上表未受影响",
)
DIFFERENT = Text(
    "Table {table}: what was loaded ({found} rows) is not what was backed up ({wanted} rows, checksum {digest}). The "
    "live table is untouched",
    "表 {table}：已加载数据（{found} 行）与备份（{wanted} 行，校验和 {digest}）不一致。线上表未受影响",
)
OTHER_DATABASE = Text(
    "The backup is of a {found} database, the site has {wanted}", "备份来自 {found} 数据库，局点使用 {wanted}"
)


@dataclass(slots=True)
class Restoring:
    """The tables of one backup, on one session."""

    session: WriteSession
    archive: Archive
    manifest: Manifest
    scope: str
    execution_id: str
    budget: Budget
    point: Callable[[str], None]
    report: Callable[[Progress], None]

    def run(self, tables: Sequence[TableBackup]) -> bool:
        """Go on until all tables are in place or the budget is spent; True when they are.

        Raises:
            WorkFailed: a chunk is damaged, the database refuses rows, or something tied to a table does not fit.
        """
        if tables and self.manifest.dialect != self.session.dialect.value:
            raise WorkFailed(OTHER_DATABASE, found=self.manifest.dialect, wanted=self.session.dialect.value)
        lines.prepare(self.session.connection, self.session.dialect)
        self.session.connection.commit()
        if self._is_in_place(tables):
            return True
        for table in tables:
            if not self._prepare(table):
                return False
        self._exchange(tables)
        return True

    def _task(self, name: str) -> StagedTask:
        return StagedTask(self.scope, f"restore:{name}", self.execution_id)

    def _is_in_place(self, tables: Sequence[TableBackup]) -> bool:
        """An earlier run ended. If the tables still are what it left, nothing is to do; otherwise begin again."""
        exchange = self._task("#exchange")
        with self.session.transaction() as connection:
            reached = exchange.read(connection)
        if reached is None or (not reached.is_done and reached.digest == self.manifest.digest):
            return False
        if reached.is_done and reached.digest == self.manifest.digest and all(map(self._is_live, tables)):
            return True
        with self.session.transaction() as connection:
            for name in ("#exchange", *(table.made.table for table in tables)):
                self._task(name).forget(connection)
        return False

    def _is_live(self, table: TableBackup) -> bool:
        made = table.made
        with self.session.transaction() as connection:
            if not structure.exists(connection, made.table):
                return False
            found = structure.describe(connection, self.session.dialect, made.table)
            return found.columns == made.columns and self._sum(connection, table, made.table).digest == table.sum.digest

    def _sum(self, connection: sa.Connection, table: TableBackup, name: str) -> lines.RowSum:
        found = lines.RowSum()
        for line in lines.read(connection, self.session.dialect, table.made, name):
            found.add(line)
        return found

    # --- one table ----------------------------------------------------------------------------------------------------

    def _prepare(self, table: TableBackup) -> bool:
        """Load a table beside the live one and prove it; True when that is done."""
        made = table.made
        task, scratch = self._task(made.table), scratch_name(made.table, "restored", self.scope)
        with self.session.transaction() as connection:
            reached = task.read(connection)
        if reached is not None and reached.digest != self.manifest.digest:
            reached = None
        if reached is None:
            reached = self._create(table, task, scratch)
        with refused_as(REFUSED, table=made.table):
            while reached.stage == "load":
                reached = self._load(table, task, scratch, reached)
                if self.budget.spent:
                    return False
            if reached.stage == "prove":
                self._prove(table, task, scratch, reached)
        return True

    def _create(self, table: TableBackup, task: StagedTask, scratch: str) -> TaskState:
        made = table.made
        with refused_as(REFUSED, table=made.table), self.session.autocommit() as connection:
            quoted = structure.quote(connection, scratch)
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quoted}")
            for statement in (*made.before, made.create_as(quoted)):
                connection.execution_options(no_parameters=True).exec_driver_sql(statement)
        self.point("scratch created")
        stage = "load" if table.chunks else "prove"
        reached = TaskState(stage, self.manifest.digest, {"chunk": 0}, 0, table.sum.rows)
        with self.session.transaction() as connection:
            task.write(connection, reached)
        return reached

    def _load(self, table: TableBackup, task: StagedTask, scratch: str, reached: TaskState) -> TaskState:
        number = int(reached.data["chunk"])
        chunk = table.chunks[number]
        rows = self.archive.lines(chunk)
        stage = "load" if number + 1 < len(table.chunks) else "prove"
        following = TaskState(stage, reached.digest, {"chunk": number + 1}, reached.done + chunk.rows, reached.total)
        with self.session.strict(), self.session.transaction() as connection:
            lines.load(connection, self.session.dialect, table.made, scratch, rows)
            self.point("rows")
            task.write(connection, following)
        self.point("chunk loaded")
        self.report(Progress(following.done, following.total, "rows"))
        return following

    def _prove(self, table: TableBackup, task: StagedTask, scratch: str, reached: TaskState) -> None:
        wanted = table.sum
        with self.session.transaction() as connection:
            found = self._sum(connection, table, scratch)
            if (found.rows, found.digest) == (wanted.rows, wanted.digest):
                task.write(connection, TaskState("ready", reached.digest, {}, reached.done, reached.total))
                return
            task.forget(connection)
        name = table.made.table
        raise WorkFailed(DIFFERENT, table=name, found=found.rows, wanted=wanted.rows, digest=wanted.digest)

    # --- all at once --------------------------------------------------------------------------------------------------

    def _exchange(self, tables: Sequence[TableBackup]) -> None:
        task = self._task("#exchange")
        pairs = [self._pair(table) for table in tables]
        swap = Swap(self.session, pairs, keep_old=False, point=self.point)
        with self.session.transaction() as connection:
            reached = task.read(connection)
            if reached is None:
                reached = TaskState("exchange", self.manifest.digest, {"ties": swap.plan(connection)}, 0, len(pairs))
                task.write(connection, reached)
        self.point("exchange planned")

        def record(connection: sa.Connection) -> None:
            task.write(connection, TaskState(DONE, self.manifest.digest, {}, len(pairs), len(pairs)))
            for table in tables:
                rows = table.sum.rows
                done = TaskState(DONE, self.manifest.digest, {}, rows, rows)
                self._task(table.made.table).write(connection, done)

        ties: list[dict[str, Any]] = list(reached.data["ties"])
        swap.run(ties, record)

    def _pair(self, table: TableBackup) -> Pair:
        made = table.made
        return Pair(
            made.table,
            scratch_name(made.table, "restored", self.scope),
            scratch_name(made.table, "replaced", self.scope),
            made.after,
        )
