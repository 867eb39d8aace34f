"""Changes in DynamoDB: an item per event, kept for 400 days.

pk T#<tenant>#CHANGES   sk <at>#<event id>
"""

import heapq
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from enghub.core.aggregates import Items
from enghub.core.clock import to_text
from enghub.core.dynamo import Page, key
from enghub.core.transactions import transact
from enghub.golive.changes.model import GLOBAL, Change, Wanted

KEPT = timedelta(days=400)
LOOKED_AT = 2_000
"""Changes that one page looks at, at most: what is asked for may be rare among them."""
STEP = 200


def _partition(tenant_id: str) -> str:
    return key("T", tenant_id, "CHANGES")


def _place(one: Change) -> str:
    return key(to_text(one.at), one.event_id)


CHANGES = Items(
    Change,
    "CHANGE",
    key=lambda one: (_partition(one.tenant_id), _place(one)),
    more=lambda one: {"expires_at": int((one.at + KEPT).timestamp())},
)


def keep(one: Change) -> None:
    """Store a change; one PutItem, and the same again where its event comes twice."""
    transact(CHANGES.put(one))


def page(tenant_id: str, wanted: Wanted, limit: int, cursor: str | None) -> Page[Change]:
    """Return a page of what changed for a tenant or for all of them, the latest first.

    The cursor is the place of the last change that was looked at.
    """
    found: list[Change] = []
    looked = ""
    for number, one in enumerate(islice(_latest(tenant_id, wanted, cursor), LOOKED_AT), 1):
        looked = _place(one)
        if wanted.holds(one):
            found.append(one)
        if len(found) == limit or number == LOOKED_AT:
            return Page(tuple(found), looked)
    return Page(tuple(found), None)


def _latest(tenant_id: str, wanted: Wanted, cursor: str | None) -> Iterator[Change]:
    end = min(cursor, _end(wanted)) if cursor else _end(wanted)
    between = (to_text(wanted.since), end)
    streams = (
        CHANGES.each(_partition(who), between=between, newest_first=True, limit=STEP) for who in (tenant_id, GLOBAL)
    )
    return (one for one in heapq.merge(*streams, key=_place, reverse=True) if _place(one) != cursor)


def _end(wanted: Wanted) -> str:
    return key(to_text(wanted.until), "~")
