"""Rehearsals in DynamoDB: one item each, and one for the last of every upgrade."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from enghub.core import audit
from enghub.core.audit import AuditEntry, Link
from enghub.core.dynamo import RawItem, Record, key
from enghub.core.idempotency import puts
from enghub.core.outbox import to_command
from enghub.core.transactions import Put, Write, absent, transact
from enghub.upgrade.rehearsal.errors import RehearsalChanged, RehearsalNotFound
from enghub.upgrade.rehearsal.model import Rehearsal, launch_command
from enghub.upgrade.rehearsal.repository import Change
from enghub.upgrade.stored import from_text, to_text

REHEARSAL_SK = "REHEARSAL"


class RehearsalRecord(Record):
    """One rehearsal; ``body`` is the whole of it, the rest is for conditions and people."""

    ENTITY = "REHEARSAL"

    body = UnicodeAttribute()
    status = UnicodeAttribute()
    record_version = NumberAttribute()


class RunRecord(Record):
    """One way of a rehearsal; under a name that no use case of executions looks for."""

    ENTITY = "REHEARSAL_RUN"

    body = UnicodeAttribute()
    record_version = NumberAttribute()


def _partition(tenant_id: str, rehearsal_id: str) -> str:
    return key("T", tenant_id, "REHEARSAL", rehearsal_id)


def _last_keys(tenant_id: str, site_id: str, source_version: str, target_version: str) -> tuple[str, str]:
    return key("T", tenant_id, "SITE", site_id), key("REHEARSED", source_version, target_version)


def _rehearsal(record: RehearsalRecord) -> Rehearsal:
    return replace(from_text(Rehearsal, record.body), record_version=int(record.record_version))


def _changed(rehearsal_id: str) -> Callable[[RawItem | None], Exception]:
    return lambda _: RehearsalChanged(rehearsal_id=rehearsal_id)


class DynamoRehearsals:
    """The store of rehearsals."""

    def get(self, tenant_id: str, rehearsal_id: str) -> Rehearsal:
        """One consistent read."""
        record = RehearsalRecord.read(_partition(tenant_id, rehearsal_id), REHEARSAL_SK)
        if record is None:
            raise RehearsalNotFound(rehearsal_id=rehearsal_id)
        return _rehearsal(record)

    def save(self, change: Change) -> Rehearsal:
        """One transaction: rehearsal, audit, launch, stored answer, and the last one of its upgrade."""
        rehearsal, writes = _audited(change)
        rehearsal = replace(rehearsal, record_version=rehearsal.record_version + 1)
        writes += [*puts(change.once, rehearsal), _write(rehearsal)]
        if not rehearsal.is_running and rehearsal.tells_times:
            writes.append(_last_write(rehearsal))
        if change.launch:
            queue, payload = launch_command(rehearsal)
            writes.append(to_command(queue, payload, change.origin, subject=rehearsal.rehearsal_id))
        transact(*writes)
        return rehearsal

    def last(self, tenant_id: str, site_id: str, source_version: str, target_version: str) -> Rehearsal | None:
        """One consistent read."""
        record = RehearsalRecord.read(*_last_keys(tenant_id, site_id, source_version, target_version))
        return None if record is None else _rehearsal(record)


def _write(rehearsal: Rehearsal) -> Put:
    seen = rehearsal.record_version - 1
    record = RehearsalRecord(
        pk=_partition(rehearsal.tenant_id, rehearsal.rehearsal_id),
        sk=REHEARSAL_SK,
        body=to_text(rehearsal),
        status=rehearsal.status.value,
        record_version=rehearsal.record_version,
        expires_at=int(rehearsal.expires_at.timestamp()),
    )
    condition = absent() if seen == 0 else RehearsalRecord.record_version == seen
    return Put(record, condition, _changed(rehearsal.rehearsal_id))


def _last_write(rehearsal: Rehearsal) -> Put:
    pk, sk = _last_keys(rehearsal.tenant_id, rehearsal.site_id, rehearsal.source_version, rehearsal.target_version)
    record = RehearsalRecord(
        pk=pk, sk=sk, body=to_text(rehearsal), status=rehearsal.status.value, record_version=rehearsal.record_version
    )
    return Put(record)


def _audited(change: Change) -> tuple[Rehearsal, list[Write]]:
    rehearsal = change.rehearsal
    if change.action is None:
        return rehearsal, []
    entry = AuditEntry(
        change.origin,
        f"rehearsal.{change.action}",
        f"rehearsal/{rehearsal.rehearsal_id}",
        None,
        _shown(rehearsal),
        Link(rehearsal.audit_sequence, rehearsal.audit_hash),
    )
    linked = replace(rehearsal, audit_sequence=entry.link.sequence, audit_hash=entry.link.hash)
    return linked, [audit.to_put(entry)]


def _shown(rehearsal: Rehearsal) -> dict[str, Any]:
    return {
        "site": rehearsal.site_id,
        "source": rehearsal.source_version,
        "target": rehearsal.target_version,
        "status": rehearsal.status.value,
        "part": rehearsal.part.value,
        "problem": None if rehearsal.problem is None else rehearsal.problem.en,
    }
