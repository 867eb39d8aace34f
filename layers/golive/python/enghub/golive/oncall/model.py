"""Schedules of on-call duty: levels, rotations by the wall clock, windows, overrides (OPS-12). No I/O.

A rotation's grid is wall-clock time (decision 0045): a hand-over at 9:00 stays at 9:00 when clocks change. Whose turn
it is follows from an anchor, a turn and the place in the list it has, which an edit moves so that who is on stays on;
what was is kept as versions, never computed again.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.intervals import Interval
from enghub.kit.calendars.rotations import Rotation as Grid
from enghub.kit.calendars.shifts import Hours
from enghub.kit.calendars.zones import day_of, instant, local, zone

DAY = timedelta(days=1)
EVERY_DAY = tuple(range(7))
FOREVER = datetime(9000, 1, 1, tzinfo=UTC)
Group = tuple[str, ...]
"""Who is on together in one turn."""


class Counting(StrEnum):
    """What a turn counts."""

    ELAPSED = "ELAPSED"
    """Every turn, also one in whose time nobody works."""
    WORKED = "WORKED"
    """Only turns that hold some of the windows' time."""


class Days(StrEnum):
    """On which days a window begins, beside its weekdays."""

    ANY = "ANY"
    WORKING = "WORKING"
    """Working days of the schedule's calendar, make-up days among them."""
    FREE = "FREE"


class OverrideKind(StrEnum):
    """What an override does to who is on."""

    ADD = "ADD"
    REMOVE = "REMOVE"
    REPLACE = "REPLACE"
    """``by`` in the place of ``user``; nothing while ``user`` is not on."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hours in which a rotation is on duty; an end at or before the start is the next day's."""

    start: str
    end: str
    weekdays: tuple[int, ...] = EVERY_DAY
    days: Days = Days.ANY

    def begins_on(self, day: date, working: WorkingDays) -> bool:
        """Tell whether it begins on ``day``."""
        if self.days is Days.ANY:
            return day.weekday() in self.weekdays
        return (day in working) == (self.days is Days.WORKING)

    def on(self, day: date, tz: tzinfo) -> Interval:
        """Return when it is, begun on ``day``."""
        return Hours(_time(self.start), _time(self.end)).on(day, tz)


@dataclass(frozen=True, slots=True)
class Rotation:
    """Groups that take turns. ``anchor`` and ``anchor_index``: the turn that begins there is that group's."""

    rotation_id: str
    start: str
    """By the wall clock of the schedule's zone: 2026-10-05T09:00. Nobody is on before."""
    turn_minutes: int
    members: tuple[Group, ...]
    windows: tuple[Window, ...] = ()
    """None: always."""
    counting: Counting = Counting.ELAPSED
    until: str = ""
    """By the wall clock; empty for without end."""
    anchor: str = ""
    anchor_index: int = 0

    def grid(self, tz: tzinfo) -> Grid:
        """Return the wall-clock grid of turns, number 0 at the anchor."""
        return Grid(tz, _wall(self.anchor or self.start), timedelta(minutes=self.turn_minutes), ("-",))

    def lifetime(self, tz: tzinfo) -> Interval:
        """Return from when until when it exists."""
        end = instant(_wall(self.until), tz) if self.until else FOREVER
        return Interval(instant(_wall(self.start), tz), end)

    def index(self, number: int, tz: tzinfo, working: WorkingDays) -> int:
        """Return whose place a turn is."""
        if self.counting is Counting.ELAPSED or not self.windows:
            return (self.anchor_index + number) % len(self.members)
        grid, step = self.grid(tz), 1 if number >= 0 else -1
        between = range(number) if step > 0 else range(number, 0)
        count = sum(self._is_worked(grid.turn(one).interval, tz, working) for one in between)
        return (self.anchor_index + step * count) % len(self.members)

    def duty(self, span: Interval, tz: tzinfo, working: WorkingDays) -> list[tuple[Interval, Group]]:
        """Return who is on when within ``span``, in order of time; nobody's time is left out."""
        found: list[tuple[Interval, Group]] = []
        span = span.meet(self.lifetime(tz))
        if not span.duration:
            return found
        grid = self.grid(tz)
        turn = grid.turn_at(span.start)
        index = self.index(turn.number, tz, working)
        while turn.interval.start < span.end:
            group = self.members[index]
            found += [(part, group) for part in self._windows(turn.interval.meet(span), tz, working)]
            if self.counting is Counting.ELAPSED or not self.windows or self._is_worked(turn.interval, tz, working):
                index = (index + 1) % len(self.members)
            turn = grid.turn(turn.number + 1)
        return found

    def on_at(self, at: datetime, tz: tzinfo, working: WorkingDays) -> Group:
        """Return who is on at an instant, nobody outside the windows."""
        if at not in self.lifetime(tz):
            return ()
        moment = Interval(at, at + timedelta(microseconds=1))
        if not any(part.duration for part in self._windows(moment, tz, working)):
            return ()
        return self.holder(at, tz, working)

    def holder(self, at: datetime, tz: tzinfo, working: WorkingDays) -> Group:
        """Return whose turn it is at an instant, windows or not."""
        return self.members[self.index(self.grid(tz).turn_at(at).number, tz, working)]

    def _windows(self, span: Interval, tz: tzinfo, working: WorkingDays) -> list[Interval]:
        if not self.windows:
            return [span] if span.duration else []
        first, last = day_of(span.start, tz) - DAY, day_of(span.end, tz)
        found = [
            window.on(day, tz).meet(span)
            for day in (first + number * DAY for number in range((last - first).days + 1))
            for window in self.windows
            if window.begins_on(day, working)
        ]
        return sorted(one for one in found if one.duration)

    def _is_worked(self, turn: Interval, tz: tzinfo, working: WorkingDays) -> bool:
        return bool(self._windows(turn, tz, working))


