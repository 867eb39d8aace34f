"""Grafana OnCall's schedules and escalation chains: read for our rota, and said by their own rules (OPS-23). Pure.

A shift is an event of iCalendar by the wall clock: of its own zone, else of its schedule's, and in a schedule that was
made in their web pages, else of UTC (grafana/oncall, engine/apps/schedules/models/on_call_schedule.py). Users who take
turns have a period each; a higher level hides lower ones, equal ones are on together, an override hides all.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from math import lcm
from typing import get_args

from enghub.golive.importers import texts
from enghub.golive.importers.formats import IcalDay, OnCallExport, OnCallSchedule, OnCallShift, OnCallStep
from enghub.golive.importers.model import Change, ForeignRota, Line, Reading, Source, Spans
from enghub.golive.importers.texts import slug
from enghub.golive.importers.weeks import ALWAYS, DAY, WEEK, weekly
from enghub.golive.oncall.model import Group
from enghub.golive.policies.model import Policy, Step, Target, TargetKind
from enghub.kit.calendars.intervals import Interval
from enghub.kit.calendars.rules import RecurringRule
from enghub.kit.calendars.zones import instant, local, zone

UNITS = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(weeks=1)}
DAYS = get_args(IcalDay)
OVERRIDES = 1_000
"""Hides every level."""
MINUTE = timedelta(minutes=1)
AHEAD = timedelta(days=92)
MOST_DAYS = 364
"""A rota of single days says at most so many."""
REPEATS = 5
"""How often OnCall begins again at most."""


def rotas(export: OnCallExport, reading: Reading, at: datetime) -> Iterable[ForeignRota]:
    """Yield every schedule, understood; what differs is looked for from ``at`` on."""
    every = {one.id: one for one in export.on_call_shifts}
    for schedule in export.schedules:
        place = f"schedules.{schedule.id}"
        if schedule.type == "ical" or schedule.ical_url_overrides:
            reading.note(place, texts.ICAL.filled(kind=schedule.type))
        shifts = [every[name] for name in schedule.shifts if name in every]
        home = home_of(shifts, schedule)
        if home != schedule.time_zone:
            reading.note(place, texts.HOME.filled(zone=home, other=schedule.time_zone))
        lines = tuple(line for one in shifts for line in lines_of(one, schedule, home, reading))
        if not lines:
            reading.note(place, texts.NO_LINES)
            continue
        changes = tuple(
            Change(span.start, span.end, _groups(one, reading)[0])
            for one in sorted(shifts, key=lambda shift: shift.start)
            if one.type == "override"
            for span in [_once(one, schedule)]
        )
        source = source_of(shifts, schedule, reading, at)
        yield ForeignRota(slug(schedule.id), schedule.name, home, lines, changes, source)


def policies(export: OnCallExport, reading: Reading, tenant_id: str) -> Iterable[Policy]:
    """Yield every escalation chain as a policy; a wait ends a step."""
    schedules = {one.id for one in export.schedules}
    names = {one.id: one.name for one in export.escalation_chains}
    chains: dict[str, list[OnCallStep]] = defaultdict(list)
    for step in sorted(export.escalation_policies, key=lambda one: one.position):
        chains[step.escalation_chain_id].append(step)
    for name, found in chains.items():
        steps, repeat = _steps(found, schedules, reading, f"escalation_policies.{name}")
        yield Policy(tenant_id, slug(name), names.get(name, name), steps or (Step(()),), repeat)


def _steps(found: list[OnCallStep], schedules: set[str], reading: Reading, at: str) -> tuple[tuple[Step, ...], int]:
    """Return the steps of a chain, and how often it begins again."""
    steps: list[Step] = []
    targets: list[Target] = []
    repeat = 0
    for one in found:
        place = f"{at}.{one.position}"
        if repeat:
            reading.note(place, texts.AFTER_REPEATS)
        if one.type == "wait":
            minutes = max(1, (one.duration or 60) // 60)
            if targets:
                steps.append(Step(tuple(targets), minutes))
            elif not steps:
                reading.note(place, texts.FIRST_WAITS.filled(minutes=minutes))
            targets = []
        elif one.type == "repeat_escalation":
            repeat = REPEATS
        else:
            targets += _targets(one, schedules, reading, place)
    if targets:
        steps.append(Step(tuple(targets), 15))
    return tuple(steps), repeat


def _targets(one: OnCallStep, schedules: set[str], reading: Reading, place: str) -> list[Target]:
    if one.type == "notify_persons":
        return [Target(TargetKind.USER, reading.user(name)) for name in one.persons_to_notify or ()]
    if one.type == "notify_on_call_from_schedule" and one.notify_on_call_from_schedule:
        if one.notify_on_call_from_schedule not in schedules:
            reading.note(place, texts.NO_SCHEDULE.filled(name=one.notify_on_call_from_schedule))
        return [Target(TargetKind.SCHEDULE, slug(one.notify_on_call_from_schedule))]
    if one.type == "notify_person_next_each_time":
        reading.note(place, texts.ROUND_ROBIN)
        return [Target(TargetKind.USER, reading.user(name)) for name in one.persons_to_notify_next_each_time or ()]
    reading.note(place, texts.KIND.filled(kind=one.type or "-"))
    return []


def _groups(one: OnCallShift, reading: Reading) -> tuple[Group, ...]:
    rolling = one.rolling_users if one.type == "rolling_users" or not one.users else None
    groups = rolling or (one.users or (),)
    return tuple(tuple(reading.user(name) for name in group) for group in groups)


def _zone(one: OnCallShift, schedule: OnCallSchedule) -> str:
    return one.time_zone or ("UTC" if schedule.type == "web" else schedule.time_zone)


def home_of(shifts: list[OnCallShift], schedule: OnCallSchedule) -> str:
    """Return the zone that a rota runs by: the one of all its shifts, else the schedule's."""
    zones = {_zone(one, schedule) for one in shifts}
    return zones.pop() if len(zones) == 1 else schedule.time_zone


