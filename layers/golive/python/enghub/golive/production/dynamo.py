"""Stops in DynamoDB: those that go on together, and for a while how each stands, since events overtake one another.

pk T#<tenant>#STOPS                        sk <factory>#<stop>    while it goes on
pk T#<tenant>#STOP#<factory>#<stop>        sk STOP
"""

from datetime import timedelta

from enghub.core.aggregates import Items
from enghub.core.codec import Key
from enghub.core.dynamo import Attr, key
from enghub.core.transactions import Delete, transact
from enghub.golive.production.model import Stop

KEPT = timedelta(days=14)
MOST = 200


def _partition(tenant_id: str) -> str:
    return key("T", tenant_id, "STOPS")


def _open_key(one: Stop) -> Key:
    return _partition(one.tenant_id), key(one.factory_id or "-", one.stop_id)


def _state_key(one: Stop) -> Key:
    return key("T", one.tenant_id, "STOP", one.factory_id or "-", one.stop_id), "STOP"


STOPS = Items(
    Stop,
    "PRODUCTION_STOP",
    key=_open_key,
    more=lambda one: {"expires_at": int((one.started_at + KEPT).timestamp())},
)


class _Over(Exception):
    """It has ended before it was heard of."""


def began(one: Stop) -> None:
    """Keep a stop that goes on; one that is known to have ended does not begin anew."""
    not_over = Attr("ended_at").does_not_exist()
    try:
        transact(STOPS.put(one), STOPS.put(one, not_over, _Over, at=_state_key(one)))
    except _Over:
        return


def ended(one: Stop) -> None:
    """Keep that a stop has ended."""
    transact(Delete(_open_key(one)), STOPS.put(one, at=_state_key(one)))


def going_on(tenant_id: str) -> tuple[Stop, ...]:
    """Return the stops that go on, 200 at most; one consistent Query."""
    return STOPS.page(_partition(tenant_id), limit=MOST).items
