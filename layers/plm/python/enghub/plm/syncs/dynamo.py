"""Sync runs, batches, rejected records and watermarks in DynamoDB.

Keys: run ``T#<tenant>#SYNC#<run>`` / ``RUN``; batch ``T#<tenant>#SYNC#<run>`` / ``BATCH#<number>``; rejected record
``T#<tenant>#SYNC-REJECTED#<run>`` / ``<batch>#<object>#<place>``; watermark ``T#<tenant>#WATERMARK#<connection>`` /
``PRODUCTS``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from enghub.core import audit
from enghub.core.audit import AuditEntry, Link
from enghub.core.dynamo import InstantAttribute, RawItem, Record, key
from enghub.core.errors import VersionConflict
from enghub.core.events import Envelope
from enghub.core.idempotency import Once, puts
from enghub.core.identity import Origin
from enghub.core.outbox import to_command, to_outbox
from enghub.core.transactions import MAX_TRANSACTION_ITEMS, Delete, Put, Write, absent, transact
from enghub.kit.runs import dynamo as leases
from enghub.kit.runs.leases import Lease
from enghub.plm.products.model import Reason, Rejection
from enghub.plm.syncs.model import (
    BATCHES_PER_LISTING,
    LEASED,
    Batch,
    BatchStatus,
    BatchType,
    Counts,
    Listing,
    Mode,
    Range,
    Rejected,
    RunStatus,
    SyncRun,
    Trigger,
)
from enghub.plm.syncs.repository import RejectedPage

QUEUE = "launch_sync"
BATCHES_KEPT = timedelta(days=90)
"""How long batches and rejected records of a run can be read; the run itself stays."""


class RunRecord(Record):
    """One run."""

    ENTITY = "SYNC_RUN"

    tenant_id = UnicodeAttribute()
    factory_id = UnicodeAttribute()
    run_id = UnicodeAttribute()
    connection = UnicodeAttribute()
    mode = UnicodeAttribute()
    batch_type = UnicodeAttribute()
    trigger = UnicodeAttribute()
    requested_by = UnicodeAttribute()
    requested_at = InstantAttribute()
    status = UnicodeAttribute()
    since = InstantAttribute(null=True)
    started_at = InstantAttribute(null=True)
    finished_at = InstantAttribute(null=True)
    listed = BooleanAttribute()
    batches = NumberAttribute()
    failed_batches = NumberAttribute()
    counts = JSONAttribute()
    failure = UnicodeAttribute(null=True)
    pass_number = NumberAttribute()
    version = NumberAttribute()
    audit_sequence = NumberAttribute()
    audit_hash = UnicodeAttribute()


class BatchRecord(Record):
    """One batch."""

    ENTITY = "SYNC_BATCH"

    number = NumberAttribute()
    after = UnicodeAttribute(null=True)
    up_to = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    counts = JSONAttribute()
    failure = UnicodeAttribute(null=True)
    finished_at = InstantAttribute(null=True)


class RejectedRecord(Record):
    """One rejected record."""

    ENTITY = "SYNC_REJECTED"

    batch_number = NumberAttribute()
    object_id = UnicodeAttribute()
    reason = UnicodeAttribute()
    field = UnicodeAttribute()
    value = UnicodeAttribute()
    code = UnicodeAttribute()
    product_version = UnicodeAttribute()
    plm_updated_at = InstantAttribute(null=True)


class WatermarkRecord(Record):
    """The start of the last run that succeeded."""

    ENTITY = "WATERMARK"

    at = InstantAttribute()


def _run_key(tenant_id: str, run_id: str) -> str:
    return key("T", tenant_id, "SYNC", run_id)


def _rejected_key(tenant_id: str, run_id: str) -> str:
    return key("T", tenant_id, "SYNC-REJECTED", run_id)


def _watermark_key(tenant_id: str, connection: str) -> str:
    return key("T", tenant_id, "WATERMARK", connection)


def _number(number: int) -> str:
    return f"{number:08d}"


class DynamoSyncRuns:
    """The SyncRuns of ``repository`` on the context's table."""

    def request(self, run: SyncRun, origin: Origin, once: Once | None) -> None:
        """See SyncRuns."""
        entry = _entry(origin, "sync:requested", run)
        try:
            transact(
                *puts(once, run),
                Put(_run_record(run, entry.link), absent(), _known),
                audit.to_put(entry),
                leases.held(run.lease(origin.at)),
                _command(run, origin, None),
            )
        except _Known:
            return

    def get(self, tenant_id: str, run_id: str) -> SyncRun | None:
        """See SyncRuns."""
        record = RunRecord.read(_run_key(tenant_id, run_id), "RUN")
        return _run(record) if record else None

    def save(self, run: SyncRun) -> None:
        """See SyncRuns."""
        transact(_replace(run))

    def save_listing(self, run: SyncRun, listing: Listing) -> None:
        """See SyncRuns. A listing holds 40 batches at most, so that all fits into one transaction."""
        pk, first = _run_key(run.tenant_id, run.run_id), key("BATCH", _number(listing.following))
        stale = BatchRecord.items(pk, between=(first, key("BATCH", "~")))
        transact(
            _replace(run),
            *(Delete(record) for record in islice(stale, BATCHES_PER_LISTING)),
            *(Put(_batch_record(run.tenant_id, run.run_id, Batch(found), run)) for found in listing.ranges),
        )

    def batch(self, tenant_id: str, run_id: str, number: int) -> Batch | None:
        """See SyncRuns."""
        record = BatchRecord.read(_run_key(tenant_id, run_id), key("BATCH", _number(number)))
        return _batch(record) if record else None

    def batches(self, tenant_id: str, run_id: str) -> Iterator[Batch]:
        """See SyncRuns."""
        found = BatchRecord.items(_run_key(tenant_id, run_id), prefix="BATCH#")
        return (_batch(record) for record in found)

    def save_batch(self, tenant_id: str, run_id: str, batch: Batch) -> None:
        """See SyncRuns."""
        transact(Put(_batch_record(tenant_id, run_id, batch)))

    def save_rejections(
        self, tenant_id: str, run_id: str, number: int, rejections: Sequence[Rejection], at: datetime
    ) -> None:
        """See SyncRuns. 100 at a time."""
        pk = _rejected_key(tenant_id, run_id)
        records = {
            record.sk: record
            for record in (_rejected_record(pk, number, place, found, at) for place, found in enumerate(rejections))
        }
        stale = [
            Delete(found) for found in RejectedRecord.items(pk, prefix=f"{_number(number)}#") if found.sk not in records
        ]
        writes: list[Write] = [*stale, *(Put(record) for record in records.values())]
        for start in range(0, len(writes), MAX_TRANSACTION_ITEMS):
            transact(*writes[start : start + MAX_TRANSACTION_ITEMS])

    def rejected(self, tenant_id: str, run_id: str, limit: int, cursor: str | None) -> RejectedPage:
        """See SyncRuns."""
        page = RejectedRecord.page(_rejected_key(tenant_id, run_id), limit=limit, cursor=cursor)
        return RejectedPage(tuple(_rejected(record) for record in page.items), page.cursor)

    def run_again(self, run: SyncRun, batch: Batch, origin: Origin, once: Once | None) -> None:
        """See SyncRuns."""
        entry = _entry(origin, f"sync:batch_{batch.range.number}_run_again", run)
        transact(
            *puts(once, run),
            _replace(run, entry.link),
            Put(_batch_record(run.tenant_id, run.run_id, batch, run)),
            leases.held(run.lease(origin.at)),
            audit.to_put(entry),
            _command(run, origin, batch.range.number),
        )

    def finish(self, run: SyncRun, event: Envelope, origin: Origin) -> None:
        """See SyncRuns."""
        entry = _entry(origin, f"sync:{run.status.value.lower()}", run)
        transact(
            _replace(run, entry.link),
            *self._watermark(run),
            leases.released(LEASED, run.tenant_id, run.run_id),
            audit.to_put(entry),
            to_outbox(event, subject=run.run_id),
        )

    def alive(self, lease: Lease) -> None:
        """See SyncRuns."""
        leases.extend(lease)

    def lost(self, now: datetime) -> Iterator[Lease]:
        """See SyncRuns."""
        return leases.lost(LEASED, now)

    def forget(self, lease: Lease) -> None:
        """See SyncRuns."""
        transact(leases.released(LEASED, lease.tenant_id, lease.run_id))

    def watermark(self, tenant_id: str, connection: str) -> datetime | None:
        """See SyncRuns."""
        record = WatermarkRecord.read(_watermark_key(tenant_id, connection), "PRODUCTS")
        return record.at if record else None

    def _watermark(self, run: SyncRun) -> list[Write]:
        stored = self.watermark(run.tenant_id, run.connection)
        if not run.succeeded or run.started_at is None or (stored is not None and stored >= run.started_at):
            return []
        record = WatermarkRecord(pk=_watermark_key(run.tenant_id, run.connection), sk="PRODUCTS", at=run.started_at)
        return [Put(record, absent() if stored is None else WatermarkRecord.at == stored, _moved)]