def _days(one: OnCallShift) -> list[int]:
    return sorted({DAYS.index(day) for day in one.by_day or ()})


def _start(one: OnCallShift) -> datetime:
    """Return when the first turn begins: on a selected day; on the week's first one where the start is on none."""
    start, days = datetime.fromisoformat(one.start), _days(one)
    if one.type != "rolling_users" or not days or start.weekday() in days:
        return start
    week = DAYS.index(one.week_start or "SU")
    return start + timedelta(days=(min(days, key=lambda day: (day - week) % 7) - start.weekday()) % 7)


def _once(one: OnCallShift, schedule: OnCallSchedule) -> Interval:
    start = instant(datetime.fromisoformat(one.start), zone(_zone(one, schedule)))
    return Interval(start, start + timedelta(seconds=one.duration))


def _why_not(one: OnCallShift) -> str:
    """Return why the recurring rule of a shift is not carried, nothing where it is."""
    if one.frequency in {None, "monthly"} or one.by_month or one.by_monthday:
        return "FREQ=MONTHLY, BYMONTH, BYMONTHDAY"
    period = UNITS[str(one.frequency)]
    length = timedelta(seconds=one.duration)
    if one.by_day and one.frequency == "daily":
        return _why_not_daily(one, length)
    if one.by_day and one.frequency != "weekly":
        return f"FREQ={str(one.frequency).upper()} + BYDAY"
    if length > period and length % period:
        return "DURATION"
    if one.frequency == "hourly" and length != period * (one.interval or 1) and 24 % (one.interval or 1):
        return "FREQ=HOURLY + INTERVAL + DURATION"
    return ""


def _why_not_daily(one: OnCallShift, length: timedelta) -> str:
    if one.type == "recurrent_event" and (one.interval or 1) > 1:
        return "FREQ=DAILY + INTERVAL + BYDAY"
    if length > UNITS["daily"]:
        return "FREQ=DAILY + BYDAY + DURATION"
    days, turns = len(_days(one)), (one.interval or 1) * max(1, len(one.rolling_users or ()))
    return "FREQ=DAILY + BYDAY + INTERVAL" if lcm(days, turns) // days * 7 > MOST_DAYS else ""


