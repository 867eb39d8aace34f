"""The state log of a machine (MES-12): changes that are only added, and what follows from them. Pure.

A state lasts until the next change. Changes may come late and in any order; of two of the same moment the one that was
told later counts, so a wrong entry is set right by another. A failure begins when the machine fails and ends when it is
neither failed nor under repair: a second report of it, or the repair that follows, is no second failure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from enghub.kit.calendars.intervals import Interval, difference, intersection, total
from enghub.mes.factories import Factory


class State(StrEnum):
    """What a machine does."""

    RUNNING = "RUNNING"
    IDLE = "IDLE"
    SETUP = "SETUP"
    PLANNED_DOWN = "PLANNED_DOWN"
    FAILED = "FAILED"
    UNDER_REPAIR = "UNDER_REPAIR"
    OFF = "OFF"


DOWN = frozenset({State.FAILED, State.UNDER_REPAIR})
STANDS = DOWN | {State.PLANNED_DOWN}


@dataclass(frozen=True, slots=True)
class StateChange:
    """From ``at`` on the machine is in ``state``."""

    factory: Factory
    equipment_id: str
    change_id: str
    state: State
    at: datetime
    told_by: str
    recorded_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in one state; ``state`` None: nobody had told yet."""

    state: State | None
    interval: Interval


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure: from when it failed until it was no longer down; ``repaired`` False where it still is."""

    interval: Interval
    repaired: bool


@dataclass(frozen=True, slots=True)
class Reliability:
    """Sums of a period, in seconds, and the means by ISO 22400-2; None where nothing failed or was repaired.

    ``mtbf`` is time RUNNING per failure that began in the period, ``mttr`` the whole length of those that are over.
    """

    by_state: dict[str, Decimal]
    unknown: Decimal
    failures: int
    open_failures: int
    mtbf: Fraction | None
    mttr: Fraction | None


def spells(changes: Iterable[StateChange], period: Interval) -> list[Spell]:
    """Return the states of a period, cut to it; those of the same state one after the other are one."""
    ordered = sorted(changes, key=lambda one: (one.at, one.recorded_at, one.change_id))
    found: list[Spell] = []
    state: State | None = None
    since = period.start
    for change in ordered:
        if change.at >= period.end:
            break
        if change.at > since:
            _add(found, state, since, change.at)
            since = change.at
        state = change.state
    _add(found, state, since, period.end)
    return found


def _add(found: list[Spell], state: State | None, since: datetime, until: datetime) -> None:
    if until <= since:
        return
    if found and found[-1].state == state:
        found[-1] = Spell(state, Interval(found[-1].interval.start, until))
        return
    found.append(Spell(state, Interval(since, until)))


def failures(found: Sequence[Spell], now: datetime) -> list[Failure]:
    """Return the failures among states in order; one that reaches ``now`` is still open."""
    made: list[Failure] = []
    for spell in found:
        if spell.state not in DOWN:
            continue
        start, repaired = spell.interval.start, spell.interval.end < now
        if made and made[-1].interval.end == start:
            start = made.pop().interval.start
        made.append(Failure(Interval(start, spell.interval.end), repaired))
    return made


def reliability(changes: Sequence[StateChange], period: Interval, now: datetime) -> Reliability:
    """Return a machine's figures; ``changes`` are all of the period, the one in force at its start, and those after.

    A failure belongs to the period in which it began, with its whole length.
    """
    inside = spells(changes, Interval(period.start, min(period.end, now)))
    sums: dict[str, Decimal] = {}
    for spell in inside:
        name = "" if spell.state is None else spell.state.value
        sums[name] = sums.get(name, Decimal(0)) + seconds(spell.interval.duration)
    first = min((one.at for one in changes), default=period.start)
    whole = failures(spells(changes, Interval(min(first, period.start), now)), now)
    mine = [one for one in whole if one.interval.start in period]
    over = [one for one in mine if one.repaired]
    running = Fraction(sums.get(State.RUNNING.value, Decimal(0)))
    lengths = sum((Fraction(seconds(one.interval.duration)) for one in over), Fraction(0))
    return Reliability(
        by_state={state.value: sums.get(state.value, Decimal(0)) for state in State},
        unknown=sums.get("", Decimal(0)),
        failures=len(mine),
        open_failures=len(mine) - len(over),
        mtbf=running / len(mine) if mine else None,
        mttr=lengths / len(over) if over else None,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """A time in which a machine kept its station from producing."""

    interval: Interval
    is_planned: bool
    is_failure: bool


def standing(changes: Sequence[StateChange], period: Interval, told: Sequence[Interval]) -> list[Standing]:
    """Return when a machine stood and no stop of its station was told: what people told counts as they told it.

    A failure that a told stop touches is that stop's failure, so the rest of it is none of its own.
    """
    found = []
    states = spells(changes, period)
    down = failures(states, period.end)
    groups = [(one.interval, False) for one in down]
    groups += [(spell.interval, True) for spell in states if spell.state is State.PLANNED_DOWN]
    for interval, is_planned in groups:
        is_failure = not is_planned and not total(intersection([interval], told))
        for number, part in enumerate(difference([interval], told)):
            found.append(Standing(part, is_planned, is_failure and number == 0))
    return found


def seconds(time: timedelta) -> Decimal:
    """Return a length of time in seconds, exactly."""
    return Decimal(time.days * 86_400 + time.seconds) + Decimal(time.microseconds) / 1_000_000