class _Known(Exception):
    """The run exists."""


def _known(_: RawItem | None) -> Exception:
    return _Known()


def _moved(_: RawItem | None) -> Exception:
    return VersionConflict(expected="the watermark read", actual="another")


def _command(run: SyncRun, origin: Origin, number: int | None) -> Put:
    payload = {"run_id": run.run_id, "pass_number": run.pass_number, "batch": number}
    return to_command(QUEUE, payload, origin, subject=run.run_id)


def _entry(origin: Origin, action: str, run: SyncRun) -> AuditEntry:
    after = {
        "status": run.status.value,
        "mode": run.mode.value,
        "connection": run.connection,
        "batches": run.batches,
        "failed_batches": run.failed_batches,
    }
    previous = Link(run.audit_sequence, run.audit_hash)
    return AuditEntry(origin, action, f"sync-run/{run.run_id}", None, after, previous, run.failure or "")


def _replace(run: SyncRun, link: Link | None = None) -> Put:
    record = _run_record(run, link or Link(run.audit_sequence, run.audit_hash))
    return Put(record, RunRecord.version == run.version - 1, _outdated(run.version - 1))


def _outdated(expected: int) -> Callable[[RawItem | None], Exception]:
    def refusal(item: RawItem | None) -> Exception:
        return VersionConflict(expected=expected, actual=int(item["version"]["N"]) if item else 0)

    return refusal


