"""Who is on call at an instant and in a period: versions, rotations, overrides (OPS-12). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from enghub.golive.oncall.model import Override, Schedule
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.intervals import Interval

Users = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on at one level, from when until when; nobody where ``users`` is empty."""

    level: int
    interval: Interval
    users: Users


@dataclass(frozen=True, slots=True)
class Rota:
    """A schedule with what was before it and what changes it in some period.

    ``versions`` are all that were in force in it, in order, the present one last; ``overrides`` all that touch it.
    """

    versions: Sequence[Schedule]
    overrides: Sequence[Override]
    working: WorkingDays

    def on_at(self, at: datetime, policy_id: str = "") -> tuple[Users, ...]:
        """Return who is on at an instant, by level, for pages of ``policy_id``."""
        schedule = self._version(at)
        if schedule is None:
            return ()
        found = []
        for number, level in enumerate(schedule.levels, 1):
            groups = (rotation.on_at(at, schedule.tz, self.working) for rotation in level.rotations)
            on = tuple(dict.fromkeys(user for group in groups for user in group))
            found.append(self._overridden(on, number, at, policy_id))
        return tuple(found)

    def shifts(self, span: Interval, policy_id: str = "") -> tuple[Shift, ...]:
        """Return who is on in a period, by level and time, without gaps: nobody's time has no users."""
        return tuple(shift for number in range(1, self._levels + 1) for shift in self._level(number, span, policy_id))

    @property
    def _levels(self) -> int:
        return max((len(version.levels) for version in self.versions), default=0)

    def _level(self, number: int, span: Interval, policy_id: str) -> list[Shift]:
        duty = self._duty(number, span)
        bounds = {span.start, span.end}
        bounds.update(bound for part, _ in duty for bound in (part.start, part.end))
        bounds.update(bound for one in self.overrides for bound in (one.start, one.end) if bound in span)
        order = sorted(bounds)
        shifts: list[Shift] = []
        waiting, active = sorted(duty, key=lambda one: one[0]), list[tuple[Interval, Users]]()
        place = 0
        for start, end in pairwise(order):
            active = [one for one in active if one[0].end > start]
            while place < len(waiting) and waiting[place][0].start <= start:
                active.append(waiting[place])
                place += 1
            on = tuple(dict.fromkeys(user for part, group in active if part.end > start for user in group))
            on = self._overridden(on, number, start, policy_id)
            if shifts and set(shifts[-1].users) == set(on):
                shifts[-1] = Shift(number, Interval(shifts[-1].interval.start, end), shifts[-1].users)
            else:
                shifts.append(Shift(number, Interval(start, end), on))
        return shifts

    def _duty(self, number: int, span: Interval) -> list[tuple[Interval, Users]]:
        found: list[tuple[Interval, Users]] = []
        for version, ends in zip(self.versions, [*(one.since for one in self.versions[1:]), span.end], strict=True):
            valid = span.meet(Interval(min(version.since, ends), ends))
            if valid.duration and number <= len(version.levels) and not version.is_deleted:
                for rotation in version.levels[number - 1].rotations:
                    found += rotation.duty(valid, version.tz, self.working)
        return found

    def _version(self, at: datetime) -> Schedule | None:
        found = [version for version in self.versions if version.since <= at]
        return found[-1] if found and not found[-1].is_deleted else None

    def _overridden(self, on: Users, level: int, at: datetime, policy_id: str) -> Users:
        for one in in_order(self.overrides):
            if one.start <= at < one.end and one.level in {0, level} and one.policy_id in {"", policy_id}:
                on = one.applied(on)
        return on


def in_order(overrides: Iterable[Override]) -> list[Override]:
    """Return overrides as they apply: those of everywhere before those of one policy, then as they were made."""
    return sorted(overrides, key=lambda one: (one.policy_id != "", one.made_at, one.override_id))


def shadowed(rota: Rota, override: Override) -> bool:
    """Tell whether an override changes nothing in all its time: others undo it, or nobody is there to replace."""
    span = Interval(override.start, override.end)
    without = Rota(
        rota.versions, [one for one in rota.overrides if one.override_id != override.override_id], rota.working
    )
    having = Rota(rota.versions, [*without.overrides, override], rota.working)
    return having.shifts(span, override.policy_id) == without.shifts(span, override.policy_id)
