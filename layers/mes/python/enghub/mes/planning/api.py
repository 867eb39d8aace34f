"""Planning on the wire (MES-08)."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.kit.calendars.days import WorkingDays
from enghub.mes.keeping.repository import Found
from enghub.mes.planning.lots import Costs, Method
from enghub.mes.planning.model import PlannedItem, Run, RunState, Suggested
from enghub.mes.planning.mrp import Demand, Item, LotRule, Message, OpenOrder
from enghub.mes.planning.service import PlanRequirements

BASE = "/api/v1/planning"
MAX_BODY_BYTES = 4 * 1024 * 1024
"""Of a run with 20,000 demands; a function takes 6 MB."""
_POSITIVE = Text("it must be above 0", "必须大于 0")
_SCRAP = Text("it is a share below 1: 0.03 for 3 %", "须为小于 1 的比例：3 % 写作 0.03")


class RuleRequest(wire.Request):
    """How an item is ordered."""

    method: Method = Method.LOT_FOR_LOT
    multiple: wire.Quantity = Decimal(1)
    fixed_quantity: wire.Quantity = Decimal(1)
    setup_cost: wire.Quantity = Decimal(0)
    holding_cost: wire.Quantity = Decimal(0)

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if not self.multiple or not self.fixed_quantity:
            raise wire.Unfit(_POSITIVE, field="multiple")
        return self

    def to_rule(self) -> LotRule:
        """Return it for the rules."""
        return LotRule(self.method, self.multiple, Costs((self.setup_cost,), self.holding_cost, self.fixed_quantity))


class ComponentRequest(wire.Request):
    """A component and how many of it."""

    item_id: wire.Code
    quantity: wire.Quantity


class PutItemRequest(wire.Request):
    """How an item is planned; ``scrap`` is the share that is lost."""

    lead_days: Annotated[int, Field(ge=0, le=1000)] = 0
    scrap: wire.Quantity = Decimal(0)
    safety_stock: wire.Quantity = Decimal(0)
    lot_rule: RuleRequest = RuleRequest()
    is_phantom: wire.Flag = False
    components: Annotated[tuple[ComponentRequest, ...], Field(max_length=500)] = ()
    version: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.scrap >= 1:
            raise wire.Unfit(_SCRAP, field="scrap")
        return self

    def to_item(self, item_id: str) -> Item:
        """Return it for the service."""
        components = tuple((one.item_id, one.quantity) for one in self.components)
        return Item(
            *(item_id, self.lead_days, self.scrap, self.safety_stock, self.lot_rule.to_rule(), self.is_phantom),
            components=components,
        )


class DemandRequest(wire.Request):
    """What somebody wants."""

    item_id: wire.Code
    due_date: wire.Day
    quantity: wire.Quantity
    reference: wire.Code


class OpenOrderRequest(wire.Request):
    """What is on its way."""

    item_id: wire.Code
    due_date: wire.Day
    quantity: wire.Quantity
    order_id: wire.Code


class StockRequest(wire.Request):
    """Stock that stands for the hub's own."""

    item_id: wire.Code
    quantity: wire.Quantity


class RunRequest(wire.Request):
    """Demands to plan, from the factory's today on.

    The working days are the factory's own; with ``holidays`` or ``makeUpDays`` they are Mondays to Fridays, less these,
    with those.
    """

    today: wire.Day | None = None
    demands: Annotated[tuple[DemandRequest, ...], Field(max_length=20_000)]
    open_orders: Annotated[tuple[OpenOrderRequest, ...], Field(max_length=20_000)] = ()
    on_hand: Annotated[tuple[StockRequest, ...], Field(max_length=20_000)] = ()
    holidays: Annotated[tuple[wire.Day, ...], Field(max_length=400)] | None = None
    make_up_days: Annotated[tuple[wire.Day, ...], Field(max_length=400)] | None = None

    def to_command(self, origin: Origin) -> PlanRequirements:
        """Return the command."""
        days = {"holidays": _days(self.holidays or ()), "makeUpDays": _days(self.make_up_days or ())}
        is_own = self.holidays is None and self.make_up_days is None
        return PlanRequirements(
            origin=origin,
            today=self.today,
            demands=tuple(Demand(one.item_id, one.due_date, one.quantity, one.reference) for one in self.demands),
            open_orders=tuple(
                OpenOrder(one.item_id, one.due_date, one.quantity, one.order_id) for one in self.open_orders
            ),
            on_hand={one.item_id: one.quantity for one in self.on_hand},
            days=None if is_own else WorkingDays.of(days),
        )


