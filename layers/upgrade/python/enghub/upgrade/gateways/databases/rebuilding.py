"""Rebuilds a table beside the live one and exchanges the two (UPG-16)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from enghub.core.i18n import Text
from enghub.kit.databases import catalog, structure
from enghub.kit.databases.failures import refused_as
from enghub.kit.databases.session import WriteSession, execute_raw
from enghub.kit.databases.structure import Item, quote, quote_one
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import split
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget, Progress
from enghub.upgrade.gateways.databases.journal import ScriptJournal, State
from enghub.upgrade.gateways.databases.rows import RowTask
from enghub.upgrade.gateways.databases.scripts import Script, ScriptRunner
from enghub.upgrade.gateways.databases.swap import Pair, Swap
from enghub.upgrade.gateways.databases.tasks import DONE, StagedTask, TaskState, scratch_name
from enghub.upgrade.stepping.migration_rules import Migration
from enghub.upgrade.stepping.rebuild_rules import TABLE, Rebuild

NO_TABLE = Text("Rebuild: table {table} does not exist", "重建：表 {table} 不存在")
BAD_CREATE = Text("Rebuild of {table}: {error}. The live table is untouched", "重建表 {table}：{error}。线上表未受影响")
CHANGED = Text(
    "The rebuild of {table} was begun with other rules. Roll the step back first",
    "表 {table} 的重建规则在开始后被修改，请先回滚该步骤",
)
OLD_EXISTS = Text(
    "The rebuild of {table} would keep the old one as {old}, which exists: drop or rename that first",
    "重建表 {table} 需将旧表保留为 {old}，但该表已存在：请先删除或改名",
)
DIFFERENT = Text(
    "Rebuild of {table}: {what} is {live} in the live table and {new} in the new one. The live table is as it was; "
    "make sure that nothing writes to it and resume",
    "重建表 {table}：{what} 在原表中为 {live}，在新表中为 {new}。线上表未受影响；请确认无写入后继续",
)
OLD_GONE = Text(
    "The rebuild of {table} dropped the old table: restore its backup instead",
    "表 {table} 重建后旧表已删除，请改用备份恢复",
)


@dataclass(slots=True)
class Rebuilding:
    """One table, on one session."""

    session: WriteSession
    rule: Rebuild
    scope: str
    execution_id: str
    budget: Budget
    point: Callable[[str], None]
    report: Callable[[Progress], None]

    def run(self) -> TaskState:
        """Go on until the table is exchanged or the budget is spent.

        Raises:
            WorkFailed: the rules do not fit, rows cannot be copied, or the copy differs.
        """
        with self.session.transaction() as connection:
            reached = self._task.read(connection)
        if reached is not None and reached.digest != self.rule.digest:
            raise WorkFailed(CHANGED, table=self.rule.table)
        with refused_as(BAD_CREATE, table=self.rule.table):
            return self._go(reached or self._create())

    def _go(self, reached: TaskState) -> TaskState:
        if reached.stage == "copy":
            reached = self._copy(reached, self._migration("copy"))
        if reached.stage == "catch up":
            reached = self._catch_up(reached)
        if reached.stage == "exchange":
            reached = self._exchange(reached)
        if reached.stage == "after":
            reached = self._after(reached)
        return reached

    @property
    def _task(self) -> StagedTask:
        return StagedTask(self.scope, f"rebuild:{self.rule.table}"[:120], self.execution_id)

    @property
    def scratch(self) -> str:
        """Name of the new table until the exchange."""
        return scratch_name(self.rule.table, "new", self.scope)

    @property
    def old(self) -> str:
        """Name of the old table after the exchange."""
        return scratch_name(self.rule.table, "old", self.scope)

    def _write(self, reached: TaskState) -> TaskState:
        with self.session.transaction() as connection:
            self._task.write(connection, reached)
        return reached

    # --- make and fill ------------------------------------------------------------------------------------------------

    def _create(self) -> TaskState:
        with self.session.transaction() as connection:
            if not structure.exists(connection, self.rule.table):
                raise WorkFailed(NO_TABLE, table=self.rule.table)
            if structure.exists(connection, self.old):
                raise WorkFailed(OLD_EXISTS, table=self.rule.table, old=self.old)
            mark = self._newest(connection)
        with self.session.autocommit() as connection:
            quoted = quote(connection, self.scratch)
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quoted}")
            execute_raw(connection, self.rule.create.replace(TABLE, quoted))
        self.point("new table created")
        return self._write(TaskState("copy", self.rule.digest, {"mark": mark}))

    def _newest(self, connection: sa.Connection) -> str | None:
        """Return the condition for rows that change from now on."""
        if self.rule.change_column is None:
            return None
        table = catalog.table(connection, self.rule.table)
        if table is None or self.rule.change_column not in table.columns:
            raise WorkFailed(BAD_CREATE, table=self.rule.table, error=f"it has no column {self.rule.change_column}")
        column = table.columns[self.rule.change_column]
        newest = connection.execute(sa.select(sa.func.max(column))).scalar()
        if newest is None:
            return "1 = 1"
        plain = sa.column(self.rule.change_column, column.type)
        return str(
            (plain >= newest).compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        ).replace("%%", "%")

    def _migration(self, part: str) -> Migration:
        """Return the copy as a row migration; `catch up` brings what changed meanwhile."""
        rule = self.rule
        mapping: dict[str, Any] = dict(rule.mapping or {name: name for name in self._common()})
        safe = re.sub(r"[^A-Za-z0-9_.-]", "_", rule.table)[:60]
        return Migration.model_validate(
            {
                "name": f"rebuild.{safe}.{part.replace(' ', '_')}",
                "source": rule.table,
                "target": self.scratch,
                "key": rule.key,
                "where": rule.where,
                "mapping": mapping,
                "max_failed_rows": rule.max_failed_rows,
                "batch_size": rule.batch_size,
                "max_batch_size": rule.max_batch_size,
            }
        )

    def _common(self) -> tuple[str, ...]:
        with self.session.transaction() as connection:
            live = structure.describe(connection, self.session.dialect, self.rule.table).columns
            new = structure.describe(connection, self.session.dialect, self.scratch).columns
        return tuple(name for name in new if name in live)

    def _rows(self, migration: Migration) -> RowTask:
        return RowTask(self.session, migration, self.scope, self.execution_id, self.budget, self.point, self.report)

    def _copy(self, reached: TaskState, migration: Migration) -> TaskState:
        checkpoint = self._rows(migration).run()
        following = replace(reached, done=checkpoint.moved, total=checkpoint.total)
        if checkpoint.state is not State.DONE:
            return following
        data = {**reached.data, "failed": checkpoint.failed, "busyMs": checkpoint.busy_milliseconds}
        return self._write(replace(following, stage="catch up", data=data))

    def _catch_up(self, reached: TaskState) -> TaskState:
        """Copy rows again that changed since the copy began, drop those that are gone, then compare both tables."""
        if mark := reached.data.get("mark"):
            where = f"({self.rule.where}) AND ({mark})" if self.rule.where else str(mark)
            changes = {"where": where, "on_conflict": "update"}
            again = self._rows(self._migration("catch up").model_copy(update=changes))
            if again.run().state is not State.DONE:
                return reached
            self._remove_gone()
        try:
            self._compare(int(reached.data["failed"]))
        except WorkFailed:
            if mark:
                again.undo()  # the next try looks for changes again
            raise
        with self.session.transaction() as connection:
            live = structure.describe(connection, self.session.dialect, self.rule.table).after
            new = structure.describe(connection, self.session.dialect, self.scratch).columns
            moving = [item for item in live if _moves_along(item, new, connection)]
            ties = self._swap(moving).plan(connection)
        data = {
            **_figures(reached),
            "ties": ties,
            "after": [item.to_json() for item in moving],
            "fresh": True,
        }
        return self._write(replace(reached, stage="exchange", data=data))

    def _remove_gone(self) -> None:
        with self.session.transaction() as connection:
            live, new = catalog.table(connection, self.rule.table), catalog.table(connection, self.scratch)
            assert live is not None  # noqa: S101 - both were read by the copy
            assert new is not None  # noqa: S101
            names = self.rule.key or tuple(column.name for column in live.primary_key)
            rules = self._migration("copy").mapping
            pairs = [(name, target) for name in names for target, rule in rules.items() if rule.column == name]
            if len(pairs) < len(names):
                return  # the key takes another form: the comparison of counts finds what is gone
            same = [live.columns[name] == new.columns[target] for name, target in pairs]
            found = sa.select(sa.literal(1)).select_from(live).where(*same).correlate(new)
            connection.execute(sa.delete(new).where(sa.not_(sa.exists(found))))
            self.point("gone rows removed")

    def _compare(self, failed: int) -> None:
        with self.session.transaction() as connection:
            where = [sa.literal_column(f"({self.rule.where})", sa.Boolean)] if self.rule.where else []
            live, new = _table(self.rule.table), _table(self.scratch)
            counts = [
                int(connection.execute(sa.select(sa.func.count()).select_from(live).where(*where)).scalar_one())
                - failed,
                int(connection.execute(sa.select(sa.func.count()).select_from(new)).scalar_one()),
            ]
            found: list[tuple[str, Any, Any]] = [("the number of rows", counts[0], counts[1])]
            for old_column, new_column in self.rule.sums.items():
                before: sa.Select[Any] = sa.select(sa.func.sum(sa.column(old_column))).select_from(live).where(*where)
                now: sa.Select[Any] = sa.select(sa.func.sum(sa.column(new_column))).select_from(new)
                sums = (connection.execute(before).scalar(), connection.execute(now).scalar())
                found.append((f"the sum of {old_column}", *sums))
        for what, one, other in found:
            if one != other:
                raise WorkFailed(DIFFERENT, retryable=True, table=self.rule.table, what=what, live=one, new=other)

    # --- exchange -----------------------------------------------------------------------------------------------------

    def _swap(self, after: list[Item]) -> Swap:
        pair = Pair(self.rule.table, self.scratch, self.old, tuple(after))
        return Swap(self.session, [pair], self.rule.keep_old, self.point)

    def _exchange(self, reached: TaskState) -> TaskState:
        following = replace(reached, stage="after", data=_figures(reached))
        after = [Item(*item) for item in reached.data["after"]]
        ties = list(reached.data["ties"])
        self._swap(after).run(ties, lambda connection: self._task.write(connection, following))
        return following

    def _after(self, reached: TaskState) -> TaskState:
        script = self._script()
        if script.statements:
            runner = ScriptRunner(
                self.session, self.scope, self.execution_id, self.budget, whole_script=False, point=self.point
            )
            if not runner.run(script).finished:
                return reached
        return self._write(replace(reached, stage=DONE))

    def _script(self) -> Script:
        with self.session.transaction() as connection:
            name = quote(connection, self.rule.table)
        text = ";\n".join(statement.replace(TABLE, name).rstrip().rstrip(";") for statement in self.rule.after)
        return Script(f"rebuild:{self.rule.table}:after", split(text, self.session.dialect))

    # --- back ---------------------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Bring the old table back; rows that were written since the exchange stay in the new one, which is dropped.

        Raises:
            WorkFailed: the old table was dropped.
        """
        with self.session.transaction() as connection:
            reached = self._task.read(connection)
        if reached is None:
            return
        if reached.stage == "exchange":  # perhaps it took place: end it, so that there is one way back
            reached = self._exchange(reached)
        if reached.stage in ("after", DONE):
            if not self.rule.keep_old:
                raise WorkFailed(OLD_GONE, table=self.rule.table)
            reached = self._plan_back(reached)
        if reached.stage == "back":
            after = tuple(Item(*item) for item in reached.data["after"])
            back = Pair(self.rule.table, self.old, self.scratch, after)
            Swap(self.session, [back], keep_old=False, point=self.point).run(list(reached.data["ties"]), self._forget)
            return
        with self.session.autocommit() as connection:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quote(connection, self.scratch)}")
        self.point("new table dropped")
        with self.session.transaction() as connection:
            self._forget(connection)

    def _plan_back(self, reached: TaskState) -> TaskState:
        back = Pair(self.rule.table, self.old, self.scratch)
        with self.session.transaction() as connection:
            ties = Swap(self.session, [back], keep_old=False).plan(connection)
            live = structure.describe(connection, self.session.dialect, self.rule.table).after
            old = structure.describe(connection, self.session.dialect, self.old).columns
            moving = [item.to_json() for item in live if _moves_along(item, old, connection)]
            if self.session.dialect is Dialect.POSTGRESQL:  # there the old table kept its triggers
                moving = [item for item in moving if item[0] != "trigger"]
            planned = replace(reached, stage="back", data={"ties": ties, "after": moving})
            self._task.write(connection, planned)
        self.point("way back planned")
        return planned

    def _forget(self, connection: sa.Connection) -> None:
        self._task.forget(connection)
        for part in ("copy", "catch up"):
            safe = re.sub(r"[^A-Za-z0-9_.-]", "_", self.rule.table)[:60]
            StagedTask(self.scope, f"rebuild.{safe}.{part.replace(' ', '_')}", self.execution_id).forget(connection)
        ScriptJournal(self.scope, f"rebuild:{self.rule.table}:after", self.execution_id).mark_undone(connection)


def _figures(reached: TaskState) -> dict[str, int]:
    """Return what the report needs to the end."""
    return {"failed": reached.data["failed"], "busyMs": reached.data.get("busyMs", 0)}


def _table(name: str) -> sa.TableClause:
    schema, _, plain = name.rpartition(".")
    return sa.table(plain, schema=schema or None)


def _moves_along(item: Item, columns: dict[str, str], connection: sa.Connection) -> bool:
    """Triggers, and sequences whose column the other table has, go to the table that bears the name."""
    if item.kind == "sequence":
        return item.sql.startswith("ALTER SEQUENCE") and any(
            item.sql.endswith(f".{quote_one(connection, name)}") for name in columns
        )
    return item.kind == "trigger"
