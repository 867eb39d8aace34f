"""Parked messages in the context's table.

Keys: ``T#<tenant>#PARKED`` / id. Index ``gsi1`` lists a tenant's by status and time, ``gsi2`` counts those of all
tenants that wait; only the sweeper reads it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from enghub.core import clock
from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key, table
from enghub.core.identity import Origin
from enghub.core.parked.errors import MessageNotParked
from enghub.core.parked.model import ParkedMessage, Status
from enghub.core.transactions import Write

KEPT = timedelta(days=90)
"""A message that somebody decided about is kept so long."""
WAITING = key("PARKED", "WAITING")


class _AlreadyParked(Exception):
    """It waits here already."""


def _key(tenant_id: str, parked_id: str) -> Key:
    return key("T", tenant_id, "PARKED"), parked_id


def _list(tenant_id: str, status: Status) -> str:
    return key("T", tenant_id, "PARKED", status.value)


def _lists(message: ParkedMessage) -> Mapping[str, Any]:
    place, waits = key(clock.to_text(message.parked_at), message.parked_id), message.status is Status.PARKED
    return {
        "gsi1pk": _list(message.tenant_id, message.status),
        "gsi1sk": place,
        "gsi2pk": WAITING if waits else None,
        "gsi2sk": place if waits else None,
        "expires_at": int((message.closed_at + KEPT).timestamp()) if message.closed_at else None,
    }


PARKED = Aggregate(
    ParkedMessage,
    "PARKED",
    key=lambda message: _key(message.tenant_id, message.parked_id),
    more=_lists,
    name="parked_message",
    identity=lambda message: message.parked_id,
    shows=("status", "consumer", "message_type", "times"),
    exists=lambda _: _AlreadyParked(),
    outdated=lambda message, *_: MessageNotParked(parked_id=message.parked_id, status=message.status.value),
)


def park(message: ParkedMessage, origin: Origin, *also: Write) -> bool:
    """Keep ``message`` and do ``also``, together; False when it waits here already, then nothing is done."""
    known = read(message.tenant_id, message.parked_id)
    if known is not None:
        if known.value.status is Status.PARKED:
            return False
        message = replace(message, times=known.value.times + 1)
    try:
        PARKED.save(Commit(origin, "parked", message, known, reason=message.reason), *also)
    except (_AlreadyParked, MessageNotParked):
        return False
    return True


def read(tenant_id: str, parked_id: str) -> Kept[ParkedMessage] | None:
    """Return a message as it is kept."""
    return PARKED.read(_key(tenant_id, parked_id))


def find(tenant_id: str, status: Status, limit: int, cursor: str | None) -> tuple[list[ParkedMessage], str | None]:
    """Return a page of a tenant's messages, newest first, and where to go on."""
    page = PARKED.page(_list(tenant_id, status), index="gsi1", limit=limit, cursor=cursor, newest_first=True)
    return list(page.items), page.cursor


def decide(before: Kept[ParkedMessage], after: ParkedMessage, origin: Origin, *also: Write) -> None:
    """Store what somebody decided, its audit entry and ``also``, together.

    Raises:
        MessageNotParked: somebody else was faster.
    """
    PARKED.save(Commit(origin, after.status.value.lower(), after, before, reason=after.closed_for), *also)


def waiting() -> int:
    """Return how many messages of all tenants wait; beyond 1 MB of them, at least so many."""
    count: int = table().query(WAITING, index_name="gsi2", select="COUNT")["Count"]
    return count
