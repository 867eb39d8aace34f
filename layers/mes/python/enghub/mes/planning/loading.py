"""What open orders ask of stations, and when it can be done: load by station and day (MES-07, MES-08). Pure.

Work is what is left: pieces that an operation has still to make, after what it and those before it lost, at standard
time, and its set-up while nothing of it is made. Rough-cut: work due by a day against all that the station has until
then; more is an overload that no sequence cures. Finite: orders by the priority that a rule says, due date, number;
each operation after the one before it, on its station, or on the least loaded station of its work centre; a day's
seconds are given once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import accumulate

from enghub.kit.calendars.intervals import Interval
from enghub.kit.rulings.model import DecidedBy
from enghub.mes.planning.mps import ZERO, place
from enghub.mes.plant.model import DayCapacity, Station
from enghub.mes.routings.model import Operation
from enghub.mes.work_orders.model import WorkOrder
from enghub.mes.work_orders.quantities import NOTHING

MIDDLE = 500
"""The priority of orders of which no rule says anything; lower comes first."""
Said = tuple[int | None, DecidedBy] | None
"""What a rule says of an order's priority, and which rule."""


class Constraint(StrEnum):
    """Why an operation is late."""

    DUE_IN_THE_PAST = "DUE_IN_THE_PAST"
    PLANNED_START = "PLANNED_START"
    OPERATION_BEFORE = "OPERATION_BEFORE"
    ORDERS_BEFORE = "ORDERS_BEFORE"
    STATION_TIME = "STATION_TIME"
    NO_CAPACITY = "NO_CAPACITY"
    """It does not fit into the days that were looked at."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one operation of an order has still to do, in seconds of standard time."""

    work_order_id: str
    operation: str
    seconds: Decimal
    due: date
    not_before: date
    stations: tuple[str, ...]
    """Those that can do it."""
    priority: int = MIDDLE
    decided_by: DecidedBy | None = None
    """The rule that said the priority, or could not."""


@dataclass(frozen=True, slots=True)
class Placed:
    """When and where it can be done; ``end`` None: it does not fit."""

    work: Work
    station_id: str
    start: date | None
    end: date | None
    why_late: tuple[Constraint, ...]
    waits_for: tuple[str, ...] = ()
    """Orders that the station does first, the last three."""


@dataclass(frozen=True, slots=True)
class DayLoad:
    """A station's day: what it has, what is placed on it, what is due by it; seconds."""

    day: date
    capacity: Decimal
    placed: Decimal
    due: Decimal
    due_so_far: Decimal
    capacity_so_far: Decimal

    @property
    def is_overloaded(self) -> bool:
        """Whether more is due by this day than the station can do until then, in whatever sequence."""
        return self.due_so_far > self.capacity_so_far


@dataclass(frozen=True, slots=True)
class Load:
    """Load of all stations, and of each operation when it is done; ``untimed`` are orders without standard times."""

    stations: dict[str, tuple[DayLoad, ...]]
    placed: tuple[Placed, ...]
    untimed: tuple[str, ...]


def left_of(order: WorkOrder) -> list[tuple[Operation, Decimal]]:
    """Return what each operation has still to make: the plan less what was lost up to it and what it made."""
    operations = order.operations or (Operation("", standard_seconds=order.standard_seconds),)
    found, lost = [], ZERO
    for one in operations:
        made = order.progress.get(one.operation, NOTHING) if order.operations else None
        lost += order.scrap if made is None else made.scrap
        good = order.good if made is None else made.good
        found.append((one, max(order.planned_quantity - lost - good, ZERO)))
    return found


def work_of(
    order: WorkOrder, stations: Sequence[Station], today: date, day_of: Mapping[str, date], said: Said = None
) -> list[Work] | None:
    """Return the work of an order in its sequence; None where a standard time or every station is unknown.

    ``day_of`` is the factory's day of planned starts, by order.
    """
    found = []
    priority, by = said or (None, None)
    rank = MIDDLE if priority is None else priority
    for one, pieces in left_of(order):
        able = tuple(_able(order, one, stations))
        if one.standard_seconds is None or not able:
            return None
        is_new = one.operation not in order.progress
        seconds = one.standard_seconds * pieces + (one.setup_seconds if is_new and pieces else ZERO)
        if seconds:
            start = max(today, day_of.get(order.work_order_id, today))
            found.append(Work(order.work_order_id, one.operation, seconds, order.due_on, start, able, rank, by))
    return found


def _able(order: WorkOrder, operation: Operation, stations: Sequence[Station]) -> Iterable[str]:
    centre = operation.work_centre_id
    own = [one for one in stations if one.station_id == order.station_id]
    if own and centre in (None, own[0].work_centre_id):
        return [own[0].station_id]
    return sorted(one.station_id for one in stations if centre is not None and one.work_centre_id == centre)


