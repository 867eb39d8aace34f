"""PagerDuty's schedules of shifts: read as the shifts that Grafana OnCall has, which are the same (OPS-23). Pure.

An event is a shift by the wall clock of its zone that comes again by a rule; members have so many shifts each, counted
from its first one, or all are on. Rotations and single shifts are on together; an override puts somebody in the place
of somebody in one of them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal, cast, get_args

from enghub.golive.importers import grafana, texts
from enghub.golive.importers.formats import IcalDay, OnCallSchedule, OnCallShift, PagerDutySchedule
from enghub.golive.importers.model import Change, ForeignRota, Reading, Source
from enghub.golive.importers.shift_formats import CustomShift, Member, ShiftEvent, ShiftOverride, ShiftRotation
from enghub.golive.importers.texts import slug
from enghub.kit.calendars.zones import local, zone

Recurring = Literal["daily", "weekly"]
KNOWN = frozenset({"FREQ", "INTERVAL", "BYDAY", "WKST"})
DAYS = get_args(IcalDay)
MOST_GROUPS = 100
MINUTE, MOST = timedelta(minutes=1), timedelta(days=366)


def rota(schedule: PagerDutySchedule, reading: Reading, at: datetime) -> ForeignRota | None:
    """Return a schedule, understood; nothing where nobody has a shift."""
    place = f"schedules.{schedule.id}"
    home = OnCallSchedule(id=schedule.id, name=schedule.name, time_zone=schedule.time_zone, type="calendar")
    parts = {one.id: list(_shifts(one, reading, place)) for one in schedule.rotations}
    parts |= {
        one.id: [_single(one)] for one in schedule.custom_shifts if MINUTE <= one.end_time - one.start_time <= MOST
    }
    shifts = [shift for part in parts.values() for shift in part]
    zone_name = grafana.home_of(shifts, home)
    lines = tuple(line for one in shifts for line in grafana.lines_of(one, home, zone_name, reading))
    if not lines:
        reading.note(place, texts.NO_LINES)
        return None
    changes = tuple(
        Change(one.start_time, one.end_time, users, tuple(slug(shift.id) for shift in parts[_part(one)]))
        for one in _overrides(schedule)
        if _part(one) in parts
        for users in [_instead(one, parts[_part(one)], reading)]
    )
    source = _source(schedule, parts, home, reading, at)
    return ForeignRota(slug(schedule.id), schedule.name or schedule.id, zone_name, lines, changes, source)


def _overrides(schedule: PagerDutySchedule) -> list[ShiftOverride]:
    return [one for one in schedule.overrides if isinstance(one, ShiftOverride)]


def _part(one: ShiftOverride) -> str:
    return one.rotation_id or one.custom_shift_id or ""


def _user(one: Member) -> tuple[str, ...]:
    return (one.user_id,) if one.type == "user_member" and one.user_id else ()


def _instead(one: ShiftOverride, shifts: list[OnCallShift], reading: Reading) -> tuple[str, ...]:
    """Return who is on in a rotation while an override holds: everybody else who is on together stays."""
    together = [user for shift in shifts if shift.users for user in shift.users]
    gone = _user(one.overridden_member)
    stay = [user for user in dict.fromkeys(together) if user not in gone]
    return tuple(reading.user(user) for user in (*stay, *_user(one.overriding_member)))


def _single(one: CustomShift) -> OnCallShift:
    users = tuple(user for part in one.assignments for user in _user(part.member))
    return OnCallShift(
        id=one.id,
        type="single_event",
        time_zone="UTC",
        start=_naive(one.start_time, "UTC"),
        duration=_length(one.start_time, one.end_time),
        users=users,
    )


def _shifts(rotation: ShiftRotation, reading: Reading, place: str) -> Iterator[OnCallShift]:
    for event in rotation.events:
        rule = _rule(event)
        if rule is None:
            reading.note(f"{place}.{rotation.id}.{event.id}", texts.RULE.filled(why="; ".join(event.recurrence)))
            continue
        if event.effective_since and event.effective_since > event.start_time.date_time and _is_in_turns(event):
            reading.note(f"{place}.{rotation.id}.{event.id}", texts.COUNTED)
        yield _shift(event, *rule)


def _is_in_turns(event: ShiftEvent) -> bool:
    strategy = event.assignment_strategy
    return strategy.type == "rotating_member_assignment_strategy" and len(strategy.members) > 1


def _rule(event: ShiftEvent) -> tuple[Recurring | None, int, tuple[IcalDay, ...]] | None:
    """Return how often, every how many, on which days; nothing where the rule is not carried."""
    length = event.end_time.date_time - event.start_time.date_time
    if len(event.recurrence) > 1 or len(_groups(event)) > MOST_GROUPS or not MINUTE <= length <= MOST:
        return None
    if not event.recurrence:
        return None, 1, ()
    text = event.recurrence[0].upper().removeprefix("RRULE:")
    parts = dict(part.partition("=")[::2] for part in text.split(";"))
    days, every, frequency = parts.get("BYDAY", ""), parts.get("INTERVAL", "1"), parts.get("FREQ", "").lower()
    found = tuple(days.split(",")) if days else ()
    is_known = set(parts) <= KNOWN and frequency in get_args(Recurring) and every.isdecimal() and 1 <= int(every) <= 366
    if not is_known or not set(found) <= set(DAYS):
        return None
    begins = DAYS[local(event.start_time.date_time, zone(event.start_time.time_zone)).weekday()]
    if not found or (frequency == "weekly" and found == (begins,)):
        return cast("Recurring", frequency), int(every), ()
    return ("daily", 1, cast("tuple[IcalDay, ...]", found)) if int(every) == 1 else None


def _groups(event: ShiftEvent) -> tuple[tuple[str, ...], ...]:
    strategy = event.assignment_strategy
    if not strategy.type.startswith("rotating"):
        return (tuple(user for member in strategy.members for user in _user(member)),)
    times = strategy.shifts_per_member or 1
    return tuple(_user(member) for member in strategy.members for _ in range(times))


def _shift(event: ShiftEvent, frequency: Recurring | None, every: int, days: tuple[IcalDay, ...]) -> OnCallShift:
    name, groups = event.start_time.time_zone, _groups(event)
    together = groups[0] if event.assignment_strategy.type.startswith("every") or frequency is None else None
    return OnCallShift(
        id=event.id,
        type="single_event" if frequency is None else "rolling_users",
        time_zone=name,
        start=_naive(event.start_time.date_time, name),
        rotation_start=_naive(event.effective_since, name) if event.effective_since else None,
        duration=_length(event.start_time.date_time, event.end_time.date_time),
        frequency=frequency,
        interval=every,
        until=_naive(event.effective_until, "UTC") if event.effective_until else None,
        by_day=days or None,
        users=together,
        rolling_users=groups if frequency else None,
    )


def _naive(at: datetime, name: str) -> str:
    return local(at, zone(name)).replace(tzinfo=None, microsecond=0).isoformat()


def _length(start: datetime, end: datetime) -> int:
    return int((end - start) / timedelta(seconds=1))


def _source(
    schedule: PagerDutySchedule,
    parts: dict[str, list[OnCallShift]],
    home: OnCallSchedule,
    reading: Reading,
    at: datetime,
) -> Source:
    """Return who is on by PagerDuty's own rules: of each rotation whoever has its shift, with what is put instead."""
    sources = {name: grafana.source_of(shifts, home, reading, at) for name, shifts in parts.items()}
    overrides = _overrides(schedule)

    def on(moment: datetime) -> frozenset[str]:
        found: set[str] = set()
        for name, source in sources.items():
            users = set(source(moment))
            for one in overrides:
                gone = {reading.user(user) for user in _user(one.overridden_member)}
                if _part(one) == name and one.start_time <= moment < one.end_time and gone <= users:
                    users = users - gone | {reading.user(user) for user in _user(one.overriding_member)}
            found |= users
        return frozenset(found)

    return on
