"""The steps of the state machine sync_products that call the PLM."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from enghub.core.clock import Clock
from enghub.plm.boms.imports import BomCounts, BomImport
from enghub.plm.mappings.applying import Around, CompiledMapping, applied
from enghub.plm.mappings.model import MappingKind
from enghub.plm.mappings.repository import PagePlace, SourceRecords
from enghub.plm.products.imports import ProductImport
from enghub.plm.products.model import Outcome, Rejection
from enghub.plm.products.reading import BOM_LINES, PROBLEM
from enghub.plm.products.repository import GoneProducts
from enghub.plm.syncs.model import Batch, Counts, Listing, Mode, Range, SyncRun, cut, file_of
from enghub.plm.syncs.repository import Plm, Plms, RecordPage, SyncRuns, advanced
from enghub.plm.syncs.service import existing

PAGE = 500
"""Records fetched from the PLM at once."""


def _no_files(run: SyncRun) -> Plm:
    message = f"run {run.run_id} takes a file, which nobody reads here"
    raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Mapped:
    """How a connection's records become those of here, and where they are kept as they came."""

    compiled: Callable[[str, str, MappingKind, int], CompiledMapping]
    around: Callable[[SyncRun], Around]
    sources: SourceRecords
    boms: BomImport
    """Lands the BOMs that come with products, and those of part lists."""


@dataclass(frozen=True, slots=True)
class PlmSteps:
    """The steps of the state machine that call the PLM. Each may be repeated after a lost answer."""

    runs: SyncRuns
    plms: Plms
    products: ProductImport
    clock: Clock
    gone: GoneProducts
    files: Callable[[SyncRun], Plm] = _no_files
    """What was read of the file or the messages that a run takes."""
    mapped: Mapped | None = None
    """None: members are the fields, and nothing is kept as it came."""

    def _plm(self, run: SyncRun) -> Plm:
        return self.files(run) if run.is_kept else self.plms.of(run.connection, run.tenant_id)

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
        after, number, left_out, boms = batch_range.after, 0, 0, BomCounts()
        while True:
            page = plm.products(run.since, after, batch_range.up_to, min(PAGE, run.batch_size))
            number += 1
            if run.is_of_boms:
                boms = boms.plus(self._land_boms(run, page.records))
            else:
                records, left = self._mapped(run, batch_range, number, page)
                counted, rejected = self.products.take_over(records, run.stamp(self.clock()))
                seen.update(str(one) for one in (*(record.get("objectId") for record in records), *left))
                left_out += len(left)
                outcomes.update(counted)
                rejections.extend(rejected)
                boms = boms.plus(self._land_boms(run, self._with_boms(run, records, rejected)))
            if page.after is None:
                break
            after = advanced(after, page.after)
        now = self.clock()
        if run.mode is Mode.FULL:
            self.gone.saw(run.stamp(now), batch_range.number, seen)
        self.runs.save_rejections(tenant_id, run_id, batch_range.number, [*rejections, *boms.rejections], now)
        outcomes[Outcome.REJECTED] += len(boms.rejections)
        counts = replace(
            Counts.of(outcomes, left_out + boms.left_out), boms_written=boms.written, boms_unchanged=boms.unchanged
        )
        done = Batch(batch_range).done(counts, now)
        self.runs.save_batch(tenant_id, run_id, done)
        return done

    def _mapped(
        self, run: SyncRun, batch: Range, number: int, page: RecordPage
    ) -> tuple[Sequence[Mapping[str, Any]], Sequence[Any]]:
        """Return the records that a page becomes, and the object ids of those left out; it is kept as it came."""
        if self.mapped is None:
            return page.records, ()
        place = PagePlace(run.tenant_id, run.connection, MappingKind.PRODUCT, run.run_id, batch.number, number)
        self.mapped.sources.keep(place, run.started_at or run.requested_at, page.records, file_of(run))
        rules = self.mapped.compiled(run.tenant_id, run.connection, MappingKind.PRODUCT, run.mapping_version)
        records, left = applied(rules, page.records, self.mapped.around(run))
        return records, [one.object_id for one in left]

    def _land_boms(self, run: SyncRun, records: Sequence[Mapping[str, Any]]) -> BomCounts:
        if self.mapped is None or not records:
            return BomCounts()
        rules = self._bom_rules(run, self.mapped)
        return self.mapped.boms.take_over(
            records, run.stamp(self.clock()), run.factory_id, is_partial=rules.rules.partial
        )

    @staticmethod
    def _bom_rules(run: SyncRun, mapped: Mapped) -> CompiledMapping:
        return mapped.compiled(run.tenant_id, run.connection, MappingKind.BOM_LINE, run.bom_mapping_version)

    def _with_boms(
        self, run: SyncRun, records: Sequence[Mapping[str, Any]], rejected: Sequence[Rejection]
    ) -> list[Mapping[str, Any]]:
        """Return the BOMs of products that were taken, their lines mapped."""
        refused = {one.object_id for one in rejected}
        found = [one for one in records if one.get(BOM_LINES) is not None and str(one.get("objectId")) not in refused]
        if self.mapped is None or not found:
            return []
        mapping, around = self._bom_rules(run, self.mapped), self.mapped.around(run)
        return [_bom_record(one, mapping, around) for one in found]


def _bom_record(product: Mapping[str, Any], mapping: CompiledMapping, around: Around) -> dict[str, Any]:
    """Return the BOM that a product's record holds; its version is the product's where it names none."""
    given = product[BOM_LINES]
    lines = given if isinstance(given, list) else [given]
    rows = [one if isinstance(one, dict) else {PROBLEM: ("UNREADABLE", BOM_LINES, str(one)[:100])} for one in lines]
    made, left = applied(mapping, rows, replace(around, product=product))
    version = product.get("bomVersion") or product.get("productVersion")
    named = {"productCode": product.get("productCode"), "bomVersion": version, "updatedAt": product.get("updatedAt")}
    return {**named, BOM_LINES: made, "leftOut": len(left)}
