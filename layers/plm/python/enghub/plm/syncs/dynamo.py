"""Sync runs, batches, rejected records and watermarks in DynamoDB.

Keys: run ``T#<tenant>#SYNC#<run>`` / ``RUN``; batch ``T#<tenant>#SYNC#<run>`` / ``BATCH#<number>``; rejected record
``T#<tenant>#SYNC-REJECTED#<run>`` / ``<batch>#<object>#<place>``; watermark ``T#<tenant>#WATERMARK#<connection>`` /
``PRODUCTS``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Attr, each, key
from enghub.core.errors import VersionConflict
from enghub.core.transactions import MAX_TRANSACTION_ITEMS, Delete, PutItem, Write, absent, transact
from enghub.kit.runs import dynamo as leases
from enghub.kit.runs.leases import Lease
from enghub.plm.products.model import Rejection
from enghub.plm.syncs.model import BATCHES_PER_LISTING, LEASED, Batch, Listing, Rejected, SyncRun
from enghub.plm.syncs.repository import RejectedPage

BATCHES_KEPT = timedelta(days=90)
"""How long batches and rejected records of a run can be read; the run itself stays."""


class _Known(Exception):
    """The run exists."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """The start of the last run that succeeded."""

    at: datetime


def _partition(tenant_id: str, run_id: str) -> str:
    return key("T", tenant_id, "SYNC", run_id)


def _run_key(tenant_id: str, run_id: str) -> Key:
    return _partition(tenant_id, run_id), "RUN"


def _batch_key(tenant_id: str, run_id: str, number: int) -> Key:
    return _partition(tenant_id, run_id), key("BATCH", _number(number))


def _rejected_partition(tenant_id: str, run_id: str) -> str:
    return key("T", tenant_id, "SYNC-REJECTED", run_id)


def _watermark_key(tenant_id: str, connection: str) -> Key:
    return key("T", tenant_id, "WATERMARK", connection), "PRODUCTS"


def _number(number: int) -> str:
    return f"{number:08d}"


def _until(at: datetime | None) -> dict[str, int | None]:
    return {"expires_at": int((at + BATCHES_KEPT).timestamp()) if at else None}


RUNS = Aggregate(
    SyncRun,
    "SYNC_RUN",
    key=lambda run: _run_key(run.tenant_id, run.run_id),
    name="sync_run",
    identity=lambda run: run.run_id,
    factory=lambda run: run.factory_id,
    shows=("status", "mode", "connection", "batches", "failed_batches", "pass_number"),
    revision="version",
    exists=lambda _: _Known(),
)
BATCHES = Items(Batch, "SYNC_BATCH", layout=Layout(flat=("range",)), more=lambda batch: _until(batch.finished_at))
REJECTED = Items(
    Rejected,
    "SYNC_REJECTED",
    layout=Layout(
        flat=("rejection",),
        names={"rejection.version": "product_version", "rejection.updated_at": "plm_updated_at"},
    ),
)
WATERMARKS = Items(Watermark, "WATERMARK")


class DynamoSyncRuns:
    """The SyncRuns of ``repository`` on the context's table."""

    def request(self, commit: Commit[SyncRun]) -> None:
        """See SyncRuns."""
        try:
            RUNS.save(commit, leases.held(commit.after.lease(commit.origin.at)))
        except _Known:
            return

    def get(self, tenant_id: str, run_id: str) -> Kept[SyncRun] | None:
        """See SyncRuns."""
        return RUNS.read(_run_key(tenant_id, run_id))

    def save(self, before: Kept[SyncRun], after: SyncRun) -> None:
        """See SyncRuns."""
        transact(RUNS.write(after, before))

    def save_commit(self, commit: Commit[SyncRun]) -> None:
        """See SyncRuns."""
        RUNS.save(commit)

    def save_listing(self, before: Kept[SyncRun], after: SyncRun, listing: Listing) -> None:
        """See SyncRuns. A listing holds 40 batches at most, so that all fits into one transaction."""
        pk, first = _batch_key(after.tenant_id, after.run_id, listing.following)
        stale = each(pk, between=(first, key("BATCH", "~")))
        transact(
            RUNS.write(after, before),
            *(Delete((item["pk"]["S"], item["sk"]["S"])) for item in islice(stale, BATCHES_PER_LISTING)),
            *(_batch_write(after, Batch(found)) for found in listing.ranges),
        )

    def batch(self, tenant_id: str, run_id: str, number: int) -> Batch | None:
        """See SyncRuns."""
        return BATCHES.get(_batch_key(tenant_id, run_id, number))

    def batches(self, tenant_id: str, run_id: str) -> Iterator[Batch]:
        """See SyncRuns."""
        return BATCHES.each(_partition(tenant_id, run_id), prefix="BATCH#")

    def save_batch(self, tenant_id: str, run_id: str, batch: Batch) -> None:
        """See SyncRuns."""
        transact(BATCHES.put(batch, at=_batch_key(tenant_id, run_id, batch.range.number)))

    def save_rejections(
        self, tenant_id: str, run_id: str, number: int, rejections: Sequence[Rejection], at: datetime
    ) -> None:
        """See SyncRuns. 100 at a time."""
        pk = _rejected_partition(tenant_id, run_id)
        puts: dict[str, Write] = {}
        for place, found in enumerate(rejections):
            name = (found.place, found.object_id) if found.place else (found.object_id or f"record {place + 1}",)
            sk = key(_number(number), *name, found.field)
            puts[sk] = REJECTED.put(Rejected(number, found), at=(pk, sk), more=_until(at))
        kept = [item["sk"]["S"] for item in each(pk, prefix=f"{_number(number)}#")]
        writes: list[Write] = [*(Delete((pk, sk)) for sk in kept if sk not in puts), *puts.values()]
        for start in range(0, len(writes), MAX_TRANSACTION_ITEMS):
            transact(*writes[start : start + MAX_TRANSACTION_ITEMS])

    def rejected(self, tenant_id: str, run_id: str, limit: int, cursor: str | None) -> RejectedPage:
        """See SyncRuns."""
        page = REJECTED.page(_rejected_partition(tenant_id, run_id), limit=limit, cursor=cursor)
        return RejectedPage(page.items, page.cursor)

    def run_again(self, commit: Commit[SyncRun], batch: Batch) -> None:
        """See SyncRuns."""
        run = commit.after
        RUNS.save(commit, _batch_write(run, batch), leases.held(run.lease(commit.origin.at)))

    def finish(self, commit: Commit[SyncRun]) -> None:
        """See SyncRuns."""
        run = commit.after
        RUNS.save(commit, *self._watermark(run), leases.released(LEASED, run.tenant_id, run.run_id))

    def alive(self, lease: Lease) -> None:
        """See SyncRuns."""
        leases.extend(lease)

    def lost(self, now: datetime) -> Iterator[Lease]:
        """See SyncRuns."""
        return leases.lost(LEASED, now)

    def forget(self, lease: Lease) -> None:
        """See SyncRuns."""
        leases.forget(lease)

    def watermark(self, tenant_id: str, connection: str) -> datetime | None:
        """See SyncRuns."""
        found = WATERMARKS.get(_watermark_key(tenant_id, connection))
        return found.at if found else None

    def _watermark(self, run: SyncRun) -> list[Write]:
        stored = self.watermark(run.tenant_id, run.connection)
        if not run.moves_watermark or run.started_at is None or (stored is not None and stored >= run.started_at):
            return []
        unmoved = absent() if stored is None else Attr("at") == stored
        return [
            WATERMARKS.put(Watermark(run.started_at), unmoved, _moved, at=_watermark_key(run.tenant_id, run.connection))
        ]


def _moved() -> Exception:
    return VersionConflict(expected="the watermark read", actual="another")


def _batch_write(run: SyncRun, batch: Batch) -> PutItem:
    at = _batch_key(run.tenant_id, run.run_id, batch.range.number)
    return BATCHES.put(batch, at=at, more=_until(run.started_at or run.requested_at))
