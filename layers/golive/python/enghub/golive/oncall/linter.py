"""What a rota's maker should know before it is in force (OPS-21). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from enghub.core.i18n import Text
from enghub.golive.calendars.model import WorkingCalendar
from enghub.golive.oncall.model import Counting
from enghub.golive.oncall.rota import Rota, shadowed
from enghub.kit.calendars.intervals import Interval, total
from enghub.kit.calendars.zones import day_of

AHEAD = timedelta(days=90)
MOST_OF_A_KIND = 20
OVERLOADED = 1.5
"""Somebody with half as much again as the others on average has too much."""


@dataclass(frozen=True, slots=True)
class Warning_:  # noqa: N801 - Warning is Python's own
    """One finding: its rule, and what it says."""

    rule: str
    text: Text
    values: Mapping[str, str]


GAP = Text("level {level}: nobody is on from {start} to {end}", "第 {level} 级：{start} 至 {end} 无人值班")
DAY_OFF = Text("{user} has a day off on {day} and is on call", "{user} 于 {day} 休假但仍在值班")
SHADOWED = Text("the override {override} changes nothing in its time", "替换记录 {override} 在其时段内不起作用")
LOAD = Text(
    "{user} is on {hours} h in 90 days, the others {mean} h on average",
    "{user} 在 90 天内值班 {hours} 小时，其他人平均 {mean} 小时",
)
NO_DATA = Text("the calendar {calendar} has no data after {until}", "日历 {calendar} 在 {until} 之后没有数据")
AGAIN = Text(
    "{user} has the turn of {first} and again that of {next}: the turns between fall on time off duty",
    "{user} 在 {first} 当值后，{next} 又轮到：其间的轮次落在非值班时段",
)
TWICE = Text("{user} is on at two levels from {start} to {end}", "{user} 在 {start} 至 {end} 同时处于两级值班")


def lint(
    rota: Rota, now: datetime, calendar: WorkingCalendar | None, days_off: Mapping[str, Iterable[date]]
) -> list[Warning_]:
    """Return what is worth knowing about the next 90 days, at most 20 of a kind."""
    span = Interval(now, now + AHEAD)
    shifts = rota.shifts(span)
    found = [
        *(
            _warn("gap", GAP, level=one.level, start=one.interval.start, end=one.interval.end)
            for one in shifts
            if not one.users
        ),
        *_on_days_off(rota, span, days_off),
        *(_warn("shadowed", SHADOWED, override=one.override_id) for one in rota.overrides if shadowed(rota, one)),
        *_load(rota, span),
        *_twice(rota, span),
        *_again(rota, span),
    ]
    ends = calendar.ends_soon(now) if calendar else None
    if calendar and ends is not None:
        found.append(_warn("calendar", NO_DATA, calendar=calendar.name, until=ends.isoformat()))
    kept: dict[str, int] = defaultdict(int)
    few = []
    for one in found:
        kept[one.rule] += 1
        if kept[one.rule] <= MOST_OF_A_KIND:
            few.append(one)
    return few


def _on_days_off(rota: Rota, span: Interval, days_off: Mapping[str, Iterable[date]]) -> Iterable[Warning_]:
    tz = rota.versions[-1].tz
    off = {user: set(days) for user, days in days_off.items()}
    seen: set[tuple[str, date]] = set()
    for shift in rota.shifts(span):
        first, last = (day_of(at, tz) for at in (shift.interval.start, shift.interval.end - timedelta(microseconds=1)))
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            for user in shift.users:
                if day in off.get(user, ()) and (user, day) not in seen:
                    seen.add((user, day))
                    yield _warn("day_off", DAY_OFF, user=user, day=day.isoformat())


def _load(rota: Rota, span: Interval) -> Iterable[Warning_]:
    spans: dict[str, list[Interval]] = defaultdict(list)
    for shift in rota.shifts(span):
        if shift.level == 1:
            for user in shift.users:
                spans[user].append(shift.interval)
    hours = {user: total(found) / timedelta(hours=1) for user, found in spans.items()}
    for user, own in sorted(hours.items()):
        others = [other for name, other in hours.items() if name != user]
        mean = sum(others) / len(others) if others else 0
        if others and own > OVERLOADED * mean:
            yield _warn("load", LOAD, user=user, hours=round(own), mean=round(mean))


def _twice(rota: Rota, span: Interval) -> Iterable[Warning_]:
    shifts = rota.shifts(span)
    for one in shifts:
        for other in shifts:
            both = one.interval.meet(other.interval)
            if one.level < other.level and both.duration:
                for user in set(one.users) & set(other.users):
                    yield _warn("two_levels", TWICE, user=user, start=both.start, end=both.end)


def _again(rota: Rota, span: Interval) -> Iterable[Warning_]:
    """Turns that count days off: one who had the last turn before them may have the first one after them, too."""
    schedule = rota.versions[-1]
    for rotation in (one for level in schedule.levels for one in level.rotations):
        if rotation.counting is Counting.WORKED or not rotation.windows or len(rotation.members) == 1:
            continue
        grid = rotation.grid(schedule.tz)
        duty = rotation.duty(span, schedule.tz, rota.working)
        turns = {grid.turn_at(part.start).number: (part, group) for part, group in reversed(duty)}
        for (number, (part, group)), (later, (after, other)) in pairwise(sorted(turns.items())):
            if later > number + 1 and group == other:
                days = (day_of(one.start, schedule.tz).isoformat() for one in (part, after))
                yield _warn("again", AGAIN, user=" + ".join(group), first=next(days), next=next(days))


def _warn(rule: str, text: Text, **values: object) -> Warning_:
    return Warning_(rule, text, {name: _said(value) for name, value in values.items()})


def _said(value: object) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ") if isinstance(value, datetime) else str(value)
