"""Executions in DynamoDB: one partition per execution holds it and its steps; its log has another; sites have locks."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PynamoDBException

from enghub.core import audit, clock, ids
from enghub.core.audit import AuditEntry, Link
from enghub.core.dynamo import InstantAttribute, RawItem, Record, key
from enghub.core.idempotency import puts
from enghub.core.observability import logger
from enghub.core.outbox import to_command, to_outbox
from enghub.core.transactions import Put, Write, absent, transact
from enghub.upgrade import published
from enghub.upgrade.executions.errors import ExecutionChanged, ExecutionNotFound, SiteBusy
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.model import Execution, Status
from enghub.upgrade.executions.repository import Change, LogEntry, LogPage
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.queue.dynamo import giving_back, move_writes
from enghub.upgrade.sites.dynamo import DynamoSites, version_writes
from enghub.upgrade.stored import from_text, to_text

LOG_KEPT = timedelta(days=30)
EXECUTION_SK = "EXECUTION"
LIVE = "UPGRADES-LIVE"
"""Partition of gsi2: the executions of all tenants that are live, and no others."""


class ExecutionRecord(Record):
    """One execution; ``body`` is the whole of it, the rest is for conditions, lists and people."""

    ENTITY = "UPGRADE"

    body = UnicodeAttribute()
    status = UnicodeAttribute()
    site_id = UnicodeAttribute()
    record_version = NumberAttribute()


class StepRecordItem(Record):
    """One step of an execution."""

    ENTITY = "UPGRADE_STEP"

    body = UnicodeAttribute()
    status = UnicodeAttribute()
    progress = JSONAttribute(null=True)
    """Published while a slice runs, outside of the versions."""
    record_version = NumberAttribute()


class LockRecord(Record):
    """A site's lock."""

    ENTITY = "SITE_LOCK"

    site_id = UnicodeAttribute()
    owner = UnicodeAttribute(null=True)
    token = NumberAttribute()
    until = InstantAttribute(null=True)


class LogRecord(Record):
    """One line of an execution's log."""

    ENTITY = "UPGRADE_LOG"

    at = InstantAttribute()
    level = UnicodeAttribute()
    step = UnicodeAttribute()
    message = UnicodeAttribute()


class GateRecord(Record):
    """The task token of a workflow that waits for a confirmation."""

    ENTITY = "UPGRADE_GATE"

    token = UnicodeAttribute()
    run = NumberAttribute()


def _partition(tenant_id: str, execution_id: str) -> str:
    return key("T", tenant_id, "UPGRADE", execution_id)


def _log_partition(tenant_id: str, execution_id: str) -> str:
    return key("T", tenant_id, "UPGRADE-LOG", execution_id)


def _lock_keys(tenant_id: str, site_id: str) -> tuple[str, str]:
    return key("T", tenant_id, "SITE", site_id), "LOCK"


def _step_sk(step: StepRecord) -> str:
    return f"UNDO#{step.rollback:05d}#{step.sequence:05d}" if step.rollback else f"STEP#{step.sequence:05d}"


def _execution(record: ExecutionRecord) -> Execution:
    return replace(from_text(Execution, record.body), record_version=int(record.record_version))


def _step(record: StepRecordItem) -> StepRecord:
    step = replace(from_text(StepRecord, record.body), record_version=int(record.record_version))
    return step if record.progress is None or step.status.is_finished else replace(step, progress=record.progress)


def _changed(execution_id: str) -> Callable[[RawItem | None], Exception]:
    return lambda _: ExecutionChanged(execution_id=execution_id)


def step_write(tenant_id: str, step: StepRecord, expires_at: int | None = None) -> Put:
    """Return the write of a step on the version that was read."""
    seen = step.record_version
    item = StepRecordItem(
        pk=_partition(tenant_id, step.execution_id),
        sk=_step_sk(step),
        body=to_text(step),
        status=step.status.value,
        record_version=seen + 1,
        progress=step.progress,
        expires_at=expires_at,
    )
    condition = absent() if seen == 0 else StepRecordItem.record_version == seen
    return Put(item, condition, _changed(step.execution_id))


