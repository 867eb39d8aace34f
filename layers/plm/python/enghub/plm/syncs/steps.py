"""The steps of the state machine sync_products that need no PLM."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from enghub.core.clock import Clock
from enghub.core.commits import Command, Commit
from enghub.core.errors import VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.kit.runs.leases import Lease
from enghub.kit.runs.sweep import Fate, Swept, sweep
from enghub.plm import published
from enghub.plm.syncs.model import Batch, Mode, Range, SyncRun, Trigger
from enghub.plm.syncs.repository import SyncRuns
from enghub.plm.syncs.service import existing

WORKFLOW = "system:sync-products"
LOST = "no sign of life for half an hour: its execution was stopped, or never began"
GONE_QUEUE = "mark_gone"
FILE_QUEUE = "take_plm_file"
"""Where the report of a run that took a file is made."""
USUAL_OVERLAP = timedelta(minutes=10)
FINISHING_TRIES = 5
"""Runs of one connection that end at the same moment move the same watermark."""


@dataclass(frozen=True, slots=True)
class SyncSteps:
    """The steps of the state machine that need no PLM. Each may be repeated after a lost answer."""

    runs: SyncRuns
    clock: Clock
    overlap: Callable[[str, str], timedelta] = lambda _, __: USUAL_OVERLAP
    """How far an incremental run of a tenant's connection looks back."""
    mapping_versions: Callable[[str, str], tuple[int, int]] = lambda _, __: (0, 0)
    """Which versions of the mapping rules of a tenant's connection make products, and lines of BOMs."""
    told: Callable[[SyncRun], None] = lambda _: None
    """Hears of a run that has ended, once per pass."""

    def plan(self, tenant_id: str, run_id: str, pass_number: int) -> SyncRun:
        """Open the run: fix what it takes, from the watermark."""
        before = existing(self.runs, tenant_id, run_id)
        run = before.value
        if not run.is_at(pass_number):
            return run
        opened = run.begin(
            self.runs.watermark(tenant_id, run.connection),
            self.overlap(tenant_id, run.connection),
            self.clock(),
            self.mapping_versions(tenant_id, run.connection),
        )
        if opened is not run:
            self.runs.save(before, opened)
        return opened

    def record_failure(self, tenant_id: str, run_id: str, pass_number: int, batch_range: Range, reason: str) -> Batch:
        """Keep that a batch failed, and why; a pass that is over says nothing of the batches of the next."""
        batch = self.runs.batch(tenant_id, run_id, batch_range.number) or Batch(batch_range)
        if not existing(self.runs, tenant_id, run_id).value.is_at(pass_number):
            return batch
        failed = batch.failed(reason[:500], self.clock())
        self.runs.save_batch(tenant_id, run_id, failed)
        return failed

    def finish(self, tenant_id: str, run_id: str, pass_number: int, fault: str | None) -> SyncRun:
        """Sum a pass up, move the watermark if it succeeded, publish its end; a pass that is over changes nothing.

        Raises:
            VersionConflict: other runs kept moving the watermark; nothing was written, repeating is safe.
        """
        for attempt in range(1, FINISHING_TRIES + 1):
            before = existing(self.runs, tenant_id, run_id)
            run = before.value
            if not run.is_at(pass_number):
                break
            now = self.clock()
            origin = Origin(tenant_id, run.factory_id, WORKFLOW, now, run_id)
            run = run.finish(self.runs.batches(tenant_id, run_id), fault, now)
            events, reason = (ended_event(run, origin),), run.failure or ""
            # Only a complete run of everything can tell what is no longer there (C11).
            is_complete = run.succeeded and run.mode is Mode.FULL
            commands = [Command(GONE_QUEUE, {"run_id": run_id, "cursor": None})] if is_complete else []
            if run.trigger is Trigger.FILE:
                commands.append(Command(FILE_QUEUE, {"run_id": run_id}))
            try:
                self.runs.finish(
                    Commit(origin, run.status.lower(), run, before, events, tuple(commands), reason=reason)
                )
            except VersionConflict:
                if attempt == FINISHING_TRIES:
                    raise
            else:
                self.told(run)
                break
        return run

    def age(self, tenant_id: str, connection: str) -> timedelta | None:
        """Return how long ago the last sync that succeeded began; None where none ever did."""
        found = self.runs.watermark(tenant_id, connection)
        return None if found is None else self.clock() - found

    def sweep(self) -> Swept:
        """End the passes that nobody works on any more, so that their batches can be run again."""
        return sweep(self.runs.lost(self.clock()), self._end_lost)

    def _end_lost(self, lease: Lease) -> Fate:
        kept = self.runs.get(lease.tenant_id, lease.run_id)
        if kept is None or not kept.value.is_at(lease.turn):
            self.runs.forget(lease)
            return Fate.ALIVE
        self.finish(lease.tenant_id, lease.run_id, lease.turn, LOST)
        return Fate.GIVEN_UP


def ended_event(run: SyncRun, origin: Origin) -> Envelope:
    """Return ProductSyncCompleted, or ProductSyncFailed when a batch or the run itself failed."""
    totals = {
        "run_id": run.run_id,
        "connection": run.connection,
        "mode": run.mode.value,
        "trigger": run.trigger.value,
        "batches": run.batches,
        "failed_batches": run.failed_batches,
        "created": run.counts.created,
        "updated": run.counts.updated,
        "unchanged": run.counts.unchanged,
        "rejected": run.counts.rejected,
        "boms": run.counts.boms_written,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    }
    if run.succeeded:
        return published.ProductSyncCompleted.model_validate(totals).envelope(origin)
    totals["failure"] = run.failure or ""
    return published.ProductSyncFailed.model_validate(totals).envelope(origin)
