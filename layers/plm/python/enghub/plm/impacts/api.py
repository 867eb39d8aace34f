"""The chain of a change on the wire (PLM-09, PLM-10)."""

from datetime import date

from enghub.core import wire
from enghub.plm.changes.api import ChangeOrderDetail
from enghub.plm.impacts.service import Impact
from enghub.plm.risks.model import Priority

MOST_SHOWN = 500


class AffectedUse(wire.Response):
    """A product that contains an affected part."""

    affected_product: str
    product_code: str
    bom_version: str
    level: int
    quantity: wire.Total | None
    is_top: bool
    is_key_component: bool
    as_alternate: bool


class AffectedComponent(wire.Response):
    """A part that affected products are made of."""

    component: str
    quantity: wire.Total
    unit: str
    is_key_component: bool


class AffectedOrder(wire.Response):
    """An open work order of a product that the change touches; ``knownAt`` is the moment the mes told it."""

    work_order_id: str
    factory_id: str
    product_code: str
    status: str
    planned_quantity: wire.Total
    good_quantity: wire.Total
    due_date: date
    known_at: wire.Instant
    taken_at: wire.Instant


class AffectedStock(wire.Response):
    """A lot at a place, of a product that the change touches, as the movements that were told sum up."""

    factory_id: str
    product_code: str
    lot_id: str
    place: str
    quantity: wire.Total
    known_at: wire.Instant


class AffectedInspection(wire.Response):
    """An inspection of a part that the change touches."""

    inspection_id: str
    factory_id: str
    product_code: str
    kind: str
    status: str
    lot_id: str | None
    known_at: wire.Instant


class RiskFactor(wire.Response):
    """One reason for a rating."""

    rating: str
    name: str
    value: str
    points: int


class RiskResponse(wire.Response):
    """Action priority with its edition, the risk priority number, every factor."""

    severity: int
    occurrence: int
    detection: int
    action_priority: Priority
    rpn: int
    edition: str
    factors: tuple[RiskFactor, ...]


class FloorState(wire.Response):
    """How far what the mes told is: its newest fact, how old that is, orders of which a state never came.

    ``stock`` is KNOWN where a movement of a touched product was ever told and something is left, else NONE_TOLD.
    """

    known_until: wire.Instant | None
    age_seconds: int | None
    orders_with_gaps: int
    stock: str


class ImpactResponse(wire.Response):
    """The whole chain of a change, computed now; ``isCut`` when more is touched than is shown."""

    change: ChangeOrderDetail
    computed_at: wire.Instant
    in_force_from: date | None
    products: tuple[str, ...]
    finished_products: tuple[str, ...]
    uses: tuple[AffectedUse, ...]
    components: tuple[AffectedComponent, ...]
    open_orders: tuple[AffectedOrder, ...]
    stock: tuple[AffectedStock, ...]
    inspections: tuple[AffectedInspection, ...]
    risk: RiskResponse
    floor: FloorState
    open_points: tuple[str, ...]
    is_cut: bool

    @classmethod
    def of(cls, found: Impact) -> "ImpactResponse":
        """Return the answer."""
        return cls(
            change=ChangeOrderDetail.with_point(found.order, found.point),
            computed_at=found.computed_at,
            in_force_from=found.point.in_force_from if found.point else None,
            products=found.products[:MOST_SHOWN],
            finished_products=found.finished[:MOST_SHOWN],
            uses=_uses(found),
            components=_components(found),
            open_orders=_orders(found),
            stock=_stock(found),
            inspections=_inspections(found),
            risk=_risk(found),
            floor=_floor(found),
            open_points=open_points(found),
            is_cut=found.is_cut or len(found.uses) > MOST_SHOWN or len(found.components) > MOST_SHOWN,
        )


def _uses(found: Impact) -> tuple[AffectedUse, ...]:
    return tuple(
        AffectedUse(
            affected_product=part,
            product_code=use.product,
            bom_version=use.version,
            level=use.level,
            quantity=use.quantity,
            is_top=use.is_top,
            is_key_component=use.is_key,
            as_alternate=use.as_alternate,
        )
        for part, use in found.uses[:MOST_SHOWN]
    )


def _components(found: Impact) -> tuple[AffectedComponent, ...]:
    return tuple(
        AffectedComponent(component=one.component, quantity=one.quantity, unit=one.unit, is_key_component=one.is_key)
        for one in found.components[:MOST_SHOWN]
    )


def _orders(found: Impact) -> tuple[AffectedOrder, ...]:
    return tuple(
        AffectedOrder(
            work_order_id=one.work_order_id,
            factory_id=one.factory_id,
            product_code=one.product,
            status=one.status,
            planned_quantity=one.planned,
            good_quantity=one.good,
            due_date=one.due,
            known_at=one.known_at,
            taken_at=one.taken_at,
        )
        for one in found.floor.orders
        if one.is_open and one.product in set(found.products)
    )


def _stock(found: Impact) -> tuple[AffectedStock, ...]:
    touched = set(found.products)
    return tuple(
        AffectedStock(
            factory_id=one.factory_id,
            product_code=one.product,
            lot_id=one.lot_id,
            place=f"{one.warehouse_id}/{one.location_id}",
            quantity=one.quantity,
            known_at=one.known_at,
        )
        for one in found.floor.stock
        if one.product in touched
    )[:MOST_SHOWN]


def _inspections(found: Impact) -> tuple[AffectedInspection, ...]:
    return tuple(
        AffectedInspection(
            inspection_id=one.inspection_id,
            factory_id=one.factory_id,
            product_code=one.product,
            kind=one.kind,
            status=one.status,
            lot_id=one.lot_id,
            known_at=one.known_at,
        )
        for one in found.floor.inspections
    )


def _risk(found: Impact) -> RiskResponse:
    risk = found.risk
    factors = (RiskFactor(rating=one.rating, name=one.name, value=one.value, points=one.points) for one in risk.factors)
    return RiskResponse(
        severity=risk.severity,
        occurrence=risk.occurrence,
        detection=risk.detection,
        action_priority=risk.priority,
        rpn=risk.rpn,
        edition=risk.edition,
        factors=tuple(factors),
    )


def _floor(found: Impact) -> FloorState:
    until = found.floor.known_until
    return FloorState(
        known_until=until,
        age_seconds=None if until is None else max(0, int((found.computed_at - until).total_seconds())),
        orders_with_gaps=found.floor.orders_with_gaps,
        stock="KNOWN" if found.floor.stock else "NONE_TOLD",
    )


def open_points(found: Impact) -> tuple[str, ...]:
    """Return what somebody still has to do, as stable words."""
    points = []
    if found.point is None:
        points.append("CHANGE_NOT_PROCESSED")
    if found.point is not None and found.point.is_cancelled:
        return ("CHANGE_CANCELLED",)
    if any(one.is_open for one in found.floor.orders):
        points.append("OPEN_ORDERS")
    if _stock(found):
        points.append("STOCK_ON_HAND")
    if any(one.is_open for one in found.floor.inspections):
        points.append("OPEN_INSPECTIONS")
    if found.floor.orders_with_gaps:
        points.append("FLOOR_LACKS_FACTS")
    return tuple(points)