def lines_of(one: OnCallShift, schedule: OnCallSchedule, home: str, reading: Reading) -> Iterator[Line]:
    """Yield a shift as lines by the clocks of ``home``; what is not carried is said."""
    if one.type == "override":
        return
    place = f"on_call_shifts.{one.id}"
    groups, rank = _groups(one, reading), one.level or 0
    tz, own = zone(home), zone(_zone(one, schedule))
    if _zone(one, schedule) != home:
        reading.note(place, texts.ZONE.filled(zone=_zone(one, schedule), other=home))

    def here(at: datetime) -> datetime:
        """Return a time of the shift by the clocks of the rota."""
        return local(instant(at, own), tz).replace(second=0, microsecond=0)

    first_day, length = _start(one), timedelta(seconds=one.duration)
    start = here(first_day)
    if one.type == "single_event":
        yield Line(slug(one.id), rank, start, start + length, start, length, groups[:1], ALWAYS)
        return
    why = _why_not(one)
    if why:
        reading.note(place, texts.RULE.filled(why=why))
        return
    period, times = UNITS[str(one.frequency)], one.interval or 1
    begin = max(start, here(datetime.fromisoformat(one.rotation_start))) if one.rotation_start else start
    until = local(_until(one.until), tz).replace(second=0, microsecond=0) if one.until else None
    anchor = _week_of(one, start) if one.by_day else start
    first = one.start_rotation_from_user_index or 0
    if length == period * times and not one.by_day:
        yield Line(slug(one.id), rank, begin, until, anchor, period * times, groups, ALWAYS, first)
        return
    moved = (start.date() - first_day.date()).days
    if one.by_day and one.frequency == "daily":
        week, members = _spans(one, start, length, moved), _day_by_day(one, groups, first, first_day)
        yield Line(slug(one.id), rank, begin, until, start, period, members, week)
        return
    busy = max(1, length // period) if length > period else 1
    members = tuple(member for group in groups for member in (*(group,) * busy, *((),) * (times - busy)))
    week = ALWAYS if length >= period and not one.by_day else _spans(one, start, length, moved)
    yield Line(slug(one.id), rank, begin, until, anchor, period, members, week, first * times)


def _day_by_day(one: OnCallShift, groups: tuple[Group, ...], first: int, start: datetime) -> tuple[Group, ...]:
    """Return who has each day from ``start`` on: a turn of days passes over those that are not selected."""
    days, times = _days(one), one.interval or 1
    members: list[Group] = []
    turn = first * times
    for number in range(lcm(len(days), times * len(groups)) // len(days) * 7):
        is_on = (start.weekday() + number) % 7 in days
        members.append(groups[turn // times % len(groups)] if is_on else ())
        turn += is_on
    return tuple(members)


def _spans(one: OnCallShift, start: datetime, length: timedelta, moved: int) -> Spans:
    """Return when a shift is on; ``moved`` is by how many days its days begin otherwise by the clocks of the rota."""
    minute, minutes = start.hour * 60 + start.minute, int(length / MINUTE)
    if one.by_day:
        return weekly(((day + moved) * DAY + minute, minutes) for day in _days(one))
    if one.frequency == "weekly":
        return weekly([(start.weekday() * DAY + minute, minutes)])
    step = DAY if one.frequency == "daily" else 60 * (one.interval or 1)
    return weekly((at + minute, minutes) for at in range(0, WEEK, step))


def _week_of(one: OnCallShift, start: datetime) -> datetime:
    """Return when the week of a shift's start began, at its time of day: what reaches over midnight stays whole."""
    first = DAYS.index(one.week_start or "SU")
    return start - timedelta(days=(start.weekday() - first) % 7)


def source_of(shifts: list[OnCallShift], schedule: OnCallSchedule, reading: Reading, at: datetime) -> Source:
    """Return who is on by OnCall's own rules: the events, and of those that are on the ones of the highest level."""
    span = Interval(at - timedelta(days=370), at + AHEAD)
    found = [
        (event, OVERRIDES if one.type == "override" else one.level or 0, group)
        for one in shifts
        for event, group in _events(one, schedule, span, _groups(one, reading))
        if event.end > at
    ]

    def on(moment: datetime) -> frozenset[str]:
        now = [(rank, group) for event, rank, group in found if moment in event]
        highest = max((rank for rank, _ in now), default=0)
        return frozenset(user for rank, group in now if rank == highest for user in group)

    return on


def _events(
    one: OnCallShift, schedule: OnCallSchedule, span: Interval, groups: tuple[Group, ...]
) -> Iterator[tuple[Interval, Group]]:
    tz, start = zone(_zone(one, schedule)), _start(one)
    length, times = timedelta(seconds=one.duration), one.interval or 1
    if one.type in {"single_event", "override"}:
        yield _once(one, schedule), groups[0]
        return
    for begin in _begins(one, start, schedule, span):
        wall = local(begin, tz)
        since = _week_of(one, start) if one.frequency == "weekly" and one.by_day else start
        period = (wall - since) // UNITS.get(str(one.frequency), timedelta(days=30)) // times
        if one.frequency == "daily" and one.by_day:
            period = _selected(one, start, (wall - start).days) // times
        if not one.rotation_start or wall >= datetime.fromisoformat(one.rotation_start):
            group = groups[(period + (one.start_rotation_from_user_index or 0)) % len(groups)]
            yield Interval(begin, begin + length), group


def _selected(one: OnCallShift, start: datetime, passed: int) -> int:
    """Return how many selected days passed in so many days."""
    weeks, rest = divmod(passed, 7)
    days = _days(one)
    return weeks * len(days) + sum((start.weekday() + number) % 7 in days for number in range(rest))


def _until(text: str) -> datetime:
    """Return the end of a rule, which OnCall takes as UTC whatever the shift's zone."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _begins(one: OnCallShift, start: datetime, schedule: OnCallSchedule, span: Interval) -> Iterable[datetime]:
    tz, times = zone(_zone(one, schedule)), one.interval or 1
    until = _until(one.until) if one.until else span.end
    if one.type == "rolling_users" and one.frequency == "daily" and one.by_day:
        times = 1  # an interval counts selected days, not the days between them
    if one.frequency == "hourly":
        step = timedelta(hours=times)
        wall = start + max(0, (local(span.start, tz) - start) // step) * step
        while instant(wall, tz) < min(span.end, until):
            yield instant(wall, tz)
            wall += step
        return
    parts = [f"FREQ={str(one.frequency).upper()}", f"INTERVAL={times}"]
    parts += [f"BYDAY={','.join(one.by_day)}"] if one.by_day else []
    parts += [f"BYMONTH={','.join(map(str, one.by_month))}"] if one.by_month else []
    parts += [f"BYMONTHDAY={','.join(map(str, one.by_monthday))}"] if one.by_monthday else []
    rule = RecurringRule(";".join([*parts, f"WKST={one.week_start or 'SU'}"]), start, tz)
    yield from rule.within(Interval(span.start, min(span.end, max(until, span.start))), limit=5_000)
