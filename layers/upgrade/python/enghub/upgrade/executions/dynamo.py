"""Executions in DynamoDB: one partition per execution holds it and its steps; its log has another; sites have locks."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PynamoDBException

from enghub.core import clock, dynamo, idempotency, ids, log
from enghub.core.aggregates import Aggregate, Items
from enghub.core.claims import Claim
from enghub.core.codec import Key, Layout, RawItem
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Attr, InstantAttribute, Record, key, table
from enghub.core.transactions import PutItem, Update, Write, absent, transact
from enghub.upgrade.executions.errors import ExecutionChanged, ExecutionNotFound, SiteBusy
from enghub.upgrade.executions.events import events_of
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.model import Execution, Status
from enghub.upgrade.executions.repository import ExecutionCommit, LogEntry, LogPage, StepCommit
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.promotion.dynamo import proof_writes
from enghub.upgrade.promotion.model import is_test
from enghub.upgrade.queue.dynamo import giving_back, move_writes
from enghub.upgrade.sites.dynamo import DynamoSites, version_writes

LOG_KEPT = timedelta(days=30)
EXECUTION_SK = "EXECUTION"
LIVE = "UPGRADES-LIVE"
"""Partition of gsi2: the executions of all tenants that are live, and no others."""
WHOLE = Layout(body="body", fractions=float)
"""One JSON text each: what steps return and remember is theirs, numbers and all."""
STEP_PREFIXES = ("STEP#", "UNDO#")
REVISION = "record_version"


def _partition(tenant_id: str, execution_id: str) -> str:
    return key("T", tenant_id, "UPGRADE", execution_id)


def _log_partition(tenant_id: str, execution_id: str) -> str:
    return key("T", tenant_id, "UPGRADE-LOG", execution_id)


def _lock_key(tenant_id: str, site_id: str) -> Key:
    return key("T", tenant_id, "SITE", site_id), "LOCK"


def _step_key(tenant_id: str, step: StepRecord) -> Key:
    undoing = f"UNDO#{step.rollback:05d}#{step.sequence:05d}"
    return _partition(tenant_id, step.execution_id), undoing if step.rollback else f"STEP#{step.sequence:05d}"


def _listed(execution: Execution) -> dict[str, Any]:
    """Return where an execution is found, what people see of its item, and when it is forgotten."""
    live = execution.status.is_live
    until = execution.expires_at
    return {
        "status": execution.status,
        "site_id": execution.site_id,
        "gsi1pk": key("T", execution.tenant_id, "UPGRADES"),
        "gsi1sk": key(clock.to_text(execution.created_at), execution.execution_id),
        "gsi2pk": LIVE if live else None,
        "gsi2sk": key(execution.tenant_id, execution.execution_id) if live else None,
        "expires_at": None if until is None else int(until.timestamp()),
    }


def _shown(execution: Execution) -> dict[str, Any]:
    problem = execution.shown_problem
    return {
        "status": execution.status,
        "run": execution.run,
        "completed": execution.completed_steps,
        "step": execution.current_step,
        "problem": None if problem is None else problem.en,
        "decision": execution.decision,
    }


EXECUTIONS = Aggregate(
    Execution,
    "UPGRADE",
    key=lambda execution: (_partition(execution.tenant_id, execution.execution_id), EXECUTION_SK),
    layout=WHOLE,
    more=_listed,
    name="upgrade",
    identity=lambda execution: execution.execution_id,
    factory=lambda execution: execution.factory_id,
    shows=_shown,
    revision=REVISION,
    exists=lambda execution: ExecutionChanged(execution_id=execution.execution_id),
    missing=lambda execution: ExecutionChanged(execution_id=execution.execution_id),
    outdated=lambda execution, *_: ExecutionChanged(execution_id=execution.execution_id),
)
STEPS = Items(
    StepRecord,
    "UPGRADE_STEP",
    layout=WHOLE,
    more=lambda step: {"status": step.status, "progress": step.progress},  # also published while a slice runs
)
LOCKS = Items(SiteLock, "SITE_LOCK")


class LogRecord(Record):
    """One line of an execution's log."""

    ENTITY = "UPGRADE_LOG"

    at = InstantAttribute()
    level = UnicodeAttribute()
    step = UnicodeAttribute()
    message = UnicodeAttribute()
    metadata = UnicodeAttribute(null=True)
    """JSON; lines of an earlier release have none."""


class GateRecord(Record):
    """The task token of a workflow that waits for a confirmation."""

    ENTITY = "UPGRADE_GATE"

    token = UnicodeAttribute()
    run = NumberAttribute()


def _entry(record: LogRecord) -> LogEntry:
    metadata = json.loads(record.metadata) if record.metadata else {}
    return LogEntry(record.at, record.level, record.step, record.message, metadata)


