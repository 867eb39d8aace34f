"""What product syncs need to store and find, and what they need of a PLM."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from enghub.core.commits import Commit, Kept
from enghub.core.i18n import Text
from enghub.kit.runs.leases import Lease
from enghub.plm.products.model import Rejection
from enghub.plm.syncs.errors import PlmRefused
from enghub.plm.syncs.model import Batch, Listing, Rejected, SyncRun


@dataclass(frozen=True, slots=True)
class RejectedPage:
    """One page of a run's rejected records; ``cursor`` continues it."""

    rejected: tuple[Rejected, ...]
    cursor: str | None


class SyncRuns(Protocol):
    """Sync runs of all tenants, their batches, rejected records and watermarks."""

    def request(self, commit: Commit[SyncRun]) -> None:
        """Store a new run with its lease.

        A run id that exists already is left alone (a schedule that fires twice).
        """

    def get(self, tenant_id: str, run_id: str) -> Kept[SyncRun] | None:
        """Return the run, read consistently."""

    def save(self, before: Kept[SyncRun], after: SyncRun) -> None:
        """Store the run as it went on by itself, without an audit entry.

        Raises:
            VersionConflict: it changed since ``before`` was read.
        """

    def save_commit(self, commit: Commit[SyncRun]) -> None:
        """Store a change of an ended run with what leaves with it; raises as ``save``, and Replayed."""

    def save_listing(self, before: Kept[SyncRun], after: SyncRun, listing: Listing) -> None:
        """Store the run with the listing's batches in place of those of an earlier try, in one transaction.

        Raises as ``save``.
        """

    def batch(self, tenant_id: str, run_id: str, number: int) -> Batch | None:
        """Return one batch."""

    def batches(self, tenant_id: str, run_id: str) -> Iterator[Batch]:
        """Yield the run's batches in order, without holding them all."""

    def save_batch(self, tenant_id: str, run_id: str, batch: Batch) -> None:
        """Store what became of a batch."""

    def save_rejections(
        self, tenant_id: str, run_id: str, number: int, rejections: Sequence[Rejection], at: datetime
    ) -> None:
        """Store a batch's rejected records in place of those of an earlier try."""

    def rejected(self, tenant_id: str, run_id: str, limit: int, cursor: str | None) -> RejectedPage:
        """Return a page of the run's rejected records, by batch."""

    def run_again(self, commit: Commit[SyncRun], batch: Batch) -> None:
        """Store the reopened run, its lease and its pending batch; raises as ``save``."""

    def finish(self, commit: Commit[SyncRun]) -> None:
        """Store the ended run, without a lease; raises as ``save``.

        The watermark moves on to the start of a run that succeeded, never back.
        """

    def alive(self, lease: Lease) -> None:
        """Extend a pass's lease; a pass that is over has none, and gets none."""

    def lost(self, now: datetime) -> Iterable[Lease]:
        """Return the leases that ran out before ``now``."""

    def forget(self, lease: Lease) -> None:
        """Drop the lease of a pass that is over."""

    def watermark(self, tenant_id: str, connection: str) -> datetime | None:
        """Return the start of the last run that succeeded."""


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some records of the PLM as it sent them; ``after`` is where to go on, None at the end."""

    records: tuple[Mapping[str, Any], ...]
    after: str | None


_STANDS_STILL = Text(
    "its cursor does not advance: after {after} comes {following}", "游标未前进：{after} 之后为 {following}"
)


def advanced(after: str | None, following: str) -> str:
    """Return where to go on.

    Raises:
        PlmRefused: the PLM does not move on; asking again would never end (C7).
    """
    if after is not None and following <= after:
        raise PlmRefused(problem=_STANDS_STILL.filled(after=after, following=following))
    return following


class Plm(Protocol):
    """A PLM's products, in the order of their object ids."""

    def object_ids(self, since: datetime | None, after: str | None) -> Iterator[str]:
        """Yield the ids after ``after`` of products updated since ``since``; fetches as it goes.

        Raises:
            PlmUnavailable, PlmRefused.
        """

    def products(self, since: datetime | None, after: str | None, up_to: str | None, size: int) -> RecordPage:
        """Return at most ``size`` records with ids after ``after`` up to ``up_to``; raises as ``object_ids``."""


class Plms(Protocol):
    """The PLMs of all connections."""

    def of(self, connection: str, tenant_id: str) -> Plm:
        """Return the tenant's PLM.

        Raises:
            ConnectionNotFound: the tenant has no such connection.
        """


class Launcher(Protocol):
    """Starts executions of the sync state machine."""

    def launch(self, name: str, execution_input: Mapping[str, Any]) -> None:
        """Start the execution ``name``; does nothing when it was started before."""
