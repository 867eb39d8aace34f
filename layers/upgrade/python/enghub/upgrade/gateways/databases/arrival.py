"""Whether every row of a finished migration arrived, and the moving of those that did not (UPG-16, UPG-18).

While a system works, rows appear behind a migration's position and after its last batch. They are found by their key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from enghub.core.i18n import Text
from enghub.upgrade.gateways.databases import catalog
from enghub.upgrade.gateways.databases.failures import refused_as
from enghub.upgrade.gateways.databases.journal import Checkpoint, State
from enghub.upgrade.gateways.databases.rows import RowTask
from enghub.upgrade.gateways.databases.session import ReadSession
from enghub.upgrade.gateways.databases.structure import quote, quote_one
from enghub.upgrade.steps.base import StepContext, StepFailed
from enghub.upgrade.steps.migration_rules import ColumnRule, Migration

INCOMPLETE = Text(
    "Migration {task}: {missing} rows of {source} are not in {target}, {failed} could not be moved: make sure that "
    "nothing writes to {source} any more, then resume",
    "迁移 {task}：{source} 有 {missing} 行不在 {target} 中（迁移失败 {failed} 行）：请确认 {source} 不再有写入后继续",
)
DIFFERENT = Text(
    "Migration {task}: the sum of {column} is {before} in {source} and {after} in {target}",
    "迁移 {task}：{column} 的合计在 {source} 中为 {before}，在 {target} 中为 {after}",
)
NOT_COMPARED = Text("Migration {task} cannot be compared: {error}", "迁移 {task} 无法比对：{error}")


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the comparison found; `missing` is None where the target's key is not made of the source's columns."""

    missing: int | None
    later: int
    """Rows that came after the last batch and were moved then."""
    sums: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return what the report says."""
        verified = self.missing is not None or bool(self.sums)
        return {"missing": self.missing, "movedLater": self.later, "verified": verified, "sums": self.sums}


def settle(
    context: StepContext, migration: Migration, checkpoint: Checkpoint, task: Callable[[Migration], RowTask]
) -> Arrival | None:
    """Compare a finished migration, moving once what is missing; return None when that needs another slice.

    Raises:
        StepFailed: retryable, rows are missing nevertheless; or sums differ.
    """
    with _reader(context) as session:
        condition = _without_target(session, migration)
    if condition is None:
        return Arrival(None, 0, _sums(context, migration))
    where = f"({migration.where}) AND {condition}" if migration.where else condition
    rest = task(migration.model_copy(update={"name": migration.rest, "where": where}))
    begun = rest.is_under_way()  # counting all again in every slice would take longer than the slice
    missing, later = None if begun else _missing(context, migration, condition), 0
    if begun or (missing is not None and missing > checkpoint.failed):
        if not begun:
            context.log("info", f"migration {migration.name}: {missing} rows came later, moving them")
        moved = rest.run()
        if moved.state is not State.DONE:
            return None
        later = moved.moved
        missing = _missing(context, migration, condition)
    if missing is None:
        return Arrival(None, later, _sums(context, migration))
    rest.undo()  # so that the next try looks again
    if missing > checkpoint.failed:
        raise StepFailed(
            INCOMPLETE, retryable=True, task=migration.name, missing=missing, source=migration.source,
            target=migration.target, failed=checkpoint.failed,
        )  # fmt: skip
    return Arrival(missing, later, _sums(context, migration))


def _missing(context: StepContext, migration: Migration, condition: str) -> int | None:
    """Return how many source rows have no row in the target; None where their keys cannot be compared."""
    query = _of(migration.source, sa.func.count(), migration.where, condition)
    try:
        with _reader(context) as session, refused_as(NOT_COMPARED, task=migration.name):
            return int(session.scalar(query) or 0)
    except StepFailed as failure:
        if failure.retryable:
            raise
        context.log("warning", failure.text.en)
        return None


def _without_target(session: ReadSession, migration: Migration) -> str | None:
    """Return the condition that finds them; None where the target's key is not made of the source's columns."""
    target = catalog.table(session.connection, migration.target)
    if migration.in_place or target is None:
        return None
    rules = {column.name: migration.mapping.get(column.name) for column in target.primary_key}
    if not rules or not all(_plain(rule) for rule in rules.values()):
        return None
    source_name, target_name = (quote(session.connection, name) for name in (migration.source, migration.target))
    same = " AND ".join(
        f"{target_name}.{quote_one(session.connection, name)} = "
        f"{source_name}.{quote_one(session.connection, rule.column or '')}"
        for name, rule in rules.items()
        if rule is not None
    )
    return f"NOT EXISTS (SELECT 1 FROM {target_name} WHERE {same})"  # noqa: S608 - quoted names


def _plain(rule: ColumnRule | None) -> bool:
    """Tell whether a target column is a source column as it is."""
    return rule is not None and rule.column is not None and not rule.transform and rule.map is None


def _sums(context: StepContext, migration: Migration) -> dict[str, str]:
    found = {}
    for source, target in migration.sums.items():
        with _reader(context) as session, refused_as(NOT_COMPARED, task=migration.name):
            before = session.scalar(_of(migration.source, sa.func.sum(sa.column(source)), migration.where))
            after = session.scalar(_of(migration.target, sa.func.sum(sa.column(target))))
        if before != after:
            raise StepFailed(
                DIFFERENT, task=migration.name, column=source, source=migration.source, target=migration.target,
                before=before, after=after,
            )  # fmt: skip
        found[source] = str(after)
    return found


def _reader(context: StepContext) -> Any:
    return context.databases.reader(max(10, int(context.budget.seconds_to_hard) - 10))


def _of(table: str, what: Any, *conditions: str | None) -> Any:
    schema, _, name = table.rpartition(".")
    where = [sa.literal_column(f"({condition})", sa.Boolean) for condition in conditions if condition]
    return sa.select(what).select_from(sa.table(name, schema=schema or None)).where(*where)
