"""Requests and answers about sync runs."""

from enghub.core import wire
from enghub.core.i18n import Language
from enghub.plm.names import ConnectionName
from enghub.plm.products.reasons import Reason
from enghub.plm.syncs.model import Batch, BatchStatus, BatchType, Counts, Mode, Rejected, RunStatus, SyncRun, Trigger
from enghub.plm.syncs.rollback import Rollback, RollbackStatus


class StartSyncRequest(wire.Request):
    """Which products to take over, from which PLM, in batches of 100, 500 or 1,000."""

    mode: Mode
    batch_type: BatchType = BatchType.MEDIUM
    connection: ConnectionName = "default"


class RecordCounts(wire.Response):
    """Records by what became of them."""

    created: int
    updated: int
    unchanged: int
    rejected: int

    @classmethod
    def of(cls, counts: Counts) -> "RecordCounts":
        """Return the answer for ``counts``."""
        return cls(created=counts.created, updated=counts.updated, unchanged=counts.unchanged, rejected=counts.rejected)


class SyncRunResponse(wire.Response):
    """A sync run."""

    run_id: str
    connection: str
    mode: Mode
    batch_type: BatchType
    batch_size: int
    trigger: Trigger
    status: RunStatus
    since: wire.Instant | None
    requested_by: str
    requested_at: wire.Instant
    started_at: wire.Instant | None
    finished_at: wire.Instant | None
    failure: str | None
    source: str
    mapping_version: int
    bom_mapping_version: int
    content: str

    @classmethod
    def of(cls, run: SyncRun) -> "SyncRunResponse":
        """Return the answer for ``run``."""
        return cls(**_fields(run))


def _fields(run: SyncRun) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "connection": run.connection,
        "mode": run.mode,
        "batch_type": run.batch_type,
        "batch_size": run.batch_size,
        "trigger": run.trigger,
        "status": run.status,
        "since": run.since,
        "requested_by": run.requested_by,
        "requested_at": run.requested_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "failure": run.failure,
        "source": run.source,
        "mapping_version": run.mapping_version,
        "bom_mapping_version": run.bom_mapping_version,
        "content": run.content,
    }


class FailedBatch(wire.Response):
    """A batch that can be run again alone."""

    number: int
    failure: str | None
    finished_at: wire.Instant | None

    @classmethod
    def of(cls, batch: Batch) -> "FailedBatch":
        """Return the answer for ``batch``."""
        return cls(number=batch.range.number, failure=batch.failure, finished_at=batch.finished_at)


class RejectedRecord(wire.Response):
    """A record of the PLM that was not taken over."""

    batch_number: int
    object_id: str
    plm_product_code: str
    plm_product_version: str
    field: str
    value: str
    reason: Reason
    message: str
    place: str

    @classmethod
    def of(cls, rejected: Rejected, language: Language) -> "RejectedRecord":
        """Return the answer for ``rejected``, its message in ``language``."""
        found = rejected.rejection
        return cls(
            batch_number=rejected.batch_number,
            object_id=found.object_id,
            plm_product_code=found.code,
            plm_product_version=found.version,
            field=found.field,
            value=found.value,
            reason=found.reason,
            message=found.message(language),
            place=found.place,
        )


class BomCountsResponse(wire.Response):
    """BOM versions by what became of them; what is refused of them is among the rejected."""

    written: int
    unchanged: int


class BatchCounts(wire.Response):
    """Batches by where they stand; ``complete`` when all of them are known."""

    total: int
    pending: int
    done: int
    failed: int
    complete: bool


class RollbackRequest(wire.Request):
    """Why a run is rolled back."""

    reason: wire.ShortText


class RollbackResponse(wire.Response):
    """The rollback of a run; ``changedSince`` names records that others wrote after it."""

    status: RollbackStatus
    requested_by: str
    requested_at: wire.Instant
    reason: str
    restored: int
    changed_since: tuple[str, ...]
    finished_at: wire.Instant | None

    @classmethod
    def of(cls, found: Rollback) -> "RollbackResponse":
        """Return the answer for ``found``."""
        return cls(
            status=found.status,
            requested_by=found.requested_by,
            requested_at=found.requested_at,
            reason=found.reason,
            restored=found.restored,
            changed_since=found.changed_since,
            finished_at=found.finished_at,
        )


class SyncReport(SyncRunResponse):
    """A run's progress while it goes on, its report once it ended, with a page of its rejected records."""

    batches: BatchCounts
    records: RecordCounts
    failed_batches: tuple[FailedBatch, ...]
    left_out: int
    boms: BomCountsResponse
    gone: int
    rollback: RollbackResponse | None
    rejected: tuple[RejectedRecord, ...]
    cursor: str | None

    @classmethod
    def report(
        cls,
        run: SyncRun,
        progress: "tuple[dict[BatchStatus, int], Counts, tuple[Batch, ...]]",
        rejected: tuple[Rejected, ...],
        cursor: str | None,
        language: Language,
    ) -> "SyncReport":
        """Return the answer for ``run``."""
        statuses, counts, failed = progress
        return cls(
            **_fields(run),
            batches=BatchCounts(
                total=run.batches,
                pending=statuses.get(BatchStatus.PENDING, 0),
                done=statuses.get(BatchStatus.DONE, 0),
                failed=statuses.get(BatchStatus.FAILED, 0),
                complete=run.listed,
            ),
            records=RecordCounts.of(counts),
            left_out=counts.left_out,
            boms=BomCountsResponse(written=counts.boms_written, unchanged=counts.boms_unchanged),
            gone=run.gone,
            rollback=run.rollback and RollbackResponse.of(run.rollback),
            failed_batches=tuple(FailedBatch.of(batch) for batch in failed),
            rejected=tuple(RejectedRecord.of(one, language) for one in rejected),
            cursor=cursor,
        )
