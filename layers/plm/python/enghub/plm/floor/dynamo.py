"""The shop floor's work orders, inspections and stock, kept here by its events.

Keys: ``T#<tenant>#FLOOR#<product>`` / ``ORDER#<factory>#<id>``, ``INSPECTION#<factory>#<id>``,
``STOCK#<factory>#<lot>#<warehouse>#<location>`` while there is some; work orders are also facts of the projection
``work-orders`` (``core/projections``), by version: it says how far it is, and what never came.
"""

from collections.abc import Collection
from decimal import Decimal

from enghub.core import inbox
from enghub.core.aggregates import Items
from enghub.core.clock import system_clock
from enghub.core.codec import Key
from enghub.core.dynamo import Attr, key, query
from enghub.core.errors import Unavailable
from enghub.core.events import Envelope
from enghub.core.projections.dynamo import Facts
from enghub.core.projections.model import Fact
from enghub.core.transactions import Delete, Write, absent, transact
from enghub.plm.consumed import FloorInspection, FloorOrder, StockChanged
from enghub.plm.floor.model import Floor, InspectionOnFloor, OrderOnFloor, StockOnFloor

FACTS = Facts("work-orders")
ORDERS = Items(OrderOnFloor, "FLOOR_ORDER")
INSPECTIONS = Items(InspectionOnFloor, "FLOOR_INSPECTION")
STOCK = Items(StockOnFloor, "FLOOR_STOCK")
CONSUMER = "project_floor"
ATTEMPTS = 10
MOST_PRODUCTS = 200
MOST_ENTRIES = 200
_MADE = ("INSPECTION#", "ORDER#~")


def _partition(tenant_id: str, product: str) -> str:
    return key("T", tenant_id, "FLOOR", product)


def _order_key(tenant_id: str, product: str, factory_id: str, work_order_id: str) -> Key:
    return _partition(tenant_id, product), key("ORDER", factory_id, work_order_id)


class _Moved(Exception):
    """The stock changed between reading and writing."""


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
            order.holds,
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

    def take_stock(self, event: Envelope, told: StockChanged) -> None:
        """Add a movement to its place, once; an empty place is forgotten.

        Raises:
            AlreadyHandled
            Unavailable: other movements kept coming between.
        """
        place = key("STOCK", event.factory_id, told.lot_id, told.warehouse_id, told.location_id)
        at = _partition(event.tenant_id, told.material_id), place
        mark = inbox.seen(CONSUMER, event.event_id, event.tenant_id, system_clock())
        for _ in range(ATTEMPTS):
            known = STOCK.get(at)
            nothing = StockOnFloor(
                told.material_id,
                event.factory_id,
                told.lot_id,
                told.warehouse_id,
                told.location_id,
                Decimal(0),
                event.timestamp,
            )
            found = (known or nothing).moved(told.quantity, event.timestamp)
            same = absent() if known is None else Attr("quantity") == known.quantity
            write: Write = STOCK.put(found, same, _Moved, at=at)
            if not found.quantity:
                write = Delete(at, same, lambda _: _Moved())
            try:
                transact(mark, write)
            except _Moved:
                continue
            return
        raise Unavailable

    def of(self, tenant_id: str, products: Collection[str]) -> Floor:
        """Return what is known of products; two Queries each, of at most 200 products and 200 entries."""
        looked = list(products)[:MOST_PRODUCTS]
        orders: list[OrderOnFloor] = []
        inspections: list[InspectionOnFloor] = []
        stock: list[StockOnFloor] = []
        cut = len(products) > MOST_PRODUCTS
        for product in looked:
            places = STOCK.page(_partition(tenant_id, product), prefix="STOCK#", limit=MOST_ENTRIES)
            stock += [one for one in places.items if one.quantity > 0]
            page = query(_partition(tenant_id, product), between=_MADE, limit=MOST_ENTRIES, newest_first=True)
            cut = cut or page.cursor is not None or places.cursor is not None
            for item in page.items:
                if item["entity"]["S"] == ORDERS.entity:
                    orders.append(ORDERS.value(item))
                else:
                    inspections.append(INSPECTIONS.value(item))
        as_of = FACTS.as_of(tenant_id)
        return Floor(tuple(orders), tuple(inspections), as_of.at, as_of.subjects_with_gaps, cut, tuple(stock))
