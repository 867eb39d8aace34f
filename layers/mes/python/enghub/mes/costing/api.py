"""Standard costs and costs of orders on the wire."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.mes.costing.model import CostKind, Line, OrderCost, Price, Source, StandardCost
from enghub.mes.costing.service import SayCost
from enghub.mes.keeping.repository import Found

BASE = "/api/v1/plant/standard-costs"
Currency = Annotated[
    str,
    wire.form(r"^[A-Z]{3}$", Text("a currency of ISO 4217, as CNY", "ISO 4217 币种代码，如 CNY"), max_length=3),
]


class PutCostRequest(wire.Request):
    """What a unit of a material, or an hour at a station, costs from a day on; ``version`` is the one seen before."""

    valid_from: wire.Day
    amount: wire.Quantity
    currency: Currency
    version: Annotated[wire.Count, Field(ge=1)] | None = None

    def to_command(self, origin: Origin, kind: CostKind, subject: str) -> SayCost:
        """Return the command."""
        return SayCost(origin, kind, subject, Price(self.valid_from, self.amount), self.currency, self.version)


class PriceResponse(wire.Response):
    """A price from a day on."""

    valid_from: date
    amount: wire.Total


class StandardCostResponse(wire.Response):
    """A standard cost with all its prices, the oldest first."""

    kind: CostKind
    subject: str
    currency: str
    prices: tuple[PriceResponse, ...]
    version: int

    @classmethod
    def of(cls, one: StandardCost) -> Self:
        """Return the answer for a standard cost."""
        prices = tuple(PriceResponse(valid_from=price.valid_from, amount=price.amount) for price in one.prices)
        return cls(kind=one.kind, subject=one.subject, currency=one.currency, prices=prices, version=one.version)


class StandardCostPage(wire.Response):
    """One page of standard costs."""

    items: tuple[StandardCostResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: Found[StandardCost]) -> Self:
        """Return the answer for a page."""
        return cls(items=tuple(map(StandardCostResponse.of, page.items)), cursor=page.cursor)


class CostLineResponse(wire.Response):
    """A quantity (units, hours) at its price, and where both come from."""

    kind: CostKind
    subject: str
    operation: str | None
    quantity: wire.Total | None
    source: Source
    references: tuple[str, ...]
    price: wire.Total | None
    price_of: str | None
    valid_from: date | None
    cost_version: int | None
    amount: wire.Total | None

    @classmethod
    def of(cls, line: Line) -> Self:
        """Return the answer for a line."""
        return cls(**{name: getattr(line, name) for name in cls.model_fields})


class RolledUpResponse(wire.Response):
    """What was told when the order was completed."""

    at: wire.Instant
    total: wire.Total | None
    currency: str | None
    lacking: tuple[str, ...]


class OrderCostResponse(wire.Response):
    """What an order cost, from the ledger as it is now; null is what cannot be told, and ``lacking`` says why."""

    work_order_id: str
    product_id: str
    day: date
    good: wire.Total
    scrapped: wire.Total
    currency: str | None
    material: wire.Total | None
    labour: wire.Total | None
    machine: wire.Total | None
    total: wire.Total | None
    of_scrap: wire.Total | None
    per_piece: wire.Total | None
    is_provisional: bool
    lacking: tuple[str, ...]
    lines: tuple[CostLineResponse, ...]
    rolled_up: RolledUpResponse | None

    @classmethod
    def of(cls, cost: OrderCost, rolled_up: OrderCost | None) -> Self:
        """Return the answer for an order."""
        own = {"lines", "rolled_up"}
        told = rolled_up and RolledUpResponse(
            at=rolled_up.at, total=rolled_up.total, currency=rolled_up.currency, lacking=rolled_up.lacking
        )
        return cls(
            **{name: getattr(cost, name) for name in cls.model_fields if name not in own},
            lines=tuple(map(CostLineResponse.of, cost.lines)),
            rolled_up=told,
        )