def _kept_step(item: RawItem) -> Kept[StepRecord]:
    step, published = STEPS.value(item), item.get("progress")
    if published is not None and not step.status.is_finished:
        step = replace(step, progress=json.loads(published["S"]))
    return Kept(step, int(item[REVISION]["N"]))


def step_write(tenant_id: str, step: StepRecord, seen: int = 0, expires_at: int | None = None) -> PutItem:
    """Return the write of a step on the revision that was seen, 0 for a new one."""
    return STEPS.put(
        step,
        absent() if seen == 0 else Attr(REVISION) == seen,
        lambda: ExecutionChanged(execution_id=step.execution_id),
        at=_step_key(tenant_id, step),
        more={REVISION: seen + 1, "expires_at": expires_at},
    )


def _lock_write(tenant_id: str, lock: SiteLock) -> PutItem:
    """Taking needs the token before, extending and releasing need the lock's own."""
    expected = lock.token if lock.owner is None else lock.token - 1
    condition = Attr("token") == expected
    if expected == 0:
        condition = absent() | condition

    def refusal(item: RawItem | None) -> Exception:
        stored = item or {}
        owner, until = stored.get("owner", {}).get("S", "?"), stored.get("until", {}).get("S", "?")
        return SiteBusy(site_id=lock.site_id, owner=owner, until=until)

    return PutItem(LOCKS.item(lock, _lock_key(tenant_id, lock.site_id)), condition, refusal)


