"""Migrates rows while the system works, at a rate that follows the load of its database (UPG-18)."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from enghub.core.i18n import Text
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.gate import is_single_query
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget, Cursor, Progress, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.migration_rules import Migration
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.migrations import reported, undo, why_irreversible
from enghub.upgrade.steps.tries import tried

if TYPE_CHECKING:
    from enghub.kit.databases.session import WriteSession
    from enghub.upgrade.gateways.databases.rows import RowTask

BAD_PROBE = Text(
    "The load probe must be one plain SELECT that returns a number: {error}",
    "负载探测须为返回数字的单条只读查询：{error}",
)
GIVEN_UP = Text("The migration was given up after {tries} tries: {reason}", "数据迁移在 {tries} 次尝试后失败：{reason}")
_ALPHA = 0.4
"""Weight of the newest batch in the average, as in GitLab's batched migrations."""
_BUILT_IN = {
    Dialect.MARIADB: "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS "
    "WHERE VARIABLE_NAME = 'Threads_running'",
    Dialect.MYSQL: "SELECT VARIABLE_VALUE FROM performance_schema.global_status "
    "WHERE VARIABLE_NAME = 'Threads_running'",
    Dialect.POSTGRESQL: "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()",
    Dialect.CLICKHOUSE: "SELECT count() FROM system.processes",
}


class Load(BaseModel):
    """When the database is busy. Without `sql`: running threads (MariaDB, MySQL), active backends (PostgreSQL)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sql: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    """Returns one number; a replica's lag in seconds, for example."""
    limit: Annotated[float, Field(gt=0)] = 25
    """Above it the migration pauses."""
    ease_at: Annotated[float, Field(gt=0, le=1)] = 0.7
    """From this part of the limit on, batches shrink."""
    pause_seconds: Annotated[int, Field(ge=1, le=600)] = 15
    check_seconds: Annotated[float, Field(ge=0, le=60)] = 2.0
    """Work between two looks at the load."""


class AsyncMigration(Migration):
    """A migration whose batch size follows an average of its times, and shrinks as the load grows."""

    _efficiency: float | None = PrivateAttr(default=None)
    _ease: float = PrivateAttr(default=1.0)

    def ease(self, factor: float) -> None:
        """Shrink the next batches to a part of what time allows."""
        self._ease = factor

    def next_batch(self, batch: int, seconds: float) -> int:
        """Return the next size: by at most a fifth up or down, so that one slow batch does not decide."""
        efficiency = self.batch_seconds / max(seconds, 0.001)
        before = self._efficiency
        self._efficiency = efficiency if before is None else _ALPHA * efficiency + (1 - _ALPHA) * before
        factor = min(1.2, max(0.8, self._efficiency)) * self._ease
        grown = int(batch * factor)
        if factor > 1:
            grown = max(grown, batch + 1)
        return max(1, min(grown, self.max_batch_size))


class AsynchronousMigration(BaseStep):
    """Row migrations that give way: before every few seconds of work the load is looked at."""

    takes: ClassVar[Takes] = frozenset({"async_migrations", "load", "rollback_scripts"})
    rehearsable: ClassVar[bool] = True
    transactions: ClassVar[bool] = False
    summary: ClassVar[str] = (
        "Row migration at a rate adapted to the database's load; parameters `async_migrations`, `load`"
    )

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = (
            *read.problems(parameters, "async_migrations", AsyncMigration),
            *read.problems_of_one(parameters, "load", Load),
        )
        if found:
            return found
        names = [m.name for m in read.read_list(parameters, "async_migrations", AsyncMigration)]
        return read.repeated(names, "async_migrations")

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Work while the load allows; else come back later."""
        return tried(context, cursor, lambda: self._run(context), GIVEN_UP)

    def _run(self, context: StepContext) -> Slice:
        from enghub.upgrade.gateways.databases.arrival import left_behind, settle  # noqa: PLC0415
        from enghub.upgrade.gateways.databases.journal import State  # noqa: PLC0415
        from enghub.upgrade.gateways.databases.rows import outcome, progress  # noqa: PLC0415

        load = read.read_one(context.parameters, "load", Load)
        results: list[dict[str, Any]] = []
        attention: list[dict[str, str]] = []
        latest: Progress | None = None
        with context.databases.writer(context.budget) as session, reported(results):
            for migration in read.read_list(context.parameters, "async_migrations", AsyncMigration):
                while True:
                    busy = _load_of(context, load, session.dialect)
                    if busy is not None and busy > load.limit:
                        context.log("info", f"paused: the load is {busy:g}, the limit {load.limit:g}")
                        return more(
                            {"paused": busy}, latest, result={"migrations": results}, wait_seconds=load.pause_seconds
                        )
                    migration.ease(_ease(busy, load))
                    checkpoint = _task(context, session, load, migration).run()
                    latest = progress(checkpoint)
                    context.report(latest)
                    if checkpoint.state is State.DONE:
                        break
                    if context.budget.spent:
                        return more({"migration": migration.name, "load": busy}, latest)
                arrival = settle(context, migration, checkpoint, partial(_task, context, session, load))
                if arrival is None:
                    return more({"migration": migration.name, "rest": True}, latest)
                attention += left_behind(migration, checkpoint, arrival)
                remaining = max(0, (checkpoint.total or 0) - checkpoint.moved - checkpoint.failed)
                results.append({**outcome(migration, checkpoint), **arrival.to_json(), "remaining": remaining})
                context.log("info", f"migration {migration.name}: {checkpoint.moved} moved, {checkpoint.failed} failed")
        return done({"migrations": results, "attention": attention}, latest)

    def why_irreversible(self, parameters: Mapping[str, Any], copies: frozenset[str]) -> Text | None:
        """See `BaseStep.why_irreversible`."""
        return why_irreversible(read.read_list(parameters, "async_migrations", AsyncMigration), parameters, copies)

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """See `migration_rules.undo`."""
        return undo(read.read_list(context.parameters, "async_migrations", AsyncMigration), context)


def _task(context: StepContext, session: "WriteSession", load: Load, migration: Migration) -> "RowTask":
    """Return what moves batches until it is time to look at the load again."""
    from enghub.upgrade.gateways.databases.kinds import row_task  # noqa: PLC0415

    until = min(context.budget.soft_at, context.budget.monotonic() + load.check_seconds)
    budget: Budget = replace(context.budget, soft_at=until)
    facts = context.facts
    return row_task(session, migration, facts.scope, facts.execution_id, budget, context.point, context.report)


def _ease(busy: float | None, load: Load) -> float:
    """Full size up to a part of the limit, then in proportion down to a quarter."""
    if busy is None or busy <= load.limit * load.ease_at or load.ease_at >= 1:
        return 1.0
    over = (busy / load.limit - load.ease_at) / (1 - load.ease_at)
    return max(0.25, 1 - 0.75 * over)


def _load_of(context: StepContext, load: Load, dialect: Dialect) -> float | None:
    """Return the present load; None where nothing tells it (SQLite without a declared query)."""
    from enghub.kit.databases.failures import refused_as  # noqa: PLC0415

    sql = load.sql or _BUILT_IN.get(dialect)
    if sql is None:
        return None
    if load.sql is not None and not is_single_query(load.sql, dialect):
        raise WorkFailed(BAD_PROBE, error="it may write")
    try:
        with context.databases.reader(10) as session, refused_as(BAD_PROBE):
            found = session.scalar(sql)
        return float(found or 0)
    except (TypeError, ValueError) as error:
        raise WorkFailed(BAD_PROBE, error=str(error)[:200]) from error
