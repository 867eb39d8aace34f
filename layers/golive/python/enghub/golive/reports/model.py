"""The weekly and the monthly operations report: what broke, how fast people were, who was woken (OPS-20). Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from enghub.core.i18n import Language, Text
from enghub.golive.incidents.model import Incident
from enghub.golive.incidents.statistics import Statistics, statistics
from enghub.golive.incidents.targets import IncidentSeverity
from enghub.kit.calendars.intervals import Interval
from enghub.kit.calendars.zones import day_of, instant, local, start_of_day, zone

DAY = timedelta(days=1)
NIGHT = (time(8), time(22))
"""Outside of these local times a page wakes somebody."""
GRAVE = frozenset({IncidentSeverity.P0, IncidentSeverity.P1})


class ReportKind(StrEnum):
    """How long a report looks back."""

    WEEKLY = "weekly"
    """From Monday 00:00."""
    MONTHLY = "monthly"

    def span(self, day: date, zone_name: str) -> Interval:
        """Return the week or month that ``day`` is in, by the wall clock."""
        first = day - day.weekday() * DAY if self is ReportKind.WEEKLY else day.replace(day=1)
        following = first + 7 * DAY if self is ReportKind.WEEKLY else (first + 31 * DAY).replace(day=1)
        tz = zone(zone_name)
        return Interval(start_of_day(first, tz), start_of_day(following, tz))

    def before(self, span: Interval, zone_name: str) -> Interval:
        """Return the week or month before one."""
        return self.span(day_of(span.start - DAY / 2, zone(zone_name)), zone_name)


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """That a report is made by itself, soon after its week or month is over, and told to OPS_LEAD."""

    tenant_id: str
    kind: ReportKind
    zone: str
    at: str
    """On the first day after, by the wall clock: 09:00."""
    is_deleted: bool = False

    def next(self, after: datetime) -> datetime:
        """Return when the next report is due."""
        tz = zone(self.zone)
        end = self.kind.span(day_of(after, tz), self.zone)
        for span in (self.kind.before(end, self.zone), end):
            due = instant(datetime.combine(day_of(span.end, tz), time.fromisoformat(self.at)), tz)
            if due > after:
                return due
        following = self.kind.span(day_of(end.end, tz), self.zone)
        return instant(datetime.combine(day_of(following.end, tz), time.fromisoformat(self.at)), tz)

    def covers(self, due: datetime) -> Interval:
        """Return the week or month that a report which is due is of."""
        return self.kind.before(self.kind.span(day_of(due, zone(self.zone)), self.zone), self.zone)


@dataclass(frozen=True, slots=True)
class Woken:
    """How often somebody was paged, and how often in the night."""

    user: str
    pages: int
    at_night: int


@dataclass(frozen=True, slots=True)
class OperationsReport:
    """A week or a month of operations, beside the one before."""

    span: Interval
    zone: str
    now: Statistics
    before: Statistics
    by_service: Mapping[str, int]
    breaches: Mapping[str, int]
    """Clocks that ran out, by their name."""
    woken: tuple[Woken, ...]
    open: tuple[Incident, ...]
    """Opened in the time, and broken still."""
    unexplained: tuple[Incident, ...]
    """Of P0 and P1: over, but nobody has said the cause."""
    is_cut: bool
    """``woken`` is of the first incidents only; all other figures are of every one."""


def report(
    span: Interval,
    zone_name: str,
    incidents: tuple[Iterable[Incident], Iterable[Incident]],
    pages: Iterable[tuple[datetime, tuple[str, ...]]],
    *,
    is_cut: bool,
) -> OperationsReport:
    """Return the report of the incidents opened in a time, beside those of the time before; ``pages`` of the first.

    Drills are counted apart, and are in no list.
    """
    every, before = (list(part) for part in incidents)
    now = [one for one in every if not one.drill_id]
    return OperationsReport(
        span=span,
        zone=zone_name,
        now=statistics(every),
        before=statistics(before),
        by_service=dict(sorted(Counter(one.service_id for one in now).items(), key=lambda part: (-part[1], part[0]))),
        breaches=dict(sorted(Counter(clock.name for one in now for clock in one.clocks if clock.breached_at).items())),
        woken=_woken(pages, zone_name),
        open=tuple(one for one in now if not one.state.is_over),
        unexplained=tuple(one for one in now if one.severity in GRAVE and one.state.is_over and not one.cause),
        is_cut=is_cut,
    )


def _woken(pages: Iterable[tuple[datetime, tuple[str, ...]]], zone_name: str) -> tuple[Woken, ...]:
    every: Counter[str] = Counter()
    nights: Counter[str] = Counter()
    for at, users in pages:
        is_night = not NIGHT[0] <= local(at, zone(zone_name)).time() < NIGHT[1]
        every.update(users)
        nights.update(users if is_night else ())
    return tuple(Woken(user, count, nights[user]) for user, count in sorted(every.items(), key=lambda one: -one[1]))


_HEAD = Text(
    "Operations {first} to {last}: {count} incidents ({before} before)",
    "运维报告 {first} 至 {last}：故障 {count} 起（上期 {before} 起）",
)
_TIMES = Text(
    "acknowledged after {mtta}, mended after {mttr} on average; by severity: {severity}",
    "平均响应 {mtta}，平均恢复 {mttr}；按级别：{severity}",
)
_SERVICES = Text("by service: {services}; by cause: {causes}", "按服务：{services}；按原因：{causes}")
_BREACHES = Text("targets missed: {breaches}", "超时：{breaches}")
_WOKEN = Text("paged: {people}", "呼叫：{people}")
_PERSON = Text("{user} {pages} times, {nights} at night", "{user} {pages} 次（夜间 {nights} 次）")
_DRILLS = Text("drills, in none of these figures: {drills}", "演练（不计入以上数字）：{drills} 次")
_LEFT = Text("still open: {open}; without a cause: {unexplained}", "未恢复：{open}；未说明原因：{unexplained}")
_NONE = Text("none", "无")
_MINUTES = Text("{minutes} min", "{minutes} 分钟")


def said(found: OperationsReport, language: Language) -> str:
    """Return a report for people."""
    tz, none = zone(found.zone), _NONE.render(language)

    def counted(counts: Mapping[str, int]) -> str:
        return ", ".join(f"{name} {count}" for name, count in counts.items()) or none

    def minutes(mean: timedelta | None) -> str:
        return none if mean is None else _MINUTES.render(language, minutes=round(mean / timedelta(minutes=1)))

    people = (_PERSON.render(language, user=one.user, pages=one.pages, nights=one.at_night) for one in found.woken)
    lines = (
        _HEAD.filled(
            first=day_of(found.span.start, tz),
            last=day_of(found.span.end - DAY / 2, tz),
            count=found.now.count,
            before=found.before.count,
        ),
        _TIMES.filled(
            mtta=minutes(found.now.mtta), mttr=minutes(found.now.mttr), severity=counted(found.now.by_severity)
        ),
        _SERVICES.filled(services=counted(found.by_service), causes=counted(found.now.by_cause)),
        _BREACHES.filled(breaches=counted(found.breaches)),
        _WOKEN.filled(people=", ".join(people) or none),
        _LEFT.filled(
            open=", ".join(one.title for one in found.open) or none,
            unexplained=", ".join(one.title for one in found.unexplained) or none,
        ),
        *((_DRILLS.filled(drills=found.now.drills),) if found.now.drills else ()),
    )
    return "\n".join(line.render(language) for line in lines)
