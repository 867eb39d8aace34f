"""What planning keeps: items, runs, the suggestions of a run (MES-08)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from enghub.mes.factories import Factory
from enghub.mes.planning.mrp import Item, Message, Suggestion


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """An item as it is planned in a factory."""

    factory: Factory
    item: Item
    version: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """One run of requirements planning; its suggestions are facts beside it, its first messages inside."""

    factory: Factory
    run_id: str
    at: datetime
    today: date
    demands: int
    items: int
    suggestions: int
    late: int
    message_count: int
    messages: tuple[Message, ...]
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Suggested:
    """A suggestion of a run, in the run's order."""

    factory: Factory
    run_id: str
    place: int
    suggestion: Suggestion
