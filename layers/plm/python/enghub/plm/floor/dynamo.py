"""The shop floor's work orders and inspections, kept here by its events.

Keys: ``T#<tenant>#FLOOR#<product>`` / ``ORDER#<factory>#<id>``, ``INSPECTION#<factory>#<id>``; work orders are also
facts of the projection ``work-orders`` (``core/projections``), by version: it says how far it is, and what never came.
"""

from collections.abc import Collection

from enghub.core.aggregates import Items
from enghub.core.clock import system_clock
from enghub.core.codec import Key
from enghub.core.dynamo import Attr, key, query
from enghub.core.events import Envelope
from enghub.core.projections.dynamo import Facts
from enghub.core.projections.model import Fact
from enghub.core.transactions import absent, transact
from enghub.plm.consumed import FloorInspection, FloorOrder
from enghub.plm.floor.model import Floor, InspectionOnFloor, OrderOnFloor

FACTS = Facts("work-orders")
ORDERS = Items(OrderOnFloor, "FLOOR_ORDER")
INSPECTIONS = Items(InspectionOnFloor, "FLOOR_INSPECTION")
MOST_PRODUCTS = 200
MOST_ENTRIES = 200


def _partition(tenant_id: str, product: str) -> str:
    return key("T", tenant_id, "FLOOR", product)


def _order_key(tenant_id: str, product: str, factory_id: str, work_order_id: str) -> Key:
    return _partition(tenant_id, product), key("ORDER", factory_id, work_order_id)


class _Older(Exception):
    """A newer state is known."""


class DynamoFloor:
    """Takes what the shop floor tells, and finds it by product."""

    def take_order(self, event: Envelope, order: FloorOrder) -> bool:
        """Keep a work order's state, unless a newer version is known; False when nothing changed."""
        found = OrderOnFloor(
            order.work_order_id,
            event.factory_id,
            order.product_id,
            order.status,
            order.planned_qty,
            order.good_qty,
            order.due_date,
            order.line_id,
            event.timestamp,
            system_clock(),
        )
        at = _order_key(event.tenant_id, order.product_id, event.factory_id, order.work_order_id)
        subject = key(event.factory_id, order.work_order_id)
        fact = Fact(subject, order.work_order_version, order.status, event.timestamp, system_clock())
        return FACTS.take(event.tenant_id, fact, ORDERS.put(found, at=at))

    def take_inspection(self, event: Envelope, inspection: FloorInspection) -> None:
        """Keep an inspection's state, unless a later one is known."""
        found = InspectionOnFloor(
            inspection.inspection_id,
            event.factory_id,
            inspection.part_id,
            inspection.kind,
            inspection.status,
            inspection.lot_id,
            event.timestamp,
            system_clock(),
        )
        at = (
            _partition(event.tenant_id, inspection.part_id),
            key("INSPECTION", event.factory_id, inspection.inspection_id),
        )
        is_later = absent() | (Attr("known_at") < event.timestamp)
        try:
            transact(INSPECTIONS.put(found, is_later, _Older, at=at))
        except _Older:
            return

    def of(self, tenant_id: str, products: Collection[str]) -> Floor:
        """Return what is known of products; one Query each, of at most 200 products and 200 entries each."""
        looked = list(products)[:MOST_PRODUCTS]
        orders: list[OrderOnFloor] = []
        inspections: list[InspectionOnFloor] = []
        cut = len(products) > MOST_PRODUCTS
        for product in looked:
            page = query(_partition(tenant_id, product), limit=MOST_ENTRIES, newest_first=True)
            cut = cut or page.cursor is not None
            for item in page.items:
                if item["entity"]["S"] == ORDERS.entity:
                    orders.append(ORDERS.value(item))
                else:
                    inspections.append(INSPECTIONS.value(item))
        as_of = FACTS.as_of(tenant_id)
        return Floor(tuple(orders), tuple(inspections), as_of.at, as_of.subjects_with_gaps, cut)
