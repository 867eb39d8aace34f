"""The outbox as an operator sees it, and the events that a runbook found parked there (OPS-14).

pk T#<tenant>#PARKED-EVENTS        sk <event>#<run>
pk T#<tenant>#HEARD-EVENT#<event>  sk HEARD
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from enghub.core import clock, outbox
from enghub.core.aggregates import Items
from enghub.core.codec import Key
from enghub.core.dynamo import key
from enghub.core.event_data import EventData
from enghub.core.events import Envelope
from enghub.core.outbox import BUS
from enghub.core.transactions import transact
from enghub.golive.parking.model import HeardEvent, ParkedEvent, Waiting

MOST = 10_000
"""So many are looked at, at most."""
KEPT = timedelta(days=90)
TOGETHER = 50
"""Events that one transaction notes."""


def _partition(tenant_id: str) -> str:
    return key("T", tenant_id, "PARKED-EVENTS")


PARKED = Items(
    ParkedEvent,
    "PARKED_EVENT",
    key=lambda one: (_partition(one.tenant_id), key(one.event_id, one.run_id)),
    more=lambda one: {"expires_at": int((one.parked_at + KEPT).timestamp())},
)
HEARD = Items(
    HeardEvent,
    "HEARD_EVENT",
    key=lambda one: _heard_key(one.tenant_id, one.event_id),
    more=lambda one: {"expires_at": int((one.heard_at + KEPT).timestamp())},
)


def _heard_key(tenant_id: str, event_id: str) -> Key:
    return key("T", tenant_id, "HEARD-EVENT", event_id), "HEARD"


def waiting(tenant_id: str, now: datetime) -> list[Waiting]:
    """Return a tenant's events that have not left the outbox, oldest first; a Query per shard and page."""
    found = (one for shard in range(outbox.SHARDS) for one in _shard(shard, tenant_id, now))
    return sorted(found, key=lambda one: (one.since, one.event_id))


def _shard(shard: int, tenant_id: str, now: datetime) -> Iterator[Waiting]:
    cursor, left = None, MOST
    while left > 0:
        page = outbox.pending(shard, now, cursor, limit=min(left, 1000))
        for record in page.records:
            if record.channel == BUS and (record.subject or "").partition("/")[0] == tenant_id:
                yield Waiting(record.message_id, record.message_type, record.created_at)
        left, cursor = left - len(page.records), page.cursor
        if cursor is None:
            return


def note(tenant_id: str, run_id: str, found: Iterable[Waiting], now: datetime) -> int:
    """Note the events that a run found parked; a transaction per fifty, each the same when it is done again."""
    events = [ParkedEvent(tenant_id, one.event_id, one.event_type, run_id, now) for one in found]
    known = {one.event_id for one in parked(tenant_id, run_id)}
    new = [one for one in events if one.event_id not in known]
    for start in range(0, len(new), TOGETHER):
        transact(*(PARKED.put(one) for one in new[start : start + TOGETHER]))
    return len(known) + len(new)


def parked(tenant_id: str, run_id: str) -> tuple[ParkedEvent, ...]:
    """Return the events that a run found parked, read consistently."""
    return tuple(one for one in PARKED.each(_partition(tenant_id)) if one.run_id == run_id)


def heard(tenant_id: str, events: Iterable[str]) -> frozenset[str]:
    """Return those events that came back from the bus; a BatchGetItem per 100."""
    found = HEARD.get_many([_heard_key(tenant_id, one) for one in events])
    return frozenset(one.event_id for one in found.values())


def consumed(event: Envelope, _: EventData) -> None:
    """Note that an event came back from the bus, also one that nobody found parked: it may be noted as such later."""
    transact(HEARD.put(HeardEvent(event.tenant_id, event.event_id, clock.system_clock())))
