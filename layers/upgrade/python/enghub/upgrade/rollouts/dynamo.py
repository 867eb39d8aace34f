"""Roll-outs in DynamoDB: one partition each, with one item for the roll-out and one per site."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from enghub.core import audit, clock
from enghub.core.audit import AuditEntry, Link
from enghub.core.dynamo import RawItem, Record, key
from enghub.core.idempotency import puts
from enghub.core.outbox import to_command, to_outbox
from enghub.core.transactions import Put, Write, absent, transact
from enghub.upgrade import published
from enghub.upgrade.rollouts.errors import RolloutChanged, RolloutNotFound
from enghub.upgrade.rollouts.model import Rollout, SiteRow, launch_command
from enghub.upgrade.rollouts.repository import Change
from enghub.upgrade.stored import from_text, to_text

ROLLOUT_SK = "ROLLOUT"
AT_WORK = "ROLLOUTS#AT-WORK"
"""Partition of gsi2: the roll-outs of all tenants that need a workflow, and no others; only the sweep reads it."""


class RolloutRecord(Record):
    """One roll-out; ``body`` is the whole of it, the rest is for conditions, lists and people."""

    ENTITY = "ROLLOUT"

    tenant_id = UnicodeAttribute(null=True)
    rollout_id = UnicodeAttribute(null=True)
    body = UnicodeAttribute()
    status = UnicodeAttribute()
    record_version = NumberAttribute()


class SiteRowRecord(Record):
    """One site of a roll-out."""

    ENTITY = "ROLLOUT_SITE"

    body = UnicodeAttribute()
    status = UnicodeAttribute()
    record_version = NumberAttribute()


def _partition(tenant_id: str, rollout_id: str) -> str:
    return key("T", tenant_id, "ROLLOUT", rollout_id)


def _rollout(record: RolloutRecord) -> Rollout:
    return replace(from_text(Rollout, record.body), record_version=int(record.record_version))


def _row(record: SiteRowRecord) -> SiteRow:
    return replace(from_text(SiteRow, record.body), record_version=int(record.record_version))


def _changed(rollout_id: str) -> Callable[[RawItem | None], Exception]:
    return lambda _: RolloutChanged(rollout_id=rollout_id)


def _row_write(tenant_id: str, row: SiteRow) -> Put:
    seen = row.record_version
    item = SiteRowRecord(
        pk=_partition(tenant_id, row.rollout_id),
        sk=f"SITE#{row.wave:05d}#{key(row.site_id)}",
        body=to_text(row),
        status=row.status.value,
        record_version=seen + 1,
    )
    condition = absent() if seen == 0 else SiteRowRecord.record_version == seen
    return Put(item, condition, _changed(row.rollout_id))


def _rollout_write(rollout: Rollout) -> Put:
    seen = rollout.record_version - 1
    record = RolloutRecord(
        pk=_partition(rollout.tenant_id, rollout.rollout_id),
        sk=ROLLOUT_SK,
        gsi1pk=key("T", rollout.tenant_id, "ROLLOUTS"),
        gsi1sk=key(clock.to_text(rollout.created_at), rollout.rollout_id),
        gsi2pk=None if rollout.alive_until is None else AT_WORK,
        gsi2sk=None if rollout.alive_until is None else key(rollout.tenant_id, rollout.rollout_id),
        tenant_id=rollout.tenant_id,
        rollout_id=rollout.rollout_id,
        body=to_text(rollout),
        status=rollout.status.value,
        record_version=rollout.record_version,
    )
    condition = absent() if seen == 0 else RolloutRecord.record_version == seen
    return Put(record, condition, _changed(rollout.rollout_id))


class DynamoRollouts:
    """The store of roll-outs."""

    def get(self, tenant_id: str, rollout_id: str) -> Rollout:
        """One consistent read."""
        record = RolloutRecord.read(_partition(tenant_id, rollout_id), ROLLOUT_SK)
        if record is None:
            raise RolloutNotFound(rollout_id=rollout_id)
        return _rollout(record)

    def rows(self, tenant_id: str, rollout_id: str, wave: int | None = None) -> tuple[SiteRow, ...]:
        """One query, page after page."""
        prefix = "SITE#" if wave is None else f"SITE#{wave:05d}#"
        return tuple(_row(record) for record in SiteRowRecord.items(_partition(tenant_id, rollout_id), prefix=prefix))

    def find(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[tuple[Rollout, ...], str | None]:
        """One page of a tenant's roll-outs, newest first."""
        partition = key("T", tenant_id, "ROLLOUTS")
        page = RolloutRecord.page(partition, index="gsi1", limit=limit, cursor=cursor, newest_first=True)
        return tuple(_rollout(record) for record in page.items), page.cursor

    def at_work(self) -> tuple[tuple[str, str], ...]:
        """One query of the index, page after page; about a second behind."""
        return tuple(
            (str(record.tenant_id), str(record.rollout_id)) for record in RolloutRecord.items(AT_WORK, index="gsi2")
        )

    def create(self, rows: Sequence[SiteRow], change: Change) -> Rollout:
        """Sites first (nothing refers to them yet), then one transaction that makes them a roll-out."""
        with SiteRowRecord.batch_write() as batch:
            for row in rows:
                batch.save(_row_write(change.origin.tenant_id, row).record)
        return self.save(change)

    def save(self, change: Change) -> Rollout:
        """One transaction: roll-out, audit, events, launch, stored answer."""
        origin = change.origin
        rollout, writes = _audited(change)
        rollout = replace(rollout, record_version=rollout.record_version + 1)
        writes += [*puts(change.once, rollout), _rollout_write(rollout)]
        for event in change.events:
            data = published.EVENTS[event].model_validate(_state(change))
            writes.append(to_outbox(data.envelope(origin), subject=rollout.rollout_id))
        if change.launch:
            queue, payload = launch_command(rollout)
            writes.append(to_command(queue, payload, origin, subject=rollout.rollout_id))
        transact(*writes)
        return rollout

    def save_row(self, tenant_id: str, row: SiteRow) -> SiteRow:
        """One write, on the version that was read."""
        transact(_row_write(tenant_id, row))
        return replace(row, record_version=row.record_version + 1)


