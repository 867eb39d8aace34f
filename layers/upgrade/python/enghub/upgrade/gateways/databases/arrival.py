"""Whether every row of a finished migration arrived, and the moving of those that did not (UPG-16, UPG-18).

While a system works, rows appear behind a migration's position and after its last batch. They are found by their key.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from enghub.core.i18n import Text
from enghub.kit.databases import catalog
from enghub.kit.databases.failures import refused_as
from enghub.kit.databases.session import ReadSession
from enghub.kit.databases.structure import quote, quote_one
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.gateways.databases.journal import Checkpoint, State
from enghub.upgrade.gateways.databases.rows import RowTask
from enghub.upgrade.stepping.migration_rules import ColumnRule, Migration
from enghub.upgrade.stepping.step import StepContext

INCOMPLETE = Text(
    "Migration {task}: {missing} rows of {source} are not in {target}, {failed} could not be moved: make sure that "
    "nothing writes to {source} any more, then resume",
    "迁移 {task}：{source} 有 {missing} 行不在 {target} 中（迁移失败 {failed} 行）：请确认 {source} 不再有写入后继续",
)
DIFFERENT = Text(
    "Migration {task}: the sum of {column} is {before} in {source} and {after} in {target}",
    "迁移 {task}：{column} 的合计在 {source} 中为 {before}，在 {target} 中为 {after}",
)
LEFT = Text(
    "Migration {task}: {missing} rows of {source} are not in {target} and were not moved: look whether they came late "
    "or were deleted there (`late_rows` of the migration decides)",
    "迁移 {task}：{source} 有 {missing} 行不在 {target} 中且未迁移：请确认是后来写入还是已被删除（见 late_rows）",
)
SETTLED = "settled"
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
    """Compare a finished migration, moving once what is missing if its `late_rows` say so.

    Returns None when that needs another slice.

    Done once: what people delete from the target later must not come back when the step is looked at again.

    Raises:
        WorkFailed: retryable, rows are missing nevertheless; or sums differ.
    """
    with _reader(context) as session:
        condition = _without_target(session, migration)
    if condition is None and not migration.sums:
        return Arrival(None, 0, {})
    where = f"({migration.where}) AND {condition}" if migration.where else condition
    rest = task(migration.model_copy(update={"name": migration.rest, "where": where}))
    stored = rest.stored()
    if stored is not None and (settled := _settled(stored)) is not None:
        return settled
    missing, later = None, 0 if stored is None else stored.moved
    if condition is not None:
        under_way = stored is not None and stored.state is not State.DONE
        if not under_way:  # counting again in every slice would take longer than the slice
            missing = _missing(context, migration, condition)
        moves = migration.moves_late_rows(context.facts.phase)
        if under_way or (moves and (missing or 0) > checkpoint.failed):
            context.log("info", f"migration {migration.name}: moving rows that came later")
            moved = rest.run()
            if moved.state is not State.DONE:
                return None
            missing, later = _missing(context, migration, condition), moved.moved
    return _concluded(context, migration, checkpoint, rest, Arrival(missing, later, {}))


def _concluded(
    context: StepContext, migration: Migration, checkpoint: Checkpoint, rest: RowTask, found: Arrival
) -> Arrival:
    """Refuse what is incomplete, so that the next try looks again; else write down that it was looked at."""
    if (found.missing or 0) > checkpoint.failed and migration.moves_late_rows(context.facts.phase):
        rest.undo()
        raise WorkFailed(
            INCOMPLETE,
            retryable=True,
            task=migration.name,
            missing=found.missing,
            source=migration.source,
            target=migration.target,
            failed=checkpoint.failed,
        )
    arrival = replace(found, sums=_sums(context, migration))
    note = json.dumps({SETTLED: {"missing": arrival.missing, "later": arrival.later, "sums": arrival.sums}})
    rest.store(Checkpoint(rest.migration.digest, State.DONE, note, arrival.later, arrival.later, 0, 1, 0))
    context.point("migration settled")
    return arrival


def left_behind(migration: Migration, checkpoint: Checkpoint, arrival: Arrival) -> list[dict[str, str]]:
    """Return what a person has to look at (`attention` of a step's result)."""
    missing = (arrival.missing or 0) - checkpoint.failed
    if missing <= 0:
        return []
    values = {"task": migration.name, "missing": missing, "source": migration.source, "target": migration.target}
    return [{"en": LEFT.render("en", **values), "zh": LEFT.render("zh", **values)}]


def _settled(stored: Checkpoint) -> Arrival | None:
    try:
        return Arrival(**json.loads(stored.position or "")[SETTLED])
    except (ValueError, KeyError, TypeError):
        return None  # the position of a batch


def _missing(context: StepContext, migration: Migration, condition: str) -> int | None:
    """Return how many source rows have no row in the target; None where their keys cannot be compared."""
    query = _of(migration.source, sa.func.count(), migration.where, condition)
    try:
        with _reader(context) as session, refused_as(NOT_COMPARED, task=migration.name):
            return int(session.scalar(query) or 0)
    except WorkFailed as failure:
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
        if before != after and str(before) != str(after):  # NaN is the same here, not to Python
            raise WorkFailed(
                DIFFERENT,
                task=migration.name,
                column=source,
                source=migration.source,
                target=migration.target,
                before=before,
                after=after,
            )
        found[source] = str(after)
    return found


def _reader(context: StepContext) -> Any:
    return context.databases.reader(max(10, int(context.budget.seconds_to_hard) - 10))


def _of(table: str, what: Any, *conditions: str | None) -> Any:
    schema, _, name = table.rpartition(".")
    where = [sa.literal_column(f"({condition})", sa.Boolean) for condition in conditions if condition]
    return sa.select(what).select_from(sa.table(name, schema=schema or None)).where(*where)
