"""Asks the rules that decide here; nothing is imported where there is none (CFG-15)."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from enghub.core.lazy import lazy
from enghub.mes.factories import Factory
from enghub.mes.rules.names import DISPATCH, HANDLING

if TYPE_CHECKING:
    from enghub.kit.calendars import zones
    from enghub.kit.rulings import asking
    from enghub.kit.rulings import dynamo as kept
    from enghub.kit.rulings.model import DecidedBy
    from enghub.mes.plant import wiring as plants
    from enghub.mes.rules import model
    from enghub.mes.work_orders.model import WorkOrder
else:
    zones = lazy("enghub.kit.calendars.zones")
    asking = lazy("enghub.kit.rulings.asking")
    kept = lazy("enghub.kit.rulings.dynamo")
    plants = lazy("enghub.mes.plant.wiring")
    model = lazy("enghub.mes.rules.model")


Priority = Callable[["WorkOrder", date], "tuple[int | None, DecidedBy] | None"]


def allowance(order: "WorkOrder", at: datetime) -> "tuple[Decimal | None, DecidedBy] | None":
    """Return the allowance that the active rule says of a new order; two GetItem, one more where there is a rule."""
    rule = kept.active(order.factory.tenant_id, HANDLING)
    if rule is None:
        return None
    today = zones.day_of(at, plants.calendar(order.factory).tz)
    return asking.ask(rule, model.facts_of(order, today), model.allowance)


def priorities(factory: Factory) -> Priority | None:
    """Return what the active rule says of orders' priority, on a day; None where there is none. Two GetItem."""
    rule = kept.active(factory.tenant_id, DISPATCH)
    if rule is None:
        return None
    return lambda order, today: asking.ask(
        rule, {**model.facts_of(order, today), **model.progress_of(order)}, model.priority
    )
