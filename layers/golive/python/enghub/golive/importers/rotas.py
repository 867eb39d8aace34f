"""Lines of a source become a schedule of ours, its changes overrides; both are held side by side (OPS-23). Pure."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from enghub.golive.importers.model import Carried, Change, Difference, ForeignRota, Line
from enghub.golive.importers.weeks import ALWAYS, windows, without
from enghub.golive.oncall.model import Level, Override, OverrideKind, Rotation, Schedule
from enghub.golive.oncall.rota import Rota
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.intervals import Interval

HOUR = timedelta(hours=1)
AHEAD = timedelta(days=90)
MOST_DIFFERENCES = 200
NEVER = datetime.fromisoformat("9000-01-01T00:00")
"""By the wall clock: what has no end."""


def carried(found: ForeignRota, tenant_id: str, at: datetime) -> Carried:
    """Return a schedule of a source as ours, from ``at`` on, and what differs in the 90 days that follow."""
    rotations = tuple(one for line in found.lines for one in _rotations(line, found.lines))
    schedule = Schedule(tenant_id, found.schedule_id, found.name, found.zone, (Level(rotations),), at)
    overrides: list[Override] = []
    for change in found.changes:
        if change.end > at:
            overrides += _overrides(change, schedule, overrides)
    return _compared(schedule, tuple(overrides), found, at)


def _rotations(line: Line, lines: tuple[Line, ...]) -> Iterator[Rotation]:
    """Yield a line as rotations without the time in which a higher one is on duty: one per set of higher ones."""
    above = [one for one in lines if one.rank > line.rank]
    end = line.until or NEVER
    bounds = {line.start, end, *(one.start for one in above), *(one.until for one in above if one.until)}
    order = sorted(bound for bound in bounds if line.start <= bound <= end)
    parts: list[tuple[datetime, datetime, tuple[tuple[int, int], ...]]] = []
    for start, until in pairwise(order):
        week = line.week
        for one in above:
            if one.start <= start and (one.until is None or until <= one.until):
                week = without(week, one.week)
        if parts and parts[-1][2] == week:
            parts[-1] = (parts[-1][0], until, week)
        else:
            parts.append((start, until, week))
    for number, (start, until, week) in enumerate(part for part in parts if part[2]):
        yield Rotation(
            rotation_id=line.line_id if not number else f"{line.line_id}-{number + 1}",
            start=_wall(start),
            turn_minutes=int(line.turn / timedelta(minutes=1)),
            members=line.members,
            windows=() if week == ALWAYS else windows(week),
            until="" if until == NEVER else _wall(until),
            anchor=_wall(line.anchor),
            anchor_index=line.first,
        )


def _overrides(change: Change, schedule: Schedule, before: list[Override]) -> Iterator[Override]:
    """Yield what puts somebody in the place of whoever is on by the lines of a change, with what was changed before."""
    span = Interval(change.start, change.end)
    shifts = Rota([_since_ever(_only(schedule, change.lines))], before, WorkingDays()).shifts(span)
    number = len(before)
    for shift in shifts:
        gone = [user for user in shift.users if user not in change.users]
        added = [user for user in change.users if user not in shift.users]
        both = list(zip(gone, added, strict=False))
        steps = [
            *((OverrideKind.REPLACE, user, by) for user, by in both),
            *((OverrideKind.REMOVE, user, "") for user in gone[len(both) :]),
            *((OverrideKind.ADD, "", by) for by in added[len(both) :]),
        ]
        for kind, user, by in steps:
            yield _override(schedule, shift.interval, (kind, user, by), number)
            number += 1


def _override(schedule: Schedule, span: Interval, what: tuple[OverrideKind, str, str], number: int) -> Override:
    kind, user, by = what
    name = "\x00".join((schedule.schedule_id, span.start.isoformat(), span.end.isoformat(), *what, str(number)))
    return Override(
        tenant_id=schedule.tenant_id,
        schedule_id=schedule.schedule_id,
        override_id=f"{span.end:%Y%m%dT%H%M%S}-{hashlib.sha256(name.encode()).hexdigest()[:26]}",
        kind=kind,
        start=span.start,
        end=span.end,
        made_at=schedule.since + timedelta(microseconds=number),
        user=user,
        by=by,
        reason="imported",
    )


def _compared(schedule: Schedule, overrides: tuple[Override, ...], found: ForeignRota, at: datetime) -> Carried:
    first = at.replace(minute=0, second=0, microsecond=0) + HOUR
    span = Interval(first, first + AHEAD)
    shifts = iter(Rota([schedule], overrides, WorkingDays()).shifts(span))
    shift = next(shifts, None)
    differences: list[Difference] = []
    different = 0
    hours = int(AHEAD / HOUR)
    for number in range(hours):
        hour = first + number * HOUR
        while shift is not None and shift.interval.end <= hour:
            shift = next(shifts, None)
        ours = tuple(sorted(shift.users)) if shift is not None else ()
        theirs = tuple(sorted(found.source(hour)))
        if ours == theirs:
            continue
        different += 1
        last = differences[-1] if differences else None
        if last is not None and (last.end, last.source, last.ours) == (hour, theirs, ours):
            differences[-1] = replace(last, end=hour + HOUR)
        else:
            differences.append(Difference(hour, hour + HOUR, theirs, ours))
    return Carried(schedule, overrides, tuple(differences[:MOST_DIFFERENCES]), hours, different)


def _only(schedule: Schedule, lines: tuple[str, ...]) -> Schedule:
    if not lines:
        return schedule
    levels = tuple(
        Level(tuple(one for one in level.rotations if any(_is_of(one.rotation_id, line) for line in lines)))
        for level in schedule.levels
    )
    return replace(schedule, levels=levels)


def _is_of(rotation_id: str, line: str) -> bool:
    tail = rotation_id.removeprefix(f"{line}-")
    return rotation_id == line or (tail != rotation_id and tail.isdecimal())


def _since_ever(schedule: Schedule) -> Schedule:
    return replace(schedule, since=datetime(1970, 1, 1, tzinfo=schedule.since.tzinfo))


def _wall(at: datetime) -> str:
    return at.isoformat(timespec="minutes")
