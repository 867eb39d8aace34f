"""Product sync runs and their batches (PLM-03, PLM-04).

A run lists the PLM's objects in the order of their object ids, which never change, and cuts them into batches:
half-open ranges of ids ``(after, up_to]``, the last one open. A range keeps meaning the same objects while the PLM goes
on being edited, so nothing slips between two batches, and a batch can be run again alone
(docs/decisions/0011-sync-by-key-range.md).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from enghub.kit.runs.leases import Lease, Term
from enghub.plm.products.model import Outcome, Rejection, Stamp
from enghub.plm.syncs.errors import SyncBatchNotFailed, SyncRolledBack, SyncStillRunning
from enghub.plm.syncs.rollback import Rollback, RollbackStatus

LEASED = "product-sync"
PRODUCTS, BOMS = "PRODUCTS", "BOMS"
TERM = Term(timedelta(minutes=30))
"""Longer than a pass is silent: one batch may take eleven minutes with its second try, keeping its failure five."""
BATCHES_PER_LISTING = 40
BATCHES_PER_EXECUTION = 480
"""After so many batches a run goes on in a fresh execution: 25,000 events is all that one may have, and a batch that
fails, and whose failure is kept at the last try only, makes 40 of them."""


class Mode(StrEnum):
    """FULL: every product. INCREMENTAL: those updated since the last successful run."""

    FULL = "FULL"
    INCREMENTAL = "INCREMENTAL"


class BatchType(StrEnum):
    """How heavy a record is."""

    LIGHT = "LIGHT"
    MEDIUM = "MEDIUM"
    HEAVY = "HEAVY"


BATCH_SIZES: Mapping[BatchType, int] = {BatchType.LIGHT: 100, BatchType.MEDIUM: 500, BatchType.HEAVY: 1000}
"""Records per batch (PLM-04)."""


class Trigger(StrEnum):
    """What started a run."""

    MANUAL = "MANUAL"
    SCHEDULE = "SCHEDULE"
    FILE = "FILE"
    BROKER = "BROKER"


class RunStatus(StrEnum):
    """Where a run stands; FAILED when a batch or the run itself failed, whatever landed stays."""

    REQUESTED = "REQUESTED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class BatchStatus(StrEnum):
    """Where a batch stands."""

    PENDING = "PENDING"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Counts:
    """Records by what became of them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    left_out: int = 0
    """Records that the mapping rules do not take."""
    boms_written: int = 0
    boms_unchanged: int = 0

    @classmethod
    def of(cls, outcomes: "Counter[Outcome]", left_out: int = 0) -> "Counts":
        """Return the counts of ``outcomes``."""
        return cls(
            outcomes[Outcome.CREATED],
            outcomes[Outcome.UPDATED],
            outcomes[Outcome.UNCHANGED],
            outcomes[Outcome.REJECTED],
            left_out,
        )

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.rejected + other.rejected,
            self.left_out + other.left_out,
            self.boms_written + other.boms_written,
            self.boms_unchanged + other.boms_unchanged,
        )


@dataclass(frozen=True, slots=True)
class Range:
    """Batch ``number`` (from 1): the objects with ids after ``after`` (None: from the first) up to ``up_to``.

    ``up_to`` is None for the last one.
    """

    number: int
    after: str | None
    up_to: str | None


@dataclass(frozen=True, slots=True)
class Batch:
    """A range and what became of it."""

    range: Range
    status: BatchStatus = BatchStatus.PENDING
    counts: Counts = Counts()
    failure: str | None = None
    finished_at: datetime | None = None

    def done(self, counts: Counts, at: datetime) -> "Batch":
        """Return the batch with its records landed or rejected."""
        return replace(self, status=BatchStatus.DONE, counts=counts, failure=None, finished_at=at)

    def failed(self, reason: str, at: datetime) -> "Batch":
        """Return the batch as failed; one that is done stays done (only its answer got lost)."""
        if self.status is BatchStatus.DONE:
            return self
        return replace(self, status=BatchStatus.FAILED, failure=reason, finished_at=at)


