"""What people do with schedules: store, ask, override, cover (OPS-12, OPS-21)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from enghub.core import ids
from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.setup.errors import SetupNotFound, TooManyOfThem
from enghub.golive.calendars.model import WorkingCalendar
from enghub.golive.oncall.covers import Cover
from enghub.golive.oncall.errors import (
    NoLength,
    NotOnCall,
    OverrideNotFound,
    UnknownCalendar,
    UnknownPerson,
    WorkedTurnsAreDays,
)
from enghub.golive.oncall.linter import AHEAD, Warning_, lint
from enghub.golive.oncall.model import Counting, Override, OverrideKind, Schedule, edited
from enghub.golive.oncall.rota import Rota
from enghub.golive.published import OnCallChanged
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.intervals import Interval

MOST_SCHEDULES = 100
DAY_MINUTES = 1440


class OnCallStore(Protocol):
    """What the use cases need of a store."""

    def get(self, tenant_id: str, schedule_id: str) -> Kept[Schedule] | None:
        """Return a schedule as it is now, also a deleted one."""

    def count(self, tenant_id: str) -> int:
        """Return how many schedules there are."""

    def save_schedule(self, commit: Commit[Schedule]) -> Kept[Schedule]:
        """Store a schedule, and what it was as a version."""

    def versions(self, present: Schedule, span: Interval) -> list[Schedule]:
        """Return the versions in force in a period."""

    def overrides(self, tenant_id: str, schedule_id: str, span: Interval) -> list[Override]:
        """Return what changes a schedule in a period."""

    def override(self, tenant_id: str, schedule_id: str, override_id: str) -> Kept[Override] | None:
        """Return an override."""

    def save_override(self, commit: Commit[Override]) -> Kept[Override]:
        """Store an override."""

    def cover(self, tenant_id: str, schedule_id: str, cover_id: str) -> Kept[Cover] | None:
        """Return a request to be covered."""

    def save_cover(self, commit: Commit[Cover], *made: Commit[Override]) -> Kept[Cover]:
        """Store a request with the overrides that follow from it."""


@dataclass(frozen=True, slots=True)
class OnCall:
    """The use cases."""

    store: OnCallStore
    calendar: Callable[[str, str], WorkingCalendar | None]
    people: Callable[[str, frozenset[str]], frozenset[str]]
    """Which of these users of a tenant are contacts."""
    days_off: Callable[[str, frozenset[str]], Mapping[str, tuple[date, ...]]]

    def schedule(self, tenant_id: str, schedule_id: str) -> Kept[Schedule]:
        """Return a schedule as it is now.

        Raises:
            SetupNotFound
        """
        found = self.store.get(tenant_id, schedule_id)
        if found is None or found.value.is_deleted:
            raise SetupNotFound(what="schedule", name=schedule_id)
        return found

    def rota(self, tenant_id: str, schedule_id: str, span: Interval) -> Rota:
        """Return a schedule with its history and overrides in a period.

        Raises:
            SetupNotFound
        """
        present = self.schedule(tenant_id, schedule_id).value
        overrides = [one for one in self.store.overrides(tenant_id, schedule_id, span) if not one.is_deleted]
        return Rota(self.store.versions(present, span), overrides, self._working(present))

    def proposed(self, schedule: Schedule, span: Interval) -> Rota:
        """Return a schedule as if it had been in force in a period, with the overrides of the stored one."""
        overrides = self.store.overrides(schedule.tenant_id, schedule.schedule_id, span)
        return Rota([schedule], [one for one in overrides if not one.is_deleted], self._working(schedule))

    def on_at(self, tenant_id: str, schedule_id: str, at: datetime, policy_id: str = "") -> tuple[tuple[str, ...], ...]:
        """Return who is on at an instant, by level."""
        return self.rota(tenant_id, schedule_id, Interval(at, at + timedelta(microseconds=1))).on_at(at, policy_id)

    def put(self, wanted: Schedule, version: int | None, origin: Origin) -> tuple[Kept[Schedule], list[Warning_]]:
        """Store a schedule from now on; who is on stays on. Returns it with what its maker should know.

        Raises:
            UnknownPerson, UnknownCalendar, WorkedTurnsAreDays, NoLength, VersionConflict, TooManyOfThem
        """
        self._check(wanted)
        kept = self.store.get(wanted.tenant_id, wanted.schedule_id)
        seen = 0 if kept is None or kept.value.is_deleted else kept.revision
        if seen and kept is not None and _same(kept.value, wanted) and version in {None, seen - 1}:
            return kept, self.warnings(kept.value, origin.at)
        if seen != (version or 0):
            raise VersionConflict(expected=version or 0, actual=seen)
        if not seen and self.store.count(wanted.tenant_id) >= MOST_SCHEDULES:
            raise TooManyOfThem(what="schedule", most=MOST_SCHEDULES)
        after = replace(wanted, since=origin.at)
        if kept is not None and seen:
            after = edited(kept.value, after, origin.at, self._working(wanted))
        saved = self._save("changed" if seen else "created", after, kept, origin)
        return saved, self.warnings(after, origin.at)

    def delete(self, schedule_id: str, version: int | None, origin: Origin) -> None:
        """Take a schedule away from now on; its history stays.

        Raises:
            SetupNotFound, VersionConflict
        """
        kept = self.schedule(origin.tenant_id, schedule_id)
        if version is not None and version != kept.revision:
            raise VersionConflict(expected=version, actual=kept.revision)
        self._save("deleted", replace(kept.value, is_deleted=True, since=origin.at), kept, origin)

    def warnings(self, schedule: Schedule, now: datetime) -> list[Warning_]:
        """Return what the maker of a rota should know about the next 90 days."""
        span = Interval(now, now + AHEAD)
        overrides = [
            one for one in self.store.overrides(schedule.tenant_id, schedule.schedule_id, span) if not one.is_deleted
        ]
        rota = Rota([schedule], overrides, self._working(schedule))
        calendar = self.calendar(schedule.tenant_id, schedule.calendar_id) if schedule.calendar_id else None
        return lint(rota, now, calendar, self.days_off(schedule.tenant_id, schedule.people))

    def add_override(self, wanted: Override, origin: Origin) -> tuple[Kept[Override], list[Warning_]]:
        """Store an override; warnings say whether it, or one that it touches, changes nothing.

        Raises:
            SetupNotFound, NoLength, UnknownPerson
        """
        schedule = self.schedule(wanted.tenant_id, wanted.schedule_id).value
        self._check_override(wanted)
        made = replace(wanted, override_id=override_id(wanted.end, origin), made_at=origin.at)
        kept = self.store.save_override(Commit(origin, "created", made, events=(_changed(schedule, origin),)))
        return kept, [one for one in self.warnings(schedule, min(origin.at, made.start)) if one.rule == "shadowed"]

    def remove_override(self, schedule_id: str, name: str, origin: Origin) -> None:
        """Take an override away: one that runs ends now, so that its past stays.

        Raises:
            OverrideNotFound
        """
        kept = self.store.override(origin.tenant_id, schedule_id, name)
        if kept is None or kept.value.is_deleted:
            raise OverrideNotFound(override_id=name)
        one = kept.value
        runs = one.start < origin.at < one.end
        after = replace(one, end=origin.at) if runs else replace(one, is_deleted=True)
        schedule = self.schedule(origin.tenant_id, schedule_id).value
        self.store.save_override(Commit(origin, "ended", after, kept, events=(_changed(schedule, origin),)))

    def ask_cover(self, wanted: Cover, origin: Origin) -> Kept[Cover]:
        """Store that somebody asks to be covered.

        Raises:
            SetupNotFound, NoLength, NotOnCall
        """
        self._is_on(wanted, wanted.user, wanted.start, wanted.end)
        return self.store.save_cover(Commit(origin, "asked", replace(wanted, cover_id=ids.new_id(origin.at))))

    def take_cover(self, kept: Kept[Cover], by: str, origin: Origin) -> Kept[Cover]:
        """Let somebody take a request: from then on they are on in that time, and the other in the time offered back.

        Raises:
            CoverNotOpen, NotOnCall, UnknownPerson
        """
        one = kept.value
        self._known("user", one.tenant_id, frozenset({by}))
        after = one.taken(by)
        made = [self._replacing(one, (one.user, by), Interval(one.start, one.end), origin)]
        if one.back_start is not None and one.back_end is not None:
            self._is_on(one, by, one.back_start, one.back_end)
            made.append(self._replacing(one, (by, one.user), Interval(one.back_start, one.back_end), origin))
        return self.store.save_cover(Commit(origin, "taken", after, kept), *made)

    def _replacing(self, one: Cover, who: tuple[str, str], span: Interval, origin: Origin) -> Commit[Override]:
        made = Override(
            tenant_id=one.tenant_id,
            schedule_id=one.schedule_id,
            override_id=override_id(span.end, origin),
            kind=OverrideKind.REPLACE,
            start=span.start,
            end=span.end,
            made_at=origin.at,
            user=who[0],
            by=who[1],
            reason=one.reason,
        )
        schedule = self.schedule(one.tenant_id, one.schedule_id).value
        return Commit(origin, "created", made, events=(_changed(schedule, origin),))

    def _is_on(self, one: Cover, user: str, start: datetime, end: datetime) -> None:
        if end <= start:
            raise NoLength(field="end")
        span = Interval(start, end)
        shifts = self.rota(one.tenant_id, one.schedule_id, span).shifts(span)
        if not any(user in shift.users for shift in shifts):
            raise NotOnCall(user=user)

    def _save(self, action: str, after: Schedule, kept: Kept[Schedule] | None, origin: Origin) -> Kept[Schedule]:
        return self.store.save_schedule(Commit(origin, action, after, kept, events=(_changed(after, origin),)))

    def _working(self, schedule: Schedule) -> WorkingDays:
        calendar = self.calendar(schedule.tenant_id, schedule.calendar_id) if schedule.calendar_id else None
        return calendar.days() if calendar else WorkingDays()

    def _check(self, schedule: Schedule) -> None:
        if schedule.calendar_id and self.calendar(schedule.tenant_id, schedule.calendar_id) is None:
            raise UnknownCalendar(field="calendarId", name=schedule.calendar_id)
        for place, level in enumerate(schedule.levels):
            for number, rotation in enumerate(level.rotations):
                field = f"levels.{place}.rotations.{number}"
                if rotation.counting is Counting.WORKED and rotation.turn_minutes % DAY_MINUTES:
                    raise WorkedTurnsAreDays(field=f"{field}.turnMinutes")
                if rotation.until and rotation.until <= rotation.start:
                    raise NoLength(field=f"{field}.until")
        self._known("levels", schedule.tenant_id, schedule.people)

    def _check_override(self, one: Override) -> None:
        if one.end <= one.start:
            raise NoLength(field="end")
        needs = {"user": one.kind is not OverrideKind.ADD, "by": one.kind is not OverrideKind.REMOVE}
        for field, needed in needs.items():
            given = one.user if field == "user" else one.by
            if needed:
                self._known(field, one.tenant_id, frozenset({given}))

    def _known(self, field: str, tenant_id: str, users: frozenset[str]) -> None:
        unknown = users - self.people(tenant_id, users)
        if unknown:
            raise UnknownPerson(field=field, user=min(unknown))


def override_id(end: datetime, origin: Origin) -> str:
    """Return a new override's id, which sorts by its end."""
    return f"{end:%Y%m%dT%H%M%S}-{ids.new_id(origin.at)}"


def _same(before: Schedule, wanted: Schedule) -> bool:
    levels = tuple(
        replace(level, rotations=tuple(replace(one, anchor="", anchor_index=0) for one in level.rotations))
        for level in before.levels
    )
    return replace(before, levels=levels, since=wanted.since) == wanted


def _changed(schedule: Schedule, origin: Origin) -> Envelope:
    return OnCallChanged(schedule_id=schedule.schedule_id, name=schedule.name, is_deleted=schedule.is_deleted).envelope(
        origin
    )
