"""Roll-outs in DynamoDB: one partition each, with one item for the roll-out and one per site."""

from collections.abc import Sequence
from typing import Any

from enghub.core import clock, dynamo
from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout, RawItem
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Attr, key
from enghub.core.transactions import PutItem, absent, transact
from enghub.upgrade.rollouts.errors import RolloutChanged, RolloutNotFound
from enghub.upgrade.rollouts.model import Rollout, SiteRow

ROLLOUT_SK = "ROLLOUT"
AT_WORK = "ROLLOUTS#AT-WORK"
"""Partition of gsi2: the roll-outs of all tenants that need a workflow, and no others; only the sweep reads it."""
REVISION = "record_version"
ROWS_AT_ONCE = 50
"""Sites of a new roll-out that are stored in one transaction."""


def _partition(tenant_id: str, rollout_id: str) -> str:
    return key("T", tenant_id, "ROLLOUT", rollout_id)


def _row_key(tenant_id: str, row: SiteRow) -> Key:
    return _partition(tenant_id, row.rollout_id), f"SITE#{row.wave:05d}#{key(row.site_id)}"


def _listed(rollout: Rollout) -> dict[str, Any]:
    """Return where a roll-out is found, and what people see of its item."""
    at_work = rollout.alive_until is not None
    return {
        "tenant_id": rollout.tenant_id,
        "rollout_id": rollout.rollout_id,
        "status": rollout.status,
        "gsi1pk": key("T", rollout.tenant_id, "ROLLOUTS"),
        "gsi1sk": key(clock.to_text(rollout.created_at), rollout.rollout_id),
        "gsi2pk": AT_WORK if at_work else None,
        "gsi2sk": key(rollout.tenant_id, rollout.rollout_id) if at_work else None,
    }


def _shown(rollout: Rollout) -> dict[str, Any]:
    return {
        "name": rollout.name,
        "target": rollout.target_version,
        "status": rollout.status,
        "wave": rollout.wave,
        "attempt": rollout.attempt,
        "run": rollout.run,
        "problem": None if rollout.problem is None else rollout.problem.en,
    }


ROLLOUTS = Aggregate(
    Rollout,
    "ROLLOUT",
    key=lambda rollout: (_partition(rollout.tenant_id, rollout.rollout_id), ROLLOUT_SK),
    layout=Layout(body="body"),
    more=_listed,
    name="rollout",
    identity=lambda rollout: rollout.rollout_id,
    factory=lambda rollout: rollout.factory_id,
    shows=_shown,
    revision=REVISION,
    exists=lambda rollout: RolloutChanged(rollout_id=rollout.rollout_id),
    missing=lambda rollout: RolloutChanged(rollout_id=rollout.rollout_id),
    outdated=lambda rollout, *_: RolloutChanged(rollout_id=rollout.rollout_id),
)
ROWS = Items(SiteRow, "ROLLOUT_SITE", layout=Layout(body="body"), more=lambda row: {"status": row.status})


def _row_write(tenant_id: str, row: SiteRow, seen: int = 0) -> PutItem:
    return ROWS.put(
        row,
        absent() if seen == 0 else Attr(REVISION) == seen,
        lambda: RolloutChanged(rollout_id=row.rollout_id),
        at=_row_key(tenant_id, row),
        more={REVISION: seen + 1},
    )


def _kept_row(item: RawItem) -> Kept[SiteRow]:
    return Kept(ROWS.value(item), int(item[REVISION]["N"]))


class DynamoRollouts:
    """The store of roll-outs."""

    def get(self, tenant_id: str, rollout_id: str) -> Rollout:
        """One consistent read."""
        return self.kept(tenant_id, rollout_id).value

    def kept(self, tenant_id: str, rollout_id: str) -> Kept[Rollout]:
        """One consistent read."""
        found = ROLLOUTS.read((_partition(tenant_id, rollout_id), ROLLOUT_SK))
        if found is None:
            raise RolloutNotFound(rollout_id=rollout_id)
        return found

    def rows(self, tenant_id: str, rollout_id: str, wave: int | None = None) -> tuple[SiteRow, ...]:
        """One query, page after page."""
        return tuple(kept.value for kept in self.kept_rows(tenant_id, rollout_id, wave))

    def kept_rows(self, tenant_id: str, rollout_id: str, wave: int | None = None) -> tuple[Kept[SiteRow], ...]:
        """One query, page after page."""
        prefix = "SITE#" if wave is None else f"SITE#{wave:05d}#"
        return tuple(map(_kept_row, dynamo.each(_partition(tenant_id, rollout_id), prefix=prefix)))

    def find(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[tuple[Rollout, ...], str | None]:
        """One page of a tenant's roll-outs, newest first."""
        partition = key("T", tenant_id, "ROLLOUTS")
        page = ROLLOUTS.page(partition, index="gsi1", limit=limit, cursor=cursor, newest_first=True)
        return page.items, page.cursor

    def at_work(self) -> tuple[tuple[str, str], ...]:
        """One query of the index, page after page; about a second behind."""
        return tuple((one["tenant_id"]["S"], one["rollout_id"]["S"]) for one in dynamo.each(AT_WORK, index="gsi2"))

    def create(self, rows: Sequence[SiteRow], commit: Commit[Rollout]) -> Rollout:
        """Sites first (nothing refers to them yet), then one transaction that makes them a roll-out."""
        writes = [_row_write(commit.origin.tenant_id, row) for row in rows]
        for start in range(0, len(writes), ROWS_AT_ONCE):
            transact(*writes[start : start + ROWS_AT_ONCE])
        return self.save(commit).value

    def save(self, commit: Commit[Rollout]) -> Kept[Rollout]:
        """One transaction: roll-out, audit, events, launch, stored answer."""
        return ROLLOUTS.save(commit)

    def save_row(self, tenant_id: str, seen: Kept[SiteRow], row: SiteRow) -> Kept[SiteRow]:
        """One write, on the revision that was seen."""
        transact(_row_write(tenant_id, row, seen.revision))
        return Kept(row, seen.revision + 1)