class DynamoExecutions:
    """The store of executions."""

    def get(self, tenant_id: str, execution_id: str) -> Execution:
        """One consistent read."""
        return self.kept(tenant_id, execution_id).value

    def kept(self, tenant_id: str, execution_id: str) -> Kept[Execution]:
        """One consistent read."""
        found = EXECUTIONS.read((_partition(tenant_id, execution_id), EXECUTION_SK))
        if found is None:
            raise ExecutionNotFound(execution_id=execution_id)
        return found

    def look(self, claim: Claim) -> None:
        """One consistent read."""
        idempotency.look(claim)

    def steps(self, tenant_id: str, execution_id: str) -> tuple[StepRecord, ...]:
        """One query, page after page."""
        return tuple(kept.value for kept in self.kept_steps(tenant_id, execution_id))

    def rollback_steps(self, tenant_id: str, execution_id: str, rollback: int) -> tuple[StepRecord, ...]:
        """One query, page after page."""
        return tuple(kept.value for kept in self.kept_steps(tenant_id, execution_id, rollback))

    def kept_steps(self, tenant_id: str, execution_id: str, rollback: int = 0) -> tuple[Kept[StepRecord], ...]:
        """One query, page after page."""
        prefix = f"UNDO#{rollback:05d}#" if rollback else "STEP#"
        return tuple(map(_kept_step, dynamo.each(_partition(tenant_id, execution_id), prefix=prefix)))

    def step_put(self, tenant_id: str, step: StepRecord, seen: int = 0) -> PutItem:
        """Return the write of a step; steps of executions have no end until their execution has one."""
        return step_write(tenant_id, step, seen)

    def plan_steps(self, tenant_id: str, steps: Sequence[StepRecord]) -> None:
        """One write each, where nothing is yet."""
        for step in steps:
            with suppress(ExecutionChanged):
                transact(self.step_put(tenant_id, step))

    def find(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[tuple[Execution, ...], str | None]:
        """One page of a tenant's executions, newest first."""
        partition = key("T", tenant_id, "UPGRADES")
        page = EXECUTIONS.page(partition, index="gsi1", limit=limit, cursor=cursor, newest_first=True)
        return page.items, page.cursor

    def live(self) -> tuple[tuple[Execution, ...], int]:
        """Every tenant's executions that are live, and how many of them cannot be read: one query, page after page."""
        found: list[Execution] = []
        unreadable = 0
        for item in dynamo.each(LIVE, index="gsi2"):
            try:
                found.append(EXECUTIONS.value(item))
            except ValueError:
                log.exception("execution cannot be read", item=item["pk"]["S"])
                unreadable += 1
        return tuple(found), unreadable

    def create(self, steps: Sequence[StepRecord], commit: ExecutionCommit) -> None:
        """Steps first (nothing refers to them yet), then one transaction that makes them an execution."""
        for step in steps:
            transact(replace(step_write(commit.origin.tenant_id, step), condition=None))
        self.save(commit)

    def save(self, commit: ExecutionCommit) -> tuple[Kept[Execution], Kept[StepRecord] | None]:
        """One transaction: execution, step, lock, site, audit, events, commands, stored answer.

        Steps learn before it how long they are kept: an ended execution never outlives them, and one that is alive
        again loses no step. A stop between the two is put right by the repeat, or by the next end.
        """
        tenant_id, after = commit.origin.tenant_id, commit.after
        if commit.event is not None and commit.before is not None:
            self._keep_steps(after)
        more: list[Write] = []
        if commit.step is not None:
            until, seen = after.expires_at, commit.step.before.revision
            expires_at = None if until is None else int(until.timestamp())
            more.append(step_write(tenant_id, commit.step.after, seen, expires_at))
        if commit.queue is not None:
            more += move_writes(tenant_id, commit.queue)
        elif commit.gives_slot_back:
            more.append(giving_back(tenant_id, after.execution_id))
        if commit.lock is not None:
            more.append(_lock_write(tenant_id, commit.lock))
        if commit.site_version is not None:
            site = DynamoSites().kept(tenant_id, after.site_id)
            more += version_writes(site, commit.site_version, commit.applied, commit.origin)
            if after.status is Status.SUCCEEDED and is_test(after.environment):
                more += proof_writes(tenant_id, after.execution_id, after.site_id, after.checksums, commit.origin.at)
        kept = EXECUTIONS.save(
            Commit(
                commit.origin,
                commit.action,
                after,
                commit.before,
                events=events_of(commit),
                commands=commit.commands,
                claim=commit.claim,
            ),
            *more,
        )
        return kept, None if commit.step is None else _following(commit.step)

    def _keep_steps(self, execution: Execution) -> None:
        until = execution.expires_at
        if until is None and execution.status not in (Status.QUEUED, Status.PENDING):
            return  # steps of running executions have no end: only an end or a resume changes it
        kept = Attr("expires_at")
        change = kept.remove() if until is None else kept.set(int(until.timestamp()))
        partition = _partition(execution.tenant_id, execution.execution_id)
        for prefix in STEP_PREFIXES:
            for item in dynamo.each(partition, prefix=prefix):
                transact(Update((partition, item["sk"]["S"]), [change], Attr("pk").exists()))

    def save_step(self, tenant_id: str, step: StepCommit) -> Kept[StepRecord]:
        """One write, on the revision that was seen."""
        transact(self.step_put(tenant_id, step.after, step.before.revision))
        return _following(step)

    def publish_progress(self, tenant_id: str, step: Kept[StepRecord], progress: Mapping[str, Any]) -> None:
        """One update; a failure is logged and forgotten."""
        pk, sk = _step_key(tenant_id, step.value)
        try:
            table().update_item(pk, sk, [Attr("progress").set(progress)], Attr(REVISION) == step.revision)
        except PynamoDBException:
            log.info("progress not stored", step=step.value.key)

    def lock(self, tenant_id: str, site_id: str) -> SiteLock:
        """One consistent read."""
        return LOCKS.get(_lock_key(tenant_id, site_id)) or SiteLock(site_id)

    def extend_lock(self, tenant_id: str, lock: SiteLock) -> None:
        """One update, if the token is still the lock's; another holder is noticed at the next step."""
        if lock.until is None:
            return
        pk, sk = _lock_key(tenant_id, lock.site_id)
        try:
            table().update_item(pk, sk, [Attr("until").set(lock.until)], Attr("token") == lock.token)
        except PynamoDBException:
            log.warning("lease not extended", site_id=lock.site_id)

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
                        metadata=json.dumps(dict(entry.metadata)),
                        expires_at=int((entry.at + LOG_KEPT).timestamp()),
                    )
                )

    def read_log(self, tenant_id: str, execution_id: str, limit: int, cursor: str | None) -> LogPage:
        """One page of the log, oldest first."""
        page = LogRecord.page(_log_partition(tenant_id, execution_id), limit=limit, cursor=cursor)
        return LogPage(tuple(map(_entry, page.items)), page.cursor)

    def last_lines(self, tenant_id: str, execution_id: str, step: str, limit: int) -> tuple[LogEntry, ...]:
        """One page from the end of the log, of which the step's lines are kept."""
        page = LogRecord.page(_log_partition(tenant_id, execution_id), limit=10 * limit, newest_first=True)
        found = [_entry(record) for record in page.items if record.step == step]
        return tuple(reversed(found[:limit]))

    def keep_gate(self, tenant_id: str, execution_id: str, sequence: int, run: int, token: str) -> None:
        """Store the task token of a waiting workflow; a later one of the same gate replaces it."""
        GateRecord(pk=_partition(tenant_id, execution_id), sk=f"GATE#{sequence:05d}", token=token, run=run).save()

    def gate(self, tenant_id: str, execution_id: str, sequence: int) -> str | None:
        """Return the newest task token of a gate."""
        record = GateRecord.read(_partition(tenant_id, execution_id), f"GATE#{sequence:05d}")
        return None if record is None else str(record.token)


def _following(step: StepCommit) -> Kept[StepRecord]:
    return Kept(step.after, step.before.revision + 1)