@dataclass
class _Shop:
    """What the stations have, and what is left of it while work is placed."""

    whole: dict[str, dict[date, Decimal]]
    left: dict[str, dict[date, Decimal]]
    given: dict[str, Decimal] = field(default_factory=dict)
    queue: dict[str, list[str]] = field(default_factory=dict)
    placed: dict[tuple[str, date], Decimal] = field(default_factory=dict)


def loaded(works: Sequence[Sequence[Work]], capacity: Mapping[str, Mapping[date, Decimal]], today: date) -> Load:
    """Return the load of stations; ``works`` are each order's operations, ``capacity`` is in seconds by day."""
    whole = {name: dict(sorted(days.items())) for name, days in capacity.items()}
    shop = _Shop(whole, {name: dict(days) for name, days in whole.items()})
    found: list[Placed] = []
    for order in sorted((one for one in works if one), key=_turn):
        free: date | None = None
        for work in order:
            made = _placed(shop, work, free, today)
            found.append(made)
            free = made.end or date.max
    due: dict[tuple[str, date], Decimal] = {}
    for one in found:
        due[one.station_id, one.work.due] = due.get((one.station_id, one.work.due), ZERO) + one.work.seconds
    stations = {name: tuple(_days(name, days, shop.placed, due)) for name, days in sorted(capacity.items())}
    return Load(stations, tuple(found), ())


def _turn(order: Sequence[Work]) -> tuple[int, date, str]:
    return order[0].priority, order[0].due, order[0].work_order_id


def _placed(shop: _Shop, work: Work, free: date | None, today: date) -> Placed:
    station = min(work.stations, key=lambda name: (shop.given.get(name, ZERO), name))
    earliest = max(work.not_before, free or work.not_before)
    days = shop.left.setdefault(station, {})
    before = dict(days)
    start, end, lacking = place(work.seconds, earliest, days)
    for day, had in before.items():
        if had != days[day]:
            shop.placed[station, day] = shop.placed.get((station, day), ZERO) + had - days[day]
    queue = shop.queue.setdefault(station, [])
    waits = [one for one in dict.fromkeys(queue) if one != work.work_order_id]
    _, alone, lacking_alone = place(work.seconds, earliest, dict(shop.whole.get(station, {})))
    is_held_up = bool(waits) and alone is not None and not lacking_alone and (bool(lacking) or alone < (end or alone))
    late = _why(work, None if lacking else end, free, today, is_held_up=is_held_up)
    shop.given[station] = shop.given.get(station, ZERO) + work.seconds
    queue.append(work.work_order_id)
    is_waiting = Constraint.ORDERS_BEFORE in late
    return Placed(work, station, start, None if lacking else end, late, tuple(waits[-3:]) if is_waiting else ())


def _why(work: Work, when: date | None, free: date | None, today: date, *, is_held_up: bool) -> tuple[Constraint, ...]:
    end = when
    if end is not None and end <= work.due:
        return ()
    applies = {
        Constraint.NO_CAPACITY: end is None,
        Constraint.DUE_IN_THE_PAST: work.due < today,
        Constraint.PLANNED_START: work.not_before > max(work.due, today),
        Constraint.OPERATION_BEFORE: free is not None and free > work.not_before,
        Constraint.ORDERS_BEFORE: is_held_up,
    }
    said = tuple(one for one, is_so in applies.items() if is_so)
    return said or (Constraint.STATION_TIME,)


def _days(
    name: str,
    days: Mapping[date, Decimal],
    placed: Mapping[tuple[str, date], Decimal],
    due: Mapping[tuple[str, date], Decimal],
) -> Iterable[DayLoad]:
    ordered = sorted(days)
    overdue = sum(
        (one for (station, day), one in due.items() if station == name and ordered and day < ordered[0]), ZERO
    )
    so_far = list(accumulate(days[day] for day in ordered))
    wanted = list(accumulate(due.get((name, day), ZERO) for day in ordered))
    for number, day in enumerate(ordered):
        yield DayLoad(
            day=day,
            capacity=days[day],
            placed=placed.get((name, day), ZERO),
            due=due.get((name, day), ZERO) + (overdue if number == 0 else ZERO),
            due_so_far=wanted[number] + overdue,
            capacity_so_far=so_far[number],
        )


def left_today(day: DayCapacity, now: datetime) -> Decimal:
    """Return what a day's capacity still has at ``now``: the share of its working time that is to come."""
    spans = [part for shift in day.shifts for part in shift.working]
    whole = sum((one.duration.total_seconds() for one in spans), 0.0)
    if not whole:
        return day.seconds
    ahead = sum((Interval(max(one.start, now), one.end).duration.total_seconds() for one in spans), 0.0)
    return (day.seconds * Decimal(int(ahead)) / Decimal(int(whole))).quantize(Decimal(1))
