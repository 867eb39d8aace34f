"""Opsgenie's schedules and escalations: read for our rota, and said by their own rules to compare with (OPS-23). Pure.

All rotations of a schedule are on together. An override puts its user in the place of whoever is on in its rotations.
Delays of an escalation count from the alert; ours count from the step before.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import get_args

from enghub.golive.importers import texts
from enghub.golive.importers.formats import (
    OpsgenieEscalation,
    OpsgenieExport,
    OpsgenieRotation,
    OpsgenieSchedule,
    Participant,
    TimeRestriction,
    TimeSpan,
    Weekday,
)
from enghub.golive.importers.model import Change, ForeignRota, Line, Reading, Source, Spans
from enghub.golive.importers.texts import slug
from enghub.golive.importers.weeks import ALWAYS, DAY, WEEK, weekly
from enghub.golive.oncall.model import Group
from enghub.golive.policies.model import Policy, Step, Target, TargetKind
from enghub.kit.calendars.zones import local, zone

UNITS = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(weeks=1)}
DAYS = get_args(Weekday)
MOST_REPEATS = 9


def rotas(export: OpsgenieExport, reading: Reading) -> Iterable[ForeignRota]:
    """Yield every schedule, understood."""
    for schedule in export.schedules:
        place = f"schedules.{schedule.id}"
        rotations = [one for one in schedule.rotations if one.enabled]
        if not schedule.enabled or not rotations:
            reading.note(place, texts.NO_LINES if schedule.enabled else texts.DISABLED)
            continue
        tz = zone(schedule.timezone)
        lines = tuple(_line(one, tz, reading, f"{place}.{one.id}") for one in rotations)
        changes = tuple(
            Change(
                one.startDate,
                one.endDate,
                _group(one.user, reading, place),
                tuple(slug(part.id) for part in one.rotations),
            )
            for one in schedule.overrides
        )
        yield ForeignRota(
            slug(schedule.id), schedule.name, schedule.timezone, lines, changes, _source(schedule, tz, reading)
        )


def policies(export: OpsgenieExport, reading: Reading, tenant_id: str) -> Iterable[Policy]:
    """Yield every escalation."""
    schedules = {one.id for one in export.schedules}
    for one in export.escalations:
        count = one.repeat.count if one.repeat else 0
        if not one.rules:
            reading.note(f"escalations.{one.id}", texts.NO_STEPS)
            continue
        if count > MOST_REPEATS:
            reading.note(f"escalations.{one.id}", texts.REPEATS.filled(count=count))
        yield Policy(tenant_id, slug(one.id), one.name, _steps(one, schedules, reading), min(count, MOST_REPEATS))


def _steps(escalation: OpsgenieEscalation, schedules: set[str], reading: Reading) -> tuple[Step, ...]:
    place = f"escalations.{escalation.id}"
    times: dict[int, list[Target]] = {}
    for number, rule in enumerate(escalation.rules):
        if rule.condition != "if-not-acked":
            reading.note(f"{place}.{number}", texts.CONDITION.filled(condition=rule.condition))
        if rule.notifyType not in {"default", "all"}:
            reading.note(f"{place}.{number}", texts.NOTIFY.filled(kind=rule.notifyType))
        found = times.setdefault(rule.delay.minutes, [])
        found += _targets(rule.recipient, schedules, reading, f"{place}.{number}")
    order = sorted(times)
    if order[0]:
        reading.note(place, texts.FIRST_WAITS.filled(minutes=order[0]))
    delays = [max(1, later - sooner) for sooner, later in pairwise(order)]
    last = escalation.repeat.waitInterval if escalation.repeat else 0
    return tuple(Step(tuple(times[at]), delay) for at, delay in zip(order, [*delays, last or 15], strict=True))


def _targets(one: Participant, schedules: set[str], reading: Reading, place: str) -> list[Target]:
    if one.type == "user":
        return [Target(TargetKind.USER, reading.user(one.username, one.id))]
    if one.type == "schedule" and one.id:
        if one.id not in schedules:
            reading.note(place, texts.NO_SCHEDULE.filled(name=one.id))
        return [Target(TargetKind.SCHEDULE, slug(one.id))]
    reading.note(place, texts.NO_TARGETS.filled(kind=one.type))
    return []


def _group(one: Participant, reading: Reading, place: str) -> Group:
    if one.type == "user" and (one.username or one.id):
        return (reading.user(one.username, one.id),)
    if one.type != "none":
        reading.note(place, texts.NOT_A_USER.filled(kind=one.type))
    return ()


def _line(one: OpsgenieRotation, tz: tzinfo, reading: Reading, place: str) -> Line:
    start = local(one.startDate, tz).replace(second=0, microsecond=0)
    return Line(
        line_id=slug(one.id),
        rank=0,
        start=start,
        until=local(one.endDate, tz).replace(second=0, microsecond=0) if one.endDate else None,
        anchor=start,
        turn=UNITS[one.type] * one.length,
        members=tuple(_group(person, reading, place) for person in one.participants),
        week=_week(one.timeRestriction),
    )


def _week(found: TimeRestriction | None) -> Spans:
    spans = _spans(found)
    return ALWAYS if spans is None else weekly((begin, (end - begin - 1) % WEEK + 1) for begin, end in spans)


def _spans(found: TimeRestriction | None) -> list[tuple[int, int]] | None:
    """Return begins and ends in minutes of the week, None for always; an end before its begin is of the next week."""
    if found is None:
        return None
    if found.type == "time-of-day":
        every = (*found.restrictions, *([found.restriction] if found.restriction else []))
        return [span for one in every for span in _daily(one)] or None
    return [
        (DAYS.index(one.startDay) * DAY + _minute(one)[0], DAYS.index(one.endDay) * DAY + _minute(one)[1])
        for one in found.restrictions
        if one.startDay and one.endDay
    ] or None


def _daily(one: TimeSpan) -> list[tuple[int, int]]:
    begin, end = _minute(one)
    length = (end - begin - 1) % DAY + 1
    return [(day * DAY + begin, day * DAY + begin + length) for day in range(7)]


def _minute(one: TimeSpan) -> tuple[int, int]:
    return one.startHour * 60 + one.startMin, one.endHour * 60 + one.endMin


def _source(schedule: OpsgenieSchedule, tz: tzinfo, reading: Reading) -> Source:
    """Return who is on by Opsgenie's own rules, not by our rota."""

    def named(one: Participant | None) -> frozenset[str]:
        is_user = one is not None and one.type == "user"
        return frozenset({reading.user(one.username, one.id)}) if is_user and one is not None else frozenset()

    def on(at: datetime) -> frozenset[str]:
        now = [one for one in schedule.overrides if one.startDate <= at < one.endDate]
        for override in reversed(now):
            if not override.rotations:
                return named(override.user)
        found: set[str] = set()
        for rotation in schedule.rotations:
            instead = [one.user for one in now if rotation.id in {part.id for part in one.rotations}]
            found |= named(instead[-1] if instead else _turn(rotation, at, tz))
        return frozenset(found)

    return on


def _turn(one: OpsgenieRotation, at: datetime, tz: tzinfo) -> Participant | None:
    """Return whose turn it is, nobody where the rotation is not on duty."""
    wall = local(at, tz)
    if not one.enabled or at < one.startDate or (one.endDate is not None and at >= one.endDate):
        return None
    if one.timeRestriction is not None and not _is_within(one.timeRestriction, wall):
        return None
    number = (wall - local(one.startDate, tz)) // (UNITS[one.type] * one.length)
    return one.participants[number % len(one.participants)]


def _is_within(found: TimeRestriction, wall: datetime) -> bool:
    minute = wall.weekday() * DAY + wall.hour * 60 + wall.minute
    spans = _spans(found)
    return spans is None or any((minute - begin) % WEEK < (end - begin - 1) % WEEK + 1 for begin, end in spans)
