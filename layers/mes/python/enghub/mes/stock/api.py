"""Stock on the wire (MES-13)."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found
from enghub.mes.stock.model import (
    Balance,
    Lot,
    Movement,
    MovementKind,
    Place,
    Purpose,
    Reservation,
    ReservationState,
    Taken,
    Trace,
    kits,
)
from enghub.mes.stock.service import Receive, Take

BASE = "/api/v1/inventory"
_POSITIVE = Text("it must be above 0", "必须大于 0")
_WHICH = Text("name materialId", "请填写 materialId")
_BOTH = Text("materialId and material_id differ", "materialId 与 material_id 不一致")
_FOR = Text("name reservationId, or materialId and quantity", "请填写 reservationId，或 materialId 与 quantity")


def _positive(quantity: Decimal | None) -> None:
    if quantity is not None and quantity <= 0:
        raise wire.Unfit(_POSITIVE, field="quantity")


class InventoryQuery(wire.Request):
    """Of which material; the document's name and the hub's."""

    material_id: Annotated[wire.Code | None, Field(alias="materialId")] = None
    documented: Annotated[wire.Code | None, Field(alias="material_id")] = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.material_id is None and self.documented is None:
            raise wire.Unfit(_WHICH, field="materialId")
        if self.material_id and self.documented and self.material_id != self.documented:
            raise wire.Unfit(_BOTH, field="materialId")
        return self

    @property
    def material(self) -> str:
        """The material asked for."""
        return self.material_id or self.documented or ""


class ReceiptRequest(wire.Request):
    """Material comes in, as a lot."""

    material_id: wire.Code
    lot_id: wire.PathId
    warehouse: wire.Code
    location: wire.Code
    quantity: wire.Quantity
    unit: Annotated[str, Field(min_length=1, max_length=20)] = "pcs"
    supplier_id: wire.Code | None = None
    supplier_lot: wire.Code | None = None
    expiry_date: wire.Day | None = None
    work_order_id: wire.Code | None = None

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        _positive(self.quantity)
        return self

    def to_command(self, origin: Origin) -> Receive:
        """Return the command."""
        lot = Lot(
            Factory.of(origin),
            self.lot_id,
            self.material_id,
            self.unit,
            origin.at,
            self.supplier_id,
            self.supplier_lot,
            self.expiry_date,
            self.work_order_id,
        )
        place = Place(self.warehouse, self.location, self.lot_id)
        return Receive(origin, lot, place, self.quantity, Purpose(work_order_id=self.work_order_id))


class IssueRequest(wire.Request):
    """Material goes out: of a lot, first expired first out without one, or what was reserved."""

    reservation_id: wire.PathId | None = None
    material_id: wire.Code | None = None
    quantity: wire.Quantity | None = None
    lot_id: wire.Code | None = None
    warehouse: wire.Code | None = None
    location: wire.Code | None = None
    work_order_id: wire.Code | None = None
    customer_id: wire.Code | None = None
    reference: Annotated[str, Field(max_length=100)] = ""

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        _positive(self.quantity)
        if (self.reservation_id is None) == (self.material_id is None or self.quantity is None):
            raise wire.Unfit(_FOR, field="materialId")
        return self

    @property
    def purpose(self) -> Purpose:
        """What it is for."""
        return Purpose(self.work_order_id, self.customer_id, self.reference)

    def to_command(self, origin: Origin) -> Take:
        """Return the command of an issue without a reservation."""
        quantity = self.quantity or Decimal(0)
        where = (self.lot_id, self.warehouse, self.location)
        return Take(origin, self.material_id or "", quantity, self.purpose, *where)


class ReserveRequest(wire.Request):
    """Material is kept for an order."""

    material_id: wire.Code
    quantity: wire.Quantity
    lot_id: wire.Code | None = None
    warehouse: wire.Code | None = None
    reference: wire.Code

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        _positive(self.quantity)
        return self

    def to_command(self, origin: Origin) -> Take:
        """Return the command."""
        purpose = Purpose(reference=self.reference)
        return Take(origin, self.material_id, self.quantity, purpose, self.lot_id, self.warehouse)


class MoveRequest(wire.Request):
    """A lot, or a part of it, goes to another place."""

    material_id: wire.Code
    lot_id: wire.Code
    quantity: wire.Quantity
    warehouse: wire.Code
    location: wire.Code
    to_warehouse: wire.Code
    to_location: wire.Code

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        _positive(self.quantity)
        return self

    def to_command(self, origin: Origin) -> Take:
        """Return the command."""
        where = (self.lot_id, self.warehouse, self.location)
        return Take(origin, self.material_id, self.quantity, Purpose(), *where)

    @property
    def to(self) -> Place:
        """Where it goes."""
        return Place(self.to_warehouse, self.to_location, self.lot_id)


class HoldRequest(wire.Request):
    """Why a lot is held."""

    reason: wire.ShortText


class ReleaseRequest(HoldRequest):
    """Why a lot is released; ``cause`` names the hold, the person's own without one."""

    cause: wire.Code | None = None


class ComponentRequest(wire.Request):
    """A component of a kit, and how many go in."""

    material_id: wire.Code
    quantity: wire.Quantity

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        _positive(self.quantity)
        return self


class KitRequest(wire.Request):
    """A kit."""

    components: Annotated[tuple[ComponentRequest, ...], Field(min_length=1, max_length=50)]