def _days(days: tuple[date, ...]) -> list[str]:
    return [day.isoformat() for day in days]


class ItemResponse(wire.Response):
    """How an item is planned."""

    item_id: str
    lead_days: int
    scrap: wire.Total
    safety_stock: wire.Total
    method: Method
    multiple: wire.Total
    is_phantom: bool
    components: dict[str, wire.Total]
    version: int

    @classmethod
    def of(cls, kept: PlannedItem) -> Self:
        """Return the answer for an item."""
        item = kept.item
        return cls(
            item_id=item.item_id,
            lead_days=item.lead_days,
            scrap=item.scrap,
            safety_stock=item.safety,
            method=item.rule.method,
            multiple=item.rule.multiple,
            is_phantom=item.is_phantom,
            components=dict(item.components),
            version=kept.version,
        )


class MessageResponse(wire.Response):
    """What to do with an open order."""

    action: str
    order_id: str
    item_id: str
    due: date
    to: date | None
    quantity: wire.Total

    @classmethod
    def of(cls, one: Message) -> Self:
        """Return the answer for a message."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class RunResponse(wire.Response):
    """A run; its suggestions are listed beside it, the first 200 messages here.

    A large run is PLANNING until ``planned`` is ``chunks`` (0: its items are being put in order); its counts are those
    of what is planned. FAILED says why in ``problem``.
    """

    run_id: str
    state: RunState
    chunks: int
    planned: int
    problem: str
    problem_zh: str
    today: date
    demands: int
    items: int
    suggestions: int
    late: int
    message_count: int
    messages: list[MessageResponse]

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return the answer for a run."""
        same: dict[str, Any] = {name: getattr(run, name) for name in cls.model_fields if name != "messages"}
        return cls(**same, messages=[MessageResponse.of(one) for one in run.messages])


class PegResponse(wire.Response):
    """What a part of an order is for."""

    source: str
    quantity: wire.Total
    due: date


class WhyResponse(wire.Response):
    """How an order came to its quantity."""

    gross: wire.Total
    from_stock: wire.Total
    from_open_orders: wire.Total
    safety_stock: wire.Total
    net: wire.Total
    scrap: wire.Total
    method: Method
    rounded_up: wire.Total


class SuggestionResponse(wire.Response):
    """An order that should be made, for whom and why so much; ``lateDays``: so long ago it should have begun."""

    order_id: str
    item_id: str
    start: date
    due: date
    quantity: wire.Total
    late_days: int
    pegs: list[PegResponse]
    why: WhyResponse

    @classmethod
    def of(cls, kept: Suggested) -> Self:
        """Return the answer for a suggestion."""
        one = kept.suggestion
        names = {"safety_stock": "safety"}
        why = WhyResponse(**{name: getattr(one.why, names.get(name, name)) for name in WhyResponse.model_fields})
        return cls(
            order_id=one.order_id,
            item_id=one.item_id,
            start=one.start,
            due=one.due,
            quantity=one.quantity,
            late_days=one.late_days,
            pegs=[PegResponse(source=peg.source, quantity=peg.quantity, due=peg.due) for peg in one.pegs],
            why=why,
        )


class SuggestionsResponse(wire.Response):
    """One page of suggestions, parents before components."""

    items: list[SuggestionResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: Found[Suggested]) -> Self:
        """Return the answer for a page."""
        return cls(items=[SuggestionResponse.of(one) for one in page.items], cursor=page.cursor)