def _audited(change: Change) -> tuple[Rollout, list[Write]]:
    rollout = change.rollout
    if change.action is None:
        return rollout, []
    before = None if change.before is None else _shown(change.before)
    entry = AuditEntry(
        change.origin,
        f"rollout.{change.action}",
        f"rollout/{rollout.rollout_id}",
        before,
        _shown(rollout),
        Link(rollout.audit_sequence, rollout.audit_hash),
    )
    linked = replace(rollout, audit_sequence=entry.link.sequence, audit_hash=entry.link.hash)
    return linked, [audit.to_put(entry)]


def _shown(rollout: Rollout) -> dict[str, Any]:
    return {
        "name": rollout.name,
        "target": rollout.target_version,
        "status": rollout.status.value,
        "wave": rollout.wave,
        "attempt": rollout.attempt,
        "run": rollout.run,
        "problem": None if rollout.problem is None else rollout.problem.en,
    }


def _state(change: Change) -> dict[str, Any]:
    rollout, found = change.rollout, change.tally
    state = {
        "rollout_id": rollout.rollout_id,
        "name": rollout.name,
        "environment": rollout.environment,
        "target_version": rollout.target_version,
        "status": rollout.status.value,
        "run": rollout.run,
        "sites": rollout.sites,
        "waves": rollout.waves,
        "wave": change.wave,
        "problem": None if rollout.problem is None else rollout.problem.en,
        "max_failure_rate": rollout.max_failure_rate,
    }
    if found is None:
        return state
    counts = {"succeeded": found.succeeded, "failed": found.failed, "skipped": found.skipped}
    return {**state, **counts, "failed_sites": found.failed_sites, "failure_rate": found.failure_rate}
