"""Use cases of product syncs: request, launch, and the steps of the state machine sync_products."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.clock import Clock
from enghub.core.commits import Command, Commit, Kept
from enghub.core.identity import Origin
from enghub.plm.syncs.errors import SyncBatchNotFound, SyncRunNotFound
from enghub.plm.syncs.model import (
    BATCHES_PER_EXECUTION,
    Batch,
    BatchStatus,
    BatchType,
    Counts,
    Mode,
    Range,
    SyncRun,
    Trigger,
    execution_name,
)
from enghub.plm.syncs.repository import Launcher, RejectedPage, SyncRuns

QUEUE = "launch_sync"

SUNDAY = 7


def existing(runs: SyncRuns, tenant_id: str, run_id: str) -> Kept[SyncRun]:
    """Return a run.

    Raises:
        SyncRunNotFound: the tenant has none of this id.
    """
    kept = runs.get(tenant_id, run_id)
    if kept is None:
        raise SyncRunNotFound(run_id=run_id)
    return kept


@dataclass(frozen=True, slots=True)
class Syncs:
    """Requests and reports of sync runs."""

    runs: SyncRuns
    clock: Clock
    new_id: Callable[[datetime], str] = ids.new_id

    def request(
        self, connection: str, mode: Mode, batch_type: BatchType, origin: Origin, claim: Claim | None
    ) -> SyncRun:
        """Ask for a run; it starts from the queue."""
        run_id = self.new_id(origin.at)
        run = _requested(run_id, connection, mode, batch_type, origin)
        self.runs.request(Commit(origin, "requested", run, commands=(to_launch(run),), claim=claim))
        return run

    def request_nightly(self, connection: str, tenant_id: str, factory_id: str) -> SyncRun:
        """Ask for the run of this day: of everything on Sundays, so that what is gone is found, else incremental.

        A schedule that fires twice asks for the same run.
        """
        now = self.clock()
        mode = Mode.FULL if now.isoweekday() == SUNDAY else Mode.INCREMENTAL
        origin = Origin(tenant_id, factory_id, "system:schedule-sync", now, "")
        run_id = f"nightly-{connection}-{now:%Y%m%d}"
        run = replace(_requested(run_id, connection, mode, BatchType.MEDIUM, origin), trigger=Trigger.SCHEDULE)
        self.runs.request(Commit(origin, "requested", run, commands=(to_launch(run),)))
        return run

    def run_batch_again(self, run_id: str, number: int, origin: Origin, claim: Claim | None) -> SyncRun:
        """Ask for one failed batch to be run again, alone.

        Raises:
            SyncRunNotFound, SyncBatchNotFound, SyncStillRunning, SyncBatchNotFailed, VersionConflict.
        """
        before = existing(self.runs, origin.tenant_id, run_id)
        batch = self.batch(origin.tenant_id, run_id, number)
        reopened = before.value.run_again(batch)
        commands, reason = (to_launch(reopened, number),), f"batch {number}"
        commit = Commit(origin, "reopened", reopened, before, commands=commands, reason=reason, claim=claim)
        self.runs.run_again(commit, Batch(batch.range))
        return reopened

    def get(self, tenant_id: str, run_id: str) -> SyncRun:
        """Return a run; raises as ``existing``."""
        return existing(self.runs, tenant_id, run_id).value

    def batch(self, tenant_id: str, run_id: str, number: int) -> Batch:
        """Return a batch.

        Raises:
            SyncBatchNotFound: the run has none of this number.
        """
        batch = self.runs.batch(tenant_id, run_id, number)
        if batch is None:
            raise SyncBatchNotFound(run_id=run_id, number=number)
        return batch

    def progress(self, run: SyncRun) -> tuple[Counter[BatchStatus], Counts, tuple[Batch, ...]]:
        """Return a run's batches by status, its counts so far, and up to 100 failed batches."""
        statuses: Counter[BatchStatus] = Counter()
        counts = Counts()
        failed: list[Batch] = []
        for batch in self.runs.batches(run.tenant_id, run.run_id):
            statuses[batch.status] += 1
            counts += batch.counts
            if batch.status is BatchStatus.FAILED and len(failed) < 100:
                failed.append(batch)
        return statuses, counts, tuple(failed)

    def rejected(self, tenant_id: str, run_id: str, limit: int, cursor: str | None) -> RejectedPage:
        """Return a page of a run's rejected records."""
        return self.runs.rejected(tenant_id, run_id, limit, cursor)


def to_launch(run: SyncRun, number: int | None = None) -> Command:
    """Return the command that starts a run, or its batch ``number`` alone."""
    return Command(QUEUE, {"run_id": run.run_id, "pass_number": run.pass_number, "batch": number})


def _requested(run_id: str, connection: str, mode: Mode, batch_type: BatchType, origin: Origin) -> SyncRun:
    return SyncRun(
        tenant_id=origin.tenant_id,
        factory_id=origin.factory_id,
        run_id=run_id,
        connection=connection,
        mode=mode,
        batch_type=batch_type,
        trigger=Trigger.MANUAL,
        requested_by=origin.user_id,
        requested_at=origin.at,
    )


@dataclass(frozen=True, slots=True)
class Launching:
    """Starts executions for runs, and for the rest of a run that outgrew its execution."""

    syncs: Syncs
    launcher: Launcher

    def launch(self, tenant_id: str, run_id: str, pass_number: int, number: int | None) -> None:
        """Start a pass of a run: the whole run, or its batch ``number`` alone; safe to repeat, late or not."""
        run = self.syncs.get(tenant_id, run_id)
        if not run.is_at(pass_number):
            return
        start: dict[str, Any] = {"step": "PLAN"}
        if number is not None:
            start = {"step": "BATCH", "batch": to_wire(self.syncs.batch(tenant_id, run_id, number).range)}
        self.launcher.launch(execution_name(run), _input(run, start))

    def go_on(self, tenant_id: str, run_id: str, pass_number: int, cursor: Mapping[str, Any]) -> None:
        """Start the execution that lists and syncs from ``cursor`` on; safe to repeat, late or not."""
        run = self.syncs.get(tenant_id, run_id)
        if not run.is_at(pass_number):
            return
        part = (cursor["next_number"] - 1) // BATCHES_PER_EXECUTION + 1
        self.launcher.launch(execution_name(run, part), _input(run, {"step": "LIST", "cursor": dict(cursor)}))


def _input(run: SyncRun, start: Mapping[str, Any]) -> dict[str, Any]:
    names = {"tenant_id": run.tenant_id, "run_id": run.run_id, "pass_number": run.pass_number}
    return {**names, "batch": None, "cursor": FIRST, **start}


FIRST: Mapping[str, Any] = {"after": None, "next_number": 1}
"""The cursor of a run's first listing."""


def to_wire(batch_range: Range) -> dict[str, Any]:
    """Return a range as the state machine carries it."""
    return {"number": batch_range.number, "after": batch_range.after, "up_to": batch_range.up_to}


def from_wire(carried: Mapping[str, Any]) -> Range:
    """Read back what ``to_wire`` wrote."""
    return Range(int(carried["number"]), carried["after"], carried["up_to"])