def _run_record(run: SyncRun, link: Link) -> RunRecord:
    return RunRecord(
        pk=_run_key(run.tenant_id, run.run_id),
        sk="RUN",
        tenant_id=run.tenant_id,
        factory_id=run.factory_id,
        run_id=run.run_id,
        connection=run.connection,
        mode=run.mode.value,
        batch_type=run.batch_type.value,
        trigger=run.trigger.value,
        requested_by=run.requested_by,
        requested_at=run.requested_at,
        status=run.status.value,
        since=run.since,
        started_at=run.started_at,
        finished_at=run.finished_at,
        listed=run.listed,
        batches=run.batches,
        failed_batches=run.failed_batches,
        counts=asdict(run.counts),
        failure=run.failure,
        pass_number=run.pass_number,
        version=run.version,
        audit_sequence=link.sequence,
        audit_hash=link.hash,
    )


def _run(record: RunRecord) -> SyncRun:
    return SyncRun(
        tenant_id=record.tenant_id,
        factory_id=record.factory_id,
        run_id=record.run_id,
        connection=record.connection,
        mode=Mode(record.mode),
        batch_type=BatchType(record.batch_type),
        trigger=Trigger(record.trigger),
        requested_by=record.requested_by,
        requested_at=record.requested_at,
        status=RunStatus(record.status),
        since=record.since,
        started_at=record.started_at,
        finished_at=record.finished_at,
        listed=record.listed,
        batches=int(record.batches),
        failed_batches=int(record.failed_batches),
        counts=Counts(**record.counts),
        failure=record.failure,
        pass_number=int(record.pass_number),
        version=int(record.version),
        audit_sequence=int(record.audit_sequence),
        audit_hash=record.audit_hash,
    )


def _batch_record(tenant_id: str, run_id: str, batch: Batch, run: SyncRun | None = None) -> BatchRecord:
    seen_at = batch.finished_at or (run and (run.started_at or run.requested_at))
    return BatchRecord(
        pk=_run_key(tenant_id, run_id),
        sk=key("BATCH", _number(batch.range.number)),
        number=batch.range.number,
        after=batch.range.after,
        up_to=batch.range.up_to,
        status=batch.status.value,
        counts=asdict(batch.counts),
        failure=batch.failure,
        finished_at=batch.finished_at,
        expires_at=int((seen_at + BATCHES_KEPT).timestamp()) if seen_at else None,
    )


def _batch(record: BatchRecord) -> Batch:
    return Batch(
        range=Range(int(record.number), record.after, record.up_to),
        status=BatchStatus(record.status),
        counts=Counts(**record.counts),
        failure=record.failure,
        finished_at=record.finished_at,
    )


def _rejected_record(pk: str, number: int, place: int, rejection: Rejection, at: datetime) -> RejectedRecord:
    name = rejection.object_id or f"record {place + 1}"
    return RejectedRecord(
        pk=pk,
        sk=key(_number(number), name, rejection.field),
        batch_number=number,
        object_id=rejection.object_id,
        reason=rejection.reason.value,
        field=rejection.field,
        value=rejection.value,
        code=rejection.code,
        product_version=rejection.version,
        plm_updated_at=rejection.updated_at,
        expires_at=int((at + BATCHES_KEPT).timestamp()),
    )


def _rejected(record: RejectedRecord) -> Rejected:
    rejection = Rejection(
        object_id=record.object_id,
        reason=Reason(record.reason),
        field=record.field,
        value=record.value,
        code=record.code,
        version=record.product_version,
        updated_at=record.plm_updated_at,
    )
    return Rejected(int(record.batch_number), rejection)