class TakenResponse(wire.Response):
    """How much from where."""

    warehouse: str
    location: str
    lot_id: str
    quantity: wire.Total

    @classmethod
    def of(cls, one: Taken) -> Self:
        """Return the answer for a part."""
        place = one.place
        return cls(warehouse=place.warehouse, location=place.location, lot_id=place.lot_id, quantity=one.quantity)


class BalanceResponse(wire.Response):
    """What lies at a place."""

    warehouse: str
    location: str
    lot_id: str
    on_hand: wire.Total
    reserved: wire.Total
    available: wire.Total
    supplier_id: str | None
    expiry_date: date | None
    is_expired: bool
    held_by: tuple[str, ...]


class InventoryResponse(wire.Response):
    """What lies anywhere of a material; ``available`` leaves out what is reserved, held or expired."""

    material_id: str
    on_hand: wire.Total
    reserved: wire.Total
    available: wire.Total
    items: list[BalanceResponse]

    @classmethod
    def of(cls, material_id: str, balances: Sequence[Balance], lots: Mapping[str, Lot], today: date) -> Self:
        """Return the answer for a material."""
        items = [_balance(one, lots[one.place.lot_id], today) for one in balances if one.on_hand]
        return cls(
            material_id=material_id,
            on_hand=sum((one.on_hand for one in items), Decimal(0)),
            reserved=sum((one.reserved for one in items), Decimal(0)),
            available=sum((one.available for one in items if not one.held_by and not one.is_expired), Decimal(0)),
            items=items,
        )


def _balance(one: Balance, lot: Lot, today: date) -> BalanceResponse:
    return BalanceResponse(
        warehouse=one.place.warehouse,
        location=one.place.location,
        lot_id=lot.lot_id,
        on_hand=one.on_hand,
        reserved=one.reserved,
        available=one.available,
        supplier_id=lot.supplier_id,
        expiry_date=lot.expires_on,
        is_expired=lot.is_expired(today),
        held_by=lot.holds,
    )


class MovementResponse(wire.Response):
    """A stored movement; ``to`` is where it went."""

    movement_id: str
    kind: MovementKind
    material_id: str
    quantity: wire.Total
    taken: list[TakenResponse]
    to: TakenResponse | None
    work_order_id: str | None
    customer_id: str | None
    reference: str
    at: wire.Instant
    by: str

    @classmethod
    def of(cls, one: Movement) -> Self:
        """Return the answer for a movement."""
        purpose = one.purpose
        return cls(
            movement_id=one.movement_id,
            kind=one.kind,
            material_id=one.material_id,
            quantity=one.quantity,
            taken=[TakenResponse.of(part) for part in one.taken],
            to=None if one.to is None else TakenResponse.of(Taken(one.to, one.quantity)),
            work_order_id=purpose.work_order_id,
            customer_id=purpose.customer_id,
            reference=purpose.reference,
            at=one.at,
            by=one.by,
        )


class ReservationResponse(wire.Response):
    """Stock kept for an order."""

    reservation_id: str
    material_id: str
    quantity: wire.Total
    taken: list[TakenResponse]
    reference: str
    status: ReservationState

    @classmethod
    def of(cls, one: Reservation) -> Self:
        """Return the answer for a reservation."""
        same = ("reservation_id", "material_id", "quantity", "reference", "status")
        taken = [TakenResponse.of(part) for part in one.taken]
        return cls(**{name: getattr(one, name) for name in same}, taken=taken)


class LotResponse(wire.Response):
    """A lot."""

    lot_id: str
    material_id: str
    unit: str
    supplier_id: str | None
    supplier_lot: str | None
    work_order_id: str | None
    expiry_date: date | None
    received_at: wire.Instant
    held_by: tuple[str, ...]

    @classmethod
    def of(cls, lot: Lot) -> Self:
        """Return the answer for a lot."""
        names = {"expiry_date": "expires_on", "held_by": "holds"}
        return cls(**{name: getattr(lot, names.get(name, name)) for name in cls.model_fields})


class LotsResponse(wire.Response):
    """One page of lots."""

    items: list[LotResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: Found[Lot]) -> Self:
        """Return the answer for a page."""
        return cls(items=[LotResponse.of(one) for one in page.items], cursor=page.cursor)


class TraceResponse(wire.Response):
    """All that a lot went into or is made of, each once; ``customers`` have some of it."""

    lot_id: str
    direction: str
    lots: tuple[str, ...]
    work_orders: tuple[str, ...]
    customers: tuple[str, ...]

    @classmethod
    def of(cls, lot_id: str, direction: str, found: Trace) -> Self:
        """Return the answer for a trace."""
        return cls(
            lot_id=lot_id,
            direction=direction,
            lots=found.lots,
            work_orders=found.work_orders,
            customers=found.customers,
        )


class KitResponse(wire.Response):
    """How many kits can be made now; ``short`` names what is missing even for what is promised already."""

    kits: int
    free: dict[str, wire.Total]
    short: dict[str, wire.Total]

    @classmethod
    def of(cls, free: Mapping[str, Decimal], per_kit: Mapping[str, Decimal]) -> Self:
        """Return the answer for a kit."""
        count, short = kits(free, per_kit)
        return cls(kits=count, free=dict(free), short=short)