@dataclass(frozen=True, slots=True)
class Listing:
    """Some of a run's batches, and the id after which the next ones begin; None when these are the last."""

    ranges: tuple[Range, ...]
    after: str | None
    first_number: int = 1

    @property
    def following(self) -> int:
        """The number of the next listing's first batch."""
        return self.first_number + len(self.ranges)


@dataclass(frozen=True, slots=True)
class SyncRun:
    """One run of a product sync, and its report once it ended.

    ``since``: only products updated from then on; None takes all. ``pass_number`` counts the run itself and each
    re-run of a batch.
    """

    tenant_id: str
    factory_id: str
    run_id: str
    connection: str
    mode: Mode
    batch_type: BatchType
    trigger: Trigger
    requested_by: str
    requested_at: datetime
    status: RunStatus = RunStatus.REQUESTED
    since: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    listed: bool = False
    batches: int = 0
    failed_batches: int = 0
    counts: Counts = Counts()
    failure: str | None = None
    pass_number: int = 1
    gone: int = 0
    """Products that a complete full run found gone from the PLM, and marked."""
    gone_cursor: str | None = None
    """Where marking goes on."""
    rollback: "Rollback | None" = None
    source: str = ""
    """The object that it takes, of trigger FILE."""
    mapping_version: int = 0
    """The version of the connection's mapping rules that makes its products, from its beginning to its last re-run."""

    bom_mapping_version: int = 0
    """As ``mapping_version``, of the lines of BOMs."""
    content: str = PRODUCTS
    """What a file holds: PRODUCTS, or BOMS."""

    @property
    def sync_type(self) -> str:
        """What metrics are told by: FULL, INCREMENTAL, or what brought the records, FILE or BROKER."""
        return self.trigger.value if self.is_kept else self.mode.value

    @property
    def is_kept(self) -> bool:
        """Whether what it takes was brought here, by a file or a broker, and waits in parts."""
        return self.trigger in {Trigger.FILE, Trigger.BROKER}

    @property
    def is_of_boms(self) -> bool:
        """Whether its records are BOMs, of a part list."""
        return self.content == BOMS

    def stamp(self, at: datetime) -> Stamp:
        """Return who writes its records."""
        return Stamp(self.tenant_id, self.run_id, at, self.connection, self.mapping_version)

    @property
    def batch_size(self) -> int:
        """Records per batch."""
        return BATCH_SIZES[self.batch_type]

    @property
    def succeeded(self) -> bool:
        """Whether every product of the run was landed or rejected with its reason."""
        return self.status is RunStatus.SUCCEEDED

    @property
    def moves_watermark(self) -> bool:
        """Whether everything that the PLM changed until its start is known; a file holds what somebody put into it."""
        return self.succeeded and not self.is_kept

    @property
    def ended(self) -> bool:
        """Whether no execution is at work on it."""
        return self.status in {RunStatus.SUCCEEDED, RunStatus.FAILED}

    def is_at(self, pass_number: int) -> bool:
        """Whether its pass ``pass_number`` goes on; a task that comes late belongs to one that is over."""
        return not self.ended and self.pass_number == pass_number

    def lease(self, at: datetime) -> Lease:
        """Return the lease of its pass, held or extended at ``at``."""
        return Lease(LEASED, self.tenant_id, self.run_id, self.pass_number, TERM.until(at))

    def begin(
        self, watermark: datetime | None, overlap: timedelta, at: datetime, versions: tuple[int, int] = (0, 0)
    ) -> "SyncRun":
        """Return the run as started; an incremental one begins ``overlap`` before ``watermark``, a first one takes all.

        Repeated for a run that is open already, it changes nothing.
        """
        if self.status is not RunStatus.REQUESTED:
            return self
        is_window = self.mode is Mode.INCREMENTAL and not self.is_kept
        since = watermark - overlap if watermark and is_window else None
        opened = replace(self, status=RunStatus.RUNNING, since=since, started_at=at)
        if self.trigger is Trigger.FILE:  # by the rules that it was read by
            return opened
        return replace(opened, mapping_version=versions[0], bom_mapping_version=versions[1])

    def refused(self, failure: str, at: datetime) -> "SyncRun":
        """Return the run as failed before it began."""
        return replace(self, status=RunStatus.FAILED, failure=failure, started_at=at, finished_at=at)

    def knowing(self, listing: Listing) -> "SyncRun":
        """Return the run knowing of ``listing``'s batches, and of none that an earlier try of it found beyond them."""
        return replace(self, batches=listing.following - 1, listed=listing.after is None)

    def run_again(self, batch: Batch) -> "SyncRun":
        """Return the run reopened for ``batch`` alone.

        Raises:
            SyncStillRunning: it has not ended.
            SyncBatchNotFailed: the batch succeeded.
        """
        if not self.ended:
            raise SyncStillRunning(run_id=self.run_id, status=self.status.value)
        if batch.status is BatchStatus.DONE:
            raise SyncBatchNotFailed(run_id=self.run_id, number=batch.range.number)
        return replace(self, status=RunStatus.RUNNING, pass_number=self.pass_number + 1)

    def roll_back(self, requested_by: str, reason: str, at: datetime) -> "SyncRun":
        """Return the run with its rollback asked for; one that was refused may be asked for again.

        Raises:
            SyncStillRunning: it has not ended.
            SyncRolledBack: it is rolled back, or being so.
        """
        if not self.ended:
            raise SyncStillRunning(run_id=self.run_id, status=self.status.value)
        if self.rollback is not None and self.rollback.status is not RollbackStatus.REFUSED:
            raise SyncRolledBack(run_id=self.run_id, status=self.rollback.status.value)
        return replace(self, rollback=Rollback(requested_by, at, reason))

    def finish(self, batches: Iterable[Batch], fault: str | None, at: datetime) -> "SyncRun":
        """Return the ended run with its totals: succeeded when everything was listed and every batch is done.

        Args:
            batches: all of the run's batches; read once, one at a time.
            fault: what stopped the run itself, None when it went to its end.
            at: when.
        """
        total, undone = Counts(), 0
        for batch in batches:
            total += batch.counts
            undone += batch.status is not BatchStatus.DONE
        failure = fault or (None if self.listed else "not all products were listed")
        if failure is None and undone:
            failure = f"{undone} of {self.batches} batches failed"
        return replace(
            self,
            status=RunStatus.SUCCEEDED if failure is None else RunStatus.FAILED,
            counts=total,
            failed_batches=undone,
            failure=failure,
            finished_at=at,
        )


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejection in a run's report."""

    batch_number: int
    rejection: Rejection


def execution_name(run: SyncRun, part: int = 1) -> str:
    """Return the name of the execution of a run's current pass, the same however often it is asked for."""
    return f"{run.run_id}-{run.pass_number}-{part}"


def cut(ids: Iterable[str], after: str | None, first_number: int, size: int) -> Listing:
    """Cut ``ids``, which ascend, into at most BATCHES_PER_LISTING ranges of ``size``; reads no id more than needed.

    The range that reaches the end of ``ids`` is open. No ids, no ranges.
    """
    ranges: list[Range] = []
    start, count, last = after, 0, after
    for identifier in ids:
        if count == size:
            ranges.append(Range(first_number + len(ranges), start, last))
            start, count = last, 0
            if len(ranges) == BATCHES_PER_LISTING:
                return Listing(tuple(ranges), start, first_number)
        last, count = identifier, count + 1
    if count:
        ranges.append(Range(first_number + len(ranges), start, None))
    return Listing(tuple(ranges), None, first_number)


def file_of(run: SyncRun) -> str:
    """Return the name of the file that a run takes, without its folders and kind."""
    return run.source.rpartition("/")[2].rpartition(".")[0]
