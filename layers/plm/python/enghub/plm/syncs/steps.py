"""The steps of the state machine sync_products that need no PLM."""

from dataclasses import dataclass

from enghub.core.clock import Clock
from enghub.core.errors import VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.plm import published
from enghub.plm.syncs.model import Batch, Range, SyncRun
from enghub.plm.syncs.repository import SyncRuns
from enghub.plm.syncs.service import existing

WORKFLOW = "system:sync-products"
FINISHING_TRIES = 5
"""Runs of one connection that end at the same moment move the same watermark."""


@dataclass(frozen=True, slots=True)
class SyncSteps:
    """The steps of the state machine that need no PLM. Each may be repeated after a lost answer."""

    runs: SyncRuns
    clock: Clock

    def plan(self, tenant_id: str, run_id: str) -> SyncRun:
        """Open the run: fix what it takes, from the watermark."""
        run = existing(self.runs, tenant_id, run_id)
        opened = run.begin(self.runs.watermark(tenant_id, run.connection), self.clock())
        if opened is not run:
            self.runs.save(opened)
        return opened

    def record_failure(self, tenant_id: str, run_id: str, batch_range: Range, reason: str) -> Batch:
        """Keep that a batch failed, and why."""
        batch = self.runs.batch(tenant_id, run_id, batch_range.number) or Batch(batch_range)
        failed = batch.failed(reason[:500], self.clock())
        self.runs.save_batch(tenant_id, run_id, failed)
        return failed

    def finish(self, tenant_id: str, run_id: str, fault: str | None) -> SyncRun:
        """Sum the run up, move the watermark if it succeeded, publish its end.

        Raises:
            VersionConflict: other runs kept moving the watermark; nothing was written, repeating is safe.
        """
        for attempt in range(1, FINISHING_TRIES + 1):
            run = existing(self.runs, tenant_id, run_id)
            if run.ended:
                break
            now = self.clock()
            origin = Origin(tenant_id, run.factory_id, WORKFLOW, now, run_id)
            run = run.finish(self.runs.batches(tenant_id, run_id), fault, now)
            try:
                self.runs.finish(run, ended_event(run, origin), origin)
            except VersionConflict:
                if attempt == FINISHING_TRIES:
                    raise
            else:
                break
        return run


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
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    }
    if run.succeeded:
        return published.ProductSyncCompleted.model_validate(totals).envelope(origin)
    totals["failure"] = run.failure or ""
    return published.ProductSyncFailed.model_validate(totals).envelope(origin)
