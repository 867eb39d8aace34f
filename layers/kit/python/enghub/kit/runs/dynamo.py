"""Leases as items of their own in the context's table: extending one collides with no change of the run itself.

Key: ``T#<tenant>#RUN-LEASE#<kind>#<run>`` / ``LEASE``; index ``gsi2`` holds the leases of a kind by their end.
"""

from collections.abc import Iterator
from datetime import datetime

from enghub.core import clock, dynamo, log
from enghub.core.aggregates import Items
from enghub.core.dynamo import Attr, key
from enghub.core.transactions import Delete, PutItem, Update, transact
from enghub.kit.runs.leases import Lease


def _key(kind: str, tenant_id: str, run_id: str) -> tuple[str, str]:
    return key("T", tenant_id, "RUN-LEASE", kind, run_id), "LEASE"


def _place(lease: Lease) -> str:
    return key(clock.to_text(lease.until), lease.tenant_id, lease.run_id)


def _of_kind(kind: str) -> str:
    """The index partition of a kind's leases; it spans tenants, only system jobs read it."""
    return key("RUN-LEASE", kind)


LEASES = Items(
    Lease,
    "RUN_LEASE",
    key=lambda lease: _key(lease.kind, lease.tenant_id, lease.run_id),
    more=lambda lease: {"gsi2pk": _of_kind(lease.kind), "gsi2sk": _place(lease)},
)


def held(lease: Lease) -> PutItem:
    """Return the write that takes a lease, for the transaction that begins the run or its next turn."""
    return LEASES.put(lease)


def released(kind: str, tenant_id: str, run_id: str) -> Delete:
    """Return the write that gives a lease back, for the transaction that ends the run."""
    return Delete(_key(kind, tenant_id, run_id))


def extend(lease: Lease) -> None:
    """Say that work goes on, until ``lease.until``; does nothing once the turn has ended, or another has begun.

    Raises:
        Unavailable: DynamoDB cannot answer; the work itself may go on.
    """
    actions = [Attr("until").set(clock.to_text(lease.until)), Attr("gsi2sk").set(_place(lease))]
    try:
        transact(Update(LEASES.key_of(lease), actions, Attr("turn") == lease.turn, lambda _: _Over()))
    except _Over:
        return


def forget(lease: Lease) -> None:
    """Drop a lease whose turn is over; the lease of a later turn stays.

    Raises:
        Unavailable: DynamoDB cannot answer; repeating is safe.
    """
    try:
        transact(Delete(LEASES.key_of(lease), Attr("turn") == lease.turn, lambda _: _Over()))
    except _Over:
        return


class _Over(Exception):
    """The turn holds no lease any more."""


def lost(kind: str, now: datetime) -> Iterator[Lease]:
    """Yield the leases of a kind that ran out before ``now``, the longest over first; an unreadable one hides none.

    Raises:
        Unavailable: the table cannot be read.
    """
    for item in dynamo.each(_of_kind(kind), index="gsi2", between=("0", clock.to_text(now))):
        try:
            yield LEASES.value(item)
        except Exception:
            log.exception("lease cannot be read", key=item.get("pk"))
