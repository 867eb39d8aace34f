"""What planning keeps: items, runs, the suggestions of a run (MES-08)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from enghub.kit.calendars.days import WorkingDays
from enghub.mes.factories import Factory
from enghub.mes.planning.mrp import Item, Message, Suggestion


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """An item as it is planned in a factory."""

    factory: Factory
    item: Item
    version: int = 1


class RunState(StrEnum):
    """Where a run is: a large one is planned in chunks, one after the other."""

    PLANNING = "PLANNING"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of requirements planning; its suggestions are facts beside it, its first messages inside.

    Of a large run: ``turn`` counts its executions, ``layout`` names the order of its items (0: not ordered yet) in
    ``chunks`` of which ``planned`` are done; counts and messages are those of what is planned.
    """

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
    state: RunState = RunState.DONE
    days: WorkingDays | None = None
    """The working days of a large run, as they were when it was asked for."""
    turn: int = 0
    layout: int = 0
    chunks: int = 0
    planned: int = 0
    problem: str = ""
    """Why a large run failed."""
    problem_zh: str = ""


@dataclass(frozen=True, slots=True)
class Suggested:
    """A suggestion of a run, in the run's order."""

    factory: Factory
    run_id: str
    place: int
    suggestion: Suggestion
