"""Rehearsals in DynamoDB: one item each, one for the last of every upgrade; their runs beside those of executions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from enghub.core import audit, clock
from enghub.core.audit import AuditEntry, Link
from enghub.core.dynamo import Put, RawItem, Record, Write, absent, key, transact
from enghub.core.idempotency import puts
from enghub.core.outbox import to_command
from enghub.upgrade.executions.dynamo import DynamoExecutions, step_write
from enghub.upgrade.executions.errors import ExecutionChanged, ExecutionNotFound
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.model import Execution
from enghub.upgrade.executions.repository import Change as ExecutionChange
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.rehearsal.errors import RehearsalChanged, RehearsalNotFound
from enghub.upgrade.rehearsal.model import KEPT, Rehearsal, launch_command
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

    def create(self, steps: Sequence[StepRecord], change: Change) -> Rehearsal:
        """Steps first (nothing refers to them yet), then one transaction that makes them a rehearsal."""
        RehearsedExecutions().plan_steps(change.origin.tenant_id, steps)
        return self.save(change)

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
        pk=_partition(rehearsal.tenant_id, rehearsal.rehearsal_id), sk=REHEARSAL_SK, body=to_text(rehearsal),
        status=rehearsal.status.value, record_version=rehearsal.record_version,
        expires_at=int(rehearsal.expires_at.timestamp()),
    )  # fmt: skip
    condition = absent() if seen == 0 else RehearsalRecord.record_version == seen
    return Put(record, condition, _changed(rehearsal.rehearsal_id))


def _last_write(rehearsal: Rehearsal) -> Put:
    pk, sk = _last_keys(
        rehearsal.tenant_id, rehearsal.site_id, rehearsal.source_version, rehearsal.target_version
    )  # fmt: skip
    record = RehearsalRecord(
        pk=pk, sk=sk, body=to_text(rehearsal), status=rehearsal.status.value, record_version=rehearsal.record_version
    )
    return Put(record)


def _audited(change: Change) -> tuple[Rehearsal, list[Write]]:
    rehearsal = change.rehearsal
    if change.action is None:
        return rehearsal, []
    entry = AuditEntry(
        change.origin, f"rehearsal.{change.action}", f"rehearsal/{rehearsal.rehearsal_id}", None, _shown(rehearsal),
        Link(rehearsal.audit_sequence, rehearsal.audit_hash),
    )  # fmt: skip
    linked = replace(rehearsal, audit_sequence=entry.link.sequence, audit_hash=entry.link.hash)
    return linked, [audit.to_put(entry)]


def _shown(rehearsal: Rehearsal) -> dict[str, Any]:
    return {
        "site": rehearsal.site_id, "source": rehearsal.source_version, "target": rehearsal.target_version,
        "status": rehearsal.status.value, "part": rehearsal.part.value,
        "problem": None if rehearsal.problem is None else rehearsal.problem.en,
    }  # fmt: skip


class RehearsedExecutions(DynamoExecutions):
    """The records of a rehearsal's ways: steps and log as of any execution; no list, event, lock, slot or resume."""

    def get(self, tenant_id: str, execution_id: str) -> Execution:
        """One consistent read."""
        record = RunRecord.read(_run_partition(tenant_id, execution_id), "RUN")
        if record is None:
            raise ExecutionNotFound(execution_id=execution_id)
        return replace(from_text(Execution, record.body), record_version=int(record.record_version))

    def step_put(self, tenant_id: str, step: StepRecord) -> Put:
        """Return the write of a step that is forgotten with its rehearsal."""
        return step_write(tenant_id, step, int((clock.system_clock() + KEPT).timestamp()))

    def create(self, steps: Sequence[StepRecord], change: ExecutionChange) -> None:
        """Steps first, then the run."""
        self.plan_steps(change.origin.tenant_id, steps)
        self.save(change)

    def save(self, change: ExecutionChange) -> tuple[Execution, StepRecord | None]:
        """One transaction: the run and its step."""
        seen = change.execution.record_version
        execution = replace(change.execution, record_version=seen + 1)
        tenant_id = change.origin.tenant_id
        record = RunRecord(
            pk=_run_partition(tenant_id, execution.execution_id), sk="RUN", body=to_text(execution),
            record_version=seen + 1, expires_at=int((execution.created_at + KEPT).timestamp()),
        )  # fmt: skip
        condition = absent() if seen == 0 else RunRecord.record_version == seen
        writes: list[Write] = [Put(record, condition, lambda _: ExecutionChanged(execution_id=execution.execution_id))]
        if change.step is None:
            transact(*writes)
            return execution, None
        transact(*writes, self.step_put(tenant_id, change.step))
        return execution, replace(change.step, record_version=change.step.record_version + 1)

    def lock(self, tenant_id: str, site_id: str) -> SiteLock:
        """Return a free lock: the site is not touched, and the scratch database knows who has it."""
        del tenant_id
        return SiteLock(site_id)


def _run_partition(tenant_id: str, execution_id: str) -> str:
    return key("T", tenant_id, "REHEARSAL-RUN", execution_id)