@dataclass(frozen=True, slots=True)
class Level:
    """Who is paged together: first, second or third line."""

    rotations: tuple[Rotation, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rota. ``since`` is from when on it is as it is; earlier versions are kept beside it."""

    tenant_id: str
    schedule_id: str
    name: str
    zone: str
    levels: tuple[Level, ...]
    since: datetime
    calendar_id: str = ""
    is_deleted: bool = False

    @property
    def tz(self) -> tzinfo:
        """The zone whose clocks tell when turns begin."""
        return zone(self.zone)

    @property
    def people(self) -> frozenset[str]:
        """Everybody who has a turn."""
        return frozenset(
            user
            for level in self.levels
            for rotation in level.rotations
            for group in rotation.members
            for user in group
        )


@dataclass(frozen=True, slots=True)
class Override:
    """A change of who is on, from ``start`` until just before ``end``; later made ones apply after earlier ones."""

    tenant_id: str
    schedule_id: str
    override_id: str
    kind: OverrideKind
    start: datetime
    end: datetime
    made_at: datetime
    user: str = ""
    by: str = ""
    level: int = 0
    """1 to 3; 0 for all."""
    policy_id: str = ""
    """Only where this escalation policy pages; empty for everywhere."""
    reason: str = ""
    is_deleted: bool = False

    def applied(self, on: tuple[str, ...]) -> tuple[str, ...]:
        """Return who is on with it."""
        match self.kind:
            case OverrideKind.ADD:
                return on if self.by in on else (*on, self.by)
            case OverrideKind.REMOVE:
                return tuple(user for user in on if user != self.user)
            case OverrideKind.REPLACE:
                return tuple(dict.fromkeys(self.by if user == self.user else user for user in on))


def edited(before: Schedule, after: Schedule, at: datetime, working: WorkingDays) -> Schedule:
    """Return ``after``, in which who is on stays on, for every rotation that was there before (by its id).

    Whoever was taken off the list hands over at once, to the next in the former order who is still on it.
    """
    old = {one.rotation_id: one for level in before.levels for one in level.rotations}
    levels = tuple(
        Level(tuple(_anchored(old.get(one.rotation_id), one, (before, after), at, working) for one in level.rotations))
        for level in after.levels
    )
    return replace(after, levels=levels, since=at)


def _anchored(
    old: Rotation | None, new: Rotation, schedules: tuple[Schedule, Schedule], at: datetime, working: WorkingDays
) -> Rotation:
    before, after = schedules
    fresh = replace(new, anchor="", anchor_index=0)
    if old is None or at not in old.lifetime(before.tz) or at not in fresh.lifetime(after.tz):
        return fresh
    same = replace(fresh, anchor=old.anchor, anchor_index=old.anchor_index)
    if (same, before.zone) == (old, after.zone):
        return old
    place = old.index(old.grid(before.tz).turn_at(at).number, before.tz, working)
    order = [*old.members[place:], *old.members[:place]]
    keeper = next((group for group in order if group in new.members), None)
    if keeper is None:
        return fresh
    turn = fresh.grid(after.tz).turn_at(at)
    begins = _wall(fresh.start) + turn.number * timedelta(minutes=fresh.turn_minutes)
    return replace(fresh, anchor=begins.isoformat(timespec="minutes"), anchor_index=new.members.index(keeper))


def wall_of(at: datetime, tz: tzinfo) -> str:
    """Return what clocks show at an instant, as schedules keep it."""
    return local(at, tz).isoformat(timespec="minutes")


def _wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _time(text: str) -> time:
    return time.fromisoformat(text)