def _lock_write(tenant_id: str, lock: SiteLock) -> Put:
    """Taking needs the token before, extending and releasing need the lock's own."""
    pk, sk = _lock_keys(tenant_id, lock.site_id)
    expected = lock.token if lock.owner is None else lock.token - 1
    condition = LockRecord.token == expected
    if expected == 0:
        condition = absent() | condition

    def refusal(item: RawItem | None) -> Exception:
        stored = item or {}
        owner, until = stored.get("owner", {}).get("S", "?"), stored.get("until", {}).get("S", "?")
        return SiteBusy(site_id=lock.site_id, owner=owner, until=until)

    record = LockRecord(pk=pk, sk=sk, site_id=lock.site_id, owner=lock.owner, token=lock.token, until=lock.until)
    return Put(record, condition, refusal)


class DynamoExecutions:
    """The store of executions."""

    def get(self, tenant_id: str, execution_id: str) -> Execution:
        """One consistent read."""
        record = ExecutionRecord.read(_partition(tenant_id, execution_id), EXECUTION_SK)
        if record is None:
            raise ExecutionNotFound(execution_id=execution_id)
        return _execution(record)

    def steps(self, tenant_id: str, execution_id: str) -> tuple[StepRecord, ...]:
        """One query, page after page."""
        records = StepRecordItem.items(_partition(tenant_id, execution_id), prefix="STEP#")
        return tuple(_step(record) for record in records)

    def rollback_steps(self, tenant_id: str, execution_id: str, rollback: int) -> tuple[StepRecord, ...]:
        """One query, page after page."""
        records = StepRecordItem.items(_partition(tenant_id, execution_id), prefix=f"UNDO#{rollback:05d}#")
        return tuple(_step(record) for record in records)

    def step_put(self, tenant_id: str, step: StepRecord) -> Put:
        """Return the write of a step; steps of executions have no end until their execution has one."""
        return step_write(tenant_id, step)

    def plan_steps(self, tenant_id: str, steps: Sequence[StepRecord]) -> None:
        """One write each, where nothing is yet."""
        for step in steps:
            with suppress(ExecutionChanged):
                transact(self.step_put(tenant_id, step))

    def find(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[tuple[Execution, ...], str | None]:
        """One page of a tenant's executions, newest first."""
        partition = key("T", tenant_id, "UPGRADES")
        page = ExecutionRecord.page(partition, index="gsi1", limit=limit, cursor=cursor, newest_first=True)
        return tuple(_execution(record) for record in page.items), page.cursor

    def live(self) -> tuple[tuple[Execution, ...], int]:
        """Every tenant's executions that are live, and how many of them cannot be read: one query, page after page."""
        found: list[Execution] = []
        unreadable = 0
        for record in ExecutionRecord.items(LIVE, index="gsi2"):
            try:
                found.append(_execution(record))
            except ValueError:
                logger.exception("execution cannot be read", item=record.pk)
                unreadable += 1
        return tuple(found), unreadable

    def create(self, steps: Sequence[StepRecord], change: Change) -> None:
        """Steps first (nothing refers to them yet), then one transaction that makes them an execution."""
        for step in steps:
            item = step_write(change.origin.tenant_id, step).record
            item.save()
        self.save(change)

    def save(self, change: Change) -> tuple[Execution, StepRecord | None]:
        """One transaction: execution, step, lock, site, audit, event, command, stored answer.

        Steps learn before it how long they are kept: an ended execution never outlives them, and one that is alive
        again loses no step. A stop between the two is put right by the repeat, or by the next end.
        """
        origin, old = change.origin, change.execution
        if change.event is not None and old.record_version > 0:
            self._keep_steps(old)
        execution, audit_writes = _audited(change)
        execution = replace(execution, record_version=old.record_version + 1)
        writes: list[Write] = [*puts(change.once, execution), self._execution_write(execution), *audit_writes]
        step = None
        if change.step is not None:
            step = replace(change.step, record_version=change.step.record_version + 1)
            until = old.expires_at
            writes.append(step_write(origin.tenant_id, change.step, None if until is None else int(until.timestamp())))
        if change.queue is not None:
            writes += move_writes(origin.tenant_id, change.queue)
        elif change.gives_slot_back:
            writes.append(giving_back(origin.tenant_id, old.execution_id))
        if change.lock is not None:
            writes.append(_lock_write(origin.tenant_id, change.lock))
        if change.site_version is not None:
            site = DynamoSites().kept(origin.tenant_id, old.site_id)
            writes += version_writes(site, change.site_version, change.applied, origin)
        for event in (change.event, *change.also) if change.event is not None else ():
            data = published.EVENTS[event].model_validate(_state(execution, change))
            writes.append(to_outbox(data.envelope(origin), subject=old.execution_id))
        for queue, payload in change.commands:
            writes.append(to_command(queue, payload, origin, subject=old.execution_id))
        transact(*writes)
        return execution, step

    def _keep_steps(self, execution: Execution) -> None:
        until = execution.expires_at
        if until is None and execution.status not in (Status.QUEUED, Status.PENDING):
            return  # steps of running executions have no end: only an end or a resume changes it
        kept = StepRecordItem.expires_at
        change = kept.remove() if until is None else kept.set(int(until.timestamp()))
        partition = _partition(execution.tenant_id, execution.execution_id)
        for prefix in ("STEP#", "UNDO#"):
            for item in StepRecordItem.items(partition, prefix=prefix):
                item.update([change], StepRecordItem.pk.exists())

    def _execution_write(self, execution: Execution) -> Put:
        seen = execution.record_version - 1
        record = ExecutionRecord(
            pk=_partition(execution.tenant_id, execution.execution_id),
            sk=EXECUTION_SK,
            gsi1pk=key("T", execution.tenant_id, "UPGRADES"),
            gsi1sk=key(clock.to_text(execution.created_at), execution.execution_id),
            gsi2pk=LIVE if execution.status.is_live else None,
            gsi2sk=key(execution.tenant_id, execution.execution_id) if execution.status.is_live else None,
            body=to_text(execution),
            status=execution.status.value,
            site_id=execution.site_id,
            record_version=execution.record_version,
            expires_at=None if execution.expires_at is None else int(execution.expires_at.timestamp()),
        )
        condition = absent() if seen == 0 else ExecutionRecord.record_version == seen
        return Put(record, condition, _changed(execution.execution_id))

    def save_step(self, tenant_id: str, step: StepRecord) -> StepRecord:
        """One write, on the version that was read."""
        transact(self.step_put(tenant_id, step))
        return replace(step, record_version=step.record_version + 1)

    def publish_progress(self, tenant_id: str, step: StepRecord, progress: dict[str, Any]) -> None:
        """One update; a failure is logged and forgotten."""
        item = StepRecordItem(pk=_partition(tenant_id, step.execution_id), sk=_step_sk(step))
        try:
            item.update([StepRecordItem.progress.set(progress)], StepRecordItem.record_version == step.record_version)
        except PynamoDBException:
            logger.info("progress not stored", step=step.key)

    def lock(self, tenant_id: str, site_id: str) -> SiteLock:
        """One consistent read."""
        record = LockRecord.read(*_lock_keys(tenant_id, site_id))
        if record is None:
            return SiteLock(site_id)
        until: datetime | None = record.until
        return SiteLock(site_id, record.owner, int(record.token), until)

    def extend_lock(self, tenant_id: str, lock: SiteLock) -> None:
        """One update, if the token is still the lock's; another holder is noticed at the next step."""
        if lock.until is None:
            return
        pk, sk = _lock_keys(tenant_id, lock.site_id)
        try:
            LockRecord(pk=pk, sk=sk).update([LockRecord.until.set(lock.until)], LockRecord.token == lock.token)
        except PynamoDBException:
            logger.warning("lease not extended", site_id=lock.site_id)

    def log(self, tenant_id: str, execution_id: str, entries: Sequence[LogEntry]) -> None:
        """One batch per 25 lines."""
        partition = _log_partition(tenant_id, execution_id)
        with LogRecord.batch_write() as batch:
            for entry in entries:
                batch.save(
                    LogRecord(
                        pk=partition,
                        sk=key(clock.to_text(entry.at), ids.new_id(entry.at)),
                        at=entry.at,
                        level=entry.level,
                        step=entry.step,
                        message=entry.message[:4000],
                        expires_at=int((entry.at + LOG_KEPT).timestamp()),
                    )
                )

    def read_log(self, tenant_id: str, execution_id: str, limit: int, cursor: str | None) -> LogPage:
        """One page of the log, oldest first."""
        page = LogRecord.page(_log_partition(tenant_id, execution_id), limit=limit, cursor=cursor)
        return LogPage(tuple(LogEntry(r.at, r.level, r.step, r.message) for r in page.items), page.cursor)

    def last_lines(self, tenant_id: str, execution_id: str, step: str, limit: int) -> tuple[LogEntry, ...]:
        """One page from the end of the log, of which the step's lines are kept."""
        page = LogRecord.page(_log_partition(tenant_id, execution_id), limit=10 * limit, newest_first=True)
        found = [LogEntry(r.at, r.level, r.step, r.message) for r in page.items if r.step == step]
        return tuple(reversed(found[:limit]))

    def keep_gate(self, tenant_id: str, execution_id: str, sequence: int, run: int, token: str) -> None:
        """Store the task token of a waiting workflow; a later one of the same gate replaces it."""
        GateRecord(pk=_partition(tenant_id, execution_id), sk=f"GATE#{sequence:05d}", token=token, run=run).save()

    def gate(self, tenant_id: str, execution_id: str, sequence: int) -> str | None:
        """Return the newest task token of a gate."""
        record = GateRecord.read(_partition(tenant_id, execution_id), f"GATE#{sequence:05d}")
        return None if record is None else str(record.token)


def _audited(change: Change) -> tuple[Execution, list[Write]]:
    execution = change.execution
    if change.action is None:
        return execution, []
    before = None if change.before is None else _shown(change.before)
    entry = AuditEntry(
        change.origin,
        f"upgrade.{change.action}",
        f"upgrade/{execution.execution_id}",
        before,
        _shown(execution),
        Link(execution.audit_sequence, execution.audit_hash),
    )
    linked = replace(execution, audit_sequence=entry.link.sequence, audit_hash=entry.link.hash)
    return linked, [audit.to_put(entry)]


def _shown(execution: Execution) -> dict[str, Any]:
    return {
        "status": execution.status.value,
        "run": execution.run,
        "completed": execution.completed_steps,
        "step": execution.current_step,
        "problem": None if execution.shown_problem is None else execution.shown_problem.en,
        "decision": execution.decision,
    }


def _state(execution: Execution, change: Change) -> dict[str, Any]:
    step, note = change.step, change.note
    return {
        "note": None if note is None else {"en": note.en, "zh": note.zh},
        "execution_id": execution.execution_id,
        "site_id": execution.site_id,
        "environment": execution.environment,
        "source_version": execution.source_version,
        "target_version": execution.target_version,
        "status": execution.status.value,
        "run": execution.run,
        "total_steps": execution.total_steps,
        "completed_steps": execution.completed_steps,
        "step": step.key if step is not None else execution.current_step,
        "problem": None if execution.shown_problem is None else execution.shown_problem.en,
    }
