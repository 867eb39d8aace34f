"""Master production schedule and capacity (MES-08). Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Period:
    """One period of a master schedule; ``promise`` is what may still be promised to customers (ATP)."""

    demand: Decimal
    schedule: Decimal
    available: Decimal
    promise: Decimal | None


def master_schedule(
    forecast: Sequence[Decimal], orders: Sequence[Decimal], on_hand: Decimal, lot: Decimal, safety: Decimal = ZERO
) -> list[Period]:
    """Return the schedule: orders consume the forecast (the larger counts), lots come when stock would fall low.

    Available to promise is discrete: of the stock and each scheduled quantity, less the orders until the next one.
    """
    schedule, available, stock = [], [], on_hand
    for guess, booked in zip(forecast, orders, strict=True):
        need = max(guess, booked)
        lacking = need + safety - stock
        made = lot * math.ceil(lacking / lot) if lacking > 0 else ZERO
        stock += made - need
        schedule.append(made)
        available.append(stock)
    promises: list[Decimal | None] = [None] * len(schedule)
    for place, made in enumerate(schedule):
        if not made and place:
            continue
        until = next((later for later in range(place + 1, len(schedule)) if schedule[later]), len(schedule))
        promises[place] = made + (on_hand if place == 0 else ZERO) - sum(orders[place:until], ZERO)
    demands = [max(pair) for pair in zip(forecast, orders, strict=True)]
    return [Period(*one) for one in zip(demands, schedule, available, promises, strict=True)]


@dataclass(frozen=True, slots=True)
class Job:
    """Hours of work on a station, not before ``earliest``, wanted by ``due``."""

    job_id: str
    station_id: str
    hours: Decimal
    earliest: date
    due: date


@dataclass(frozen=True, slots=True)
class Placed:
    """When a job is worked on; ``why_late`` names each constraint that made it late; ``end`` None: it does not fit."""

    job: Job
    start: date | None
    end: date | None
    why_late: tuple[str, ...]


Capacity = Mapping[str, Mapping[date, Decimal]]
"""Hours per station and day."""


def load(jobs: Sequence[Job], capacity: Capacity) -> dict[str, tuple[Decimal, Decimal]]:
    """Return hours wanted and hours there per station: rough-cut, without regard to when."""
    wanted: dict[str, Decimal] = {}
    for job in jobs:
        wanted[job.station_id] = wanted.get(job.station_id, ZERO) + job.hours
    return {name: (wanted.get(name, ZERO), sum(capacity.get(name, {}).values(), ZERO)) for name in sorted(wanted)}


def schedule(jobs: Sequence[Job], capacity: Capacity) -> list[Placed]:
    """Return jobs placed forward on finite capacity, by due date, then by id; a day's hours are given once."""
    left = {station: dict(sorted(days.items())) for station, days in capacity.items()}
    waits: dict[str, list[str]] = {}
    found = []
    for job in sorted(jobs, key=lambda one: (one.due, one.job_id)):
        start, end, open_hours = place(job.hours, job.earliest, left.get(job.station_id, {}))
        before = waits.setdefault(job.station_id, [])
        found.append(Placed(job, start, None if open_hours else end, _why_late(job, start, end, open_hours, before)))
        before.append(job.job_id)
    return found


def place(wanted: Decimal, earliest: date, left: dict[date, Decimal]) -> tuple[date | None, date | None, Decimal]:
    """Take ``wanted`` from what days have ``left``, from ``earliest`` on; returns first day, last day, what lacks."""
    start, end = None, None
    for day, there in left.items():
        if day < earliest or not there or not wanted:
            continue
        used = min(there, wanted)
        left[day] = there - used
        wanted -= used
        start, end = start or day, day
    return start, end, wanted


def _why_late(
    job: Job, start: date | None, end: date | None, open_hours: Decimal, before: Sequence[str]
) -> tuple[str, ...]:
    said = []
    if open_hours:
        said.append(f"{job.station_id} lacks {open_hours} h in the horizon")
    if end is not None and end <= job.due and not open_hours:
        return ()
    if job.earliest > job.due:
        said.append(f"material is there on {job.earliest.isoformat()} only")
    if before and (start is None or start > job.earliest):
        said.append(f"{job.station_id} works on {', '.join(before[-3:])} first")
    if not said:
        said.append(f"{job.hours} h on {job.station_id} take longer than until {job.due.isoformat()}")
    return tuple(said)
