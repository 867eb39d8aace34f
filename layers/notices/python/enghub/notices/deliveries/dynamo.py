"""Notices and deliveries in DynamoDB.

Notice        pk T#<tenant>#NOTICE#<id>           sk NOTICE
Delivery      pk T#<tenant>#DELIVERY#<id>         sk DELIVERY    gsi1 of the tenant; gsi2 what is to be sent
Part          pk T#<tenant>#DIGEST#<digest>       sk <time>#<id> of what a digest tells
Parked        pk T#<tenant>#DELIVERIES#PARKED     sk <time>#<id>
Budget        pk T#<tenant>#BUDGET#<name>         sk BUDGET

The index of what is to be sent spans tenants, as the outbox's does (decision 0006).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from enghub.core import clock, inbox
from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Attr, each, key, query
from enghub.core.identity import Origin
from enghub.core.outbox import to_command
from enghub.core.transactions import Check, Update, Write, transact
from enghub.notices.deliveries.model import Delivery, Notice, State
from enghub.notices.deliveries.planning import digest_of
from enghub.notices.deliveries.repository import DeliveryOvertaken, Found

CONSUMER = "plan_notice"
QUEUE = "deliver_notice"
KEPT = timedelta(days=90)
SHARDS = 4
PER_TRANSACTION = 40
"""Each delivery is at most its item and its command."""


def _delivery_key(tenant_id: str, delivery_id: str) -> Key:
    return key("T", tenant_id, "DELIVERY", delivery_id), "DELIVERY"


def _notice_key(tenant_id: str, notice_id: str) -> Key:
    return key("T", tenant_id, "NOTICE", notice_id), "NOTICE"


def _due(shard: int) -> str:
    return key("NOTICES", "DUE", shard)


def _indexed(delivery: Delivery) -> Mapping[str, Any]:
    made = key(clock.to_text(delivery.created_at), delivery.delivery_id)
    waits = delivery.state in {State.PENDING, State.SENDING} and delivery.next_at is not None
    shard = crc32(delivery.delivery_id.encode()) % SHARDS
    return {
        "expires_at": int((delivery.created_at + KEPT).timestamp()),
        "gsi1pk": key("T", delivery.tenant_id, "DELIVERIES"),
        "gsi1sk": made,
        "gsi2pk": _due(shard) if waits else None,
        "gsi2sk": key(clock.to_text(delivery.next_at), delivery.delivery_id) if waits and delivery.next_at else None,
    }


def _entries(delivery: Delivery) -> Mapping[Key, Mapping[str, Any]]:
    made = key(clock.to_text(delivery.created_at), delivery.delivery_id)
    entry = {"delivery_id": delivery.delivery_id}
    if delivery.state is State.COLLECTED:
        return {(key("T", delivery.tenant_id, "DIGEST", delivery.digest), made): entry}
    if delivery.state is State.PARKED:
        return {(key("T", delivery.tenant_id, "DELIVERIES", "PARKED"), made): entry}
    return {}


DELIVERIES = Aggregate(
    Delivery,
    "NOTICE_DELIVERY",
    key=lambda delivery: _delivery_key(delivery.tenant_id, delivery.delivery_id),
    more=_indexed,
    identity=lambda delivery: delivery.delivery_id,
    entries=_entries,
    exists=lambda _: DeliveryOvertaken(),
    outdated=lambda _, __, ___: DeliveryOvertaken(),
)
NOTICES = Aggregate(
    Notice,
    "NOTICE",
    key=lambda notice: _notice_key(notice.tenant_id, notice.notice_id),
    more=lambda notice: {"expires_at": int((notice.at + KEPT).timestamp())},
    identity=lambda notice: notice.notice_id,
    outdated=lambda _, __, ___: DeliveryOvertaken(),
)


class DynamoDeliveries:
    """The store."""

    def known(self, tenant_id: str, delivery_ids: Sequence[str]) -> set[str]:
        """One BatchGetItem per 100."""
        found = DELIVERIES.get_many([_delivery_key(tenant_id, one) for one in delivery_ids])
        return {delivery.delivery_id for delivery in found.values()}

    def plan(self, notice: Notice, deliveries: Sequence[Delivery]) -> None:
        """The last transaction marks the notice as planned: a stop before it plans again, and skips what is there."""
        origin = Origin(notice.tenant_id, notice.factory_id, "notices", clock.system_clock(), notice.notice_id)
        whole = [self._joined(one, origin) if one.state is State.COLLECTED else one for one in deliveries]
        rest = [one for one in whole if one is not None]
        chunks = [rest[start : start + PER_TRANSACTION] for start in range(0, len(rest), PER_TRANSACTION)] or [[]]
        mark = inbox.seen(CONSUMER, notice.notice_id, notice.tenant_id, origin.at)
        first = NOTICES.writes(Commit(origin, "", notice))[1]
        for chunk in chunks[:-1]:
            transact(*(write for one in chunk for write in _writes(one, origin)))
        transact(mark, *first, *(write for one in chunks[-1] for write in _writes(one, origin)))

    def _joined(self, part: Delivery, origin: Origin) -> Delivery | None:
        """Store a part of a digest while it is open; return it, to be told at once, when that was just sent."""
        digest = digest_of(part)
        with suppress(DeliveryOvertaken):
            DELIVERIES.save(Commit(origin, "", digest))
        place = _delivery_key(digest.tenant_id, digest.delivery_id)
        is_open = Check(*place, Attr("state") == State.PENDING, _overtaken)
        try:
            DELIVERIES.save(Commit(origin, "", part), is_open)
        except DeliveryOvertaken:
            return replace(part, state=State.PENDING, digest="", next_at=origin.at)
        return None

    def get(self, tenant_id: str, delivery_id: str) -> Kept[Delivery] | None:
        """One consistent GetItem."""
        return DELIVERIES.read(_delivery_key(tenant_id, delivery_id))

    def save(self, commit: Commit[Delivery]) -> Kept[Delivery]:
        """One transaction."""
        return DELIVERIES.save(commit)

    def notice(self, tenant_id: str, notice_id: str) -> Kept[Notice] | None:
        """One consistent GetItem."""
        return NOTICES.read(_notice_key(tenant_id, notice_id))

    def save_notice(self, commit: Commit[Notice]) -> Kept[Notice]:
        """One transaction."""
        return NOTICES.save(commit)

    def collected(self, tenant_id: str, digest: str) -> list[Delivery]:
        """One Query, one BatchGetItem per 100."""
        entries = each(key("T", tenant_id, "DIGEST", digest))
        keys = [_delivery_key(tenant_id, entry["delivery_id"]["S"]) for entry in entries]
        found = DELIVERIES.get_many(keys)
        return [found[pair] for pair in keys if pair in found]

    def take(self, tenant_id: str, budget: str, limit: int, until: datetime) -> bool:
        """One conditional update."""
        place = key("T", tenant_id, "BUDGET", budget), "BUDGET"
        left = Attr("taken").does_not_exist() | (Attr("taken") < limit)
        actions = [Attr("taken").add(1), Attr("entity").set("BUDGET"), Attr("expires_at").set(int(until.timestamp()))]
        try:
            transact(Update(place, actions, left, _overtaken))
        except DeliveryOvertaken:
            return False
        return True

    def find(self, tenant_id: str, state: State | None, notice_id: str | None, limit: int, cursor: str | None) -> Found:
        """One Query; parked ones have a list of their own."""
        if state is State.PARKED and notice_id is None:
            page = query(key("T", tenant_id, "DELIVERIES", "PARKED"), limit=limit, cursor=cursor, newest_first=True)
            keys = [_delivery_key(tenant_id, entry["delivery_id"]["S"]) for entry in page.items]
            found = DELIVERIES.get_many(keys)
            return Found(tuple(found[pair] for pair in keys if pair in found), page.cursor)
        where = None if state is None else Attr("state") == state
        if notice_id is not None:
            same = Attr("notice_id") == notice_id
            where = same if where is None else where & same
        partition = key("T", tenant_id, "DELIVERIES")
        items = query(partition, index="gsi1", where=where, limit=limit, cursor=cursor, newest_first=True)
        return Found(tuple(DELIVERIES.value(item) for item in items.items), items.cursor)


def _writes(one: Delivery, origin: Origin) -> Iterator[Write]:
    yield from DELIVERIES.writes(Commit(origin, "", one))[1]
    if one.is_due(origin.at):
        yield to_command(QUEUE, {"deliveryId": one.delivery_id}, origin, subject=one.delivery_id)


def _overtaken(_: Any) -> Exception:
    return DeliveryOvertaken()


def due(before: datetime, limit: int) -> Iterator[tuple[str, str]]:
    """Yield tenant and id of what is to be sent since ``before``, at most ``limit`` per shard; of all tenants."""
    for shard in range(SHARDS):
        found = query(_due(shard), index="gsi2", between=("0", key(clock.to_text(before), "~")), limit=limit)
        for item in found.items:
            yield item["tenant_id"]["S"], item["delivery_id"]["S"]
