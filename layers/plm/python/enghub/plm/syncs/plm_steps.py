"""The steps of the state machine sync_products that call the PLM."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from enghub.core.clock import Clock
from enghub.plm.products.imports import ProductImport
from enghub.plm.products.model import Outcome, Rejection
from enghub.plm.products.repository import GoneProducts
from enghub.plm.syncs.model import Batch, Counts, Listing, Mode, Range, SyncRun, Trigger, cut
from enghub.plm.syncs.repository import Plm, Plms, SyncRuns, advanced
from enghub.plm.syncs.service import existing

PAGE = 500
"""Records fetched from the PLM at once."""


def _no_files(run: SyncRun) -> Plm:
    message = f"run {run.run_id} takes a file, which nobody reads here"
    raise ValueError(message)


@dataclass(frozen=True, slots=True)
class PlmSteps:
    """The steps of the state machine that call the PLM. Each may be repeated after a lost answer."""

    runs: SyncRuns
    plms: Plms
    products: ProductImport
    clock: Clock
    gone: GoneProducts
    files: Callable[[SyncRun], Plm] = _no_files
    """What was read of the file that a run takes."""

    def _plm(self, run: SyncRun) -> Plm:
        return self.files(run) if run.trigger is Trigger.FILE else self.plms.of(run.connection, run.tenant_id)

    def list_batches(
        self, tenant_id: str, run_id: str, pass_number: int, after: str | None, first_number: int
    ) -> Listing:
        """Cut the next batches; memory and answer are bounded by BATCHES_PER_LISTING. None for a pass that is over."""
        before = existing(self.runs, tenant_id, run_id)
        run = before.value
        if not run.is_at(pass_number):
            return Listing((), None, first_number)
        identifiers = self._plm(run).object_ids(run.since, after)
        listing = cut(identifiers, after, first_number, run.batch_size)
        self.runs.save_listing(before, run.knowing(listing), listing)
        self.runs.alive(run.lease(self.clock()))
        return listing

    def sync(self, tenant_id: str, run_id: str, pass_number: int, batch_range: Range) -> Batch:
        """Fetch a batch's records page by page and land them; a record that is bad is rejected alone."""
        run = existing(self.runs, tenant_id, run_id).value
        if not run.is_at(pass_number):
            return Batch(batch_range)
        self.runs.alive(run.lease(self.clock()))
        plm = self._plm(run)
        outcomes: Counter[Outcome] = Counter()
        rejections: list[Rejection] = []
        seen: set[str] = set()
        after: str | None = batch_range.after
        while True:
            page = plm.products(run.since, after, batch_range.up_to, min(PAGE, run.batch_size))
            counted, rejected = self.products.take_over(page.records, run.stamp(self.clock()))
            seen.update(str(record.get("objectId")) for record in page.records)
            outcomes.update(counted)
            rejections.extend(rejected)
            if page.after is None:
                break
            after = advanced(after, page.after)
        now = self.clock()
        if run.mode is Mode.FULL:
            self.gone.saw(run.stamp(now), batch_range.number, seen)
        self.runs.save_rejections(tenant_id, run_id, batch_range.number, rejections, now)
        done = Batch(batch_range).done(Counts.of(outcomes), now)
        self.runs.save_batch(tenant_id, run_id, done)
        return done
