"""Objectives of services, what was counted, and how each stands: budget, rates that fire (OPS-18). No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from enghub.golive.slo.model import PERIOD, RATES, Answer, Counts, Verdict, judge

BUCKET = timedelta(minutes=5)
LATEST = timedelta(minutes=15)
"""How old the latest reported count may be for windows to end with it; older ones end now, and are empty."""
WINDOWS: tuple[timedelta, ...] = tuple(sorted({one for rate in RATES for one in (rate.short, rate.long)} | {PERIOD}))


class ObjectiveKind(StrEnum):
    """What is counted as bad."""

    AVAILABILITY = "AVAILABILITY"
    LATENCY = "LATENCY"
    """Requests that took longer than ``milliseconds``."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What a service promises: ``target`` percent of events are good over 30 days."""

    tenant_id: str
    objective_id: str
    service_id: str
    name: str
    kind: ObjectiveKind
    target: Decimal
    since: datetime
    """From when on the service counts; windows that are longer hold all there is."""
    url: str = ""
    """A Prometheus server; empty: counts are reported."""
    total: str = ""
    bad: str = ""
    milliseconds: int = 0
    least_events: int = 100
    is_deleted: bool = False

    @property
    def subject(self) -> str:
        """Its name for timers and alerts."""
        return f"slo/{self.objective_id}"

    @property
    def interval(self) -> timedelta:
        """How often it is looked at."""
        return timedelta(minutes=1) if self.url else BUCKET

    def check(self) -> None:
        """Raise NeverFires where a rate of the table could not be exceeded."""
        for rate in RATES:
            judge(self.target, rate, (Counts(0, 0), Counts(0, 0)), self.least_events, None)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was reported of five minutes."""

    start: datetime
    bad: int
    total: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How an objective stands; ``fired`` are the long windows, in minutes, whose rate fires."""

    tenant_id: str
    objective_id: str
    service_id: str
    at: datetime
    answers: Mapping[int, Answer] = field(default_factory=dict)
    burns: Mapping[int, str] = field(default_factory=dict)
    fired: tuple[int, ...] = ()
    budget: Decimal | None = None
    """Percent of the budget that is left; below zero where it is overdrawn, None where nothing was counted."""
    gone_at: datetime | None = None
    """When nothing is left at the pace of the fastest rate that fires."""
    problem: str = ""
    """Why nothing could be read; what fires goes on firing."""

    @property
    def severity(self) -> Answer:
        """The worst that fires, QUIET for nothing."""
        found = {rate.answer for rate in RATES if _minutes(rate.long) in self.fired}
        return next((one for one in (Answer.PAGE, Answer.TICKET) if one in found), Answer.QUIET)


def counted(buckets: Iterable[Bucket], now: datetime) -> dict[timedelta, Counts]:
    """Return what was reported in each window; windows end with the latest count that is not too old."""
    found = sorted(buckets, key=lambda one: one.start)
    end = now
    if found and now - (found[-1].start + BUCKET) <= LATEST:
        end = found[-1].start + BUCKET
    windows = {}
    for window in WINDOWS:
        inside = [one for one in found if end - window <= one.start < end]
        windows[window] = Counts(sum(one.bad for one in inside), sum(one.total for one in inside))
    return windows


def looked(
    objective: Objective, before: Standing | None, windows: Mapping[timedelta, Counts], now: datetime
) -> Standing:
    """Return how an objective stands now.

    A rate that says nothing (too few events, no data) stays as it was: silence neither fires nor clears.
    """
    fired = set(before.fired if before else ())
    answers, burns = {}, {}
    verdicts: dict[int, Verdict] = {}
    for rate in RATES:
        pair, minutes = (windows[rate.short], windows[rate.long]), _minutes(rate.long)
        verdict = judge(objective.target, rate, pair, objective.least_events, now - objective.since)
        answers[minutes], verdicts[minutes] = verdict.answer, verdict
        burns[minutes] = " / ".join("-" if one is None else f"{float(one):.2f}" for one in _burns(verdict))
        if verdict.answer in {Answer.PAGE, Answer.TICKET}:
            fired.add(minutes)
        elif verdict.answer is Answer.QUIET:
            fired.discard(minutes)
    left = _left(objective, windows[PERIOD])
    fastest = max((verdicts[one].long_burn or Fraction(0) for one in fired), default=Fraction(0))
    about = (objective.tenant_id, objective.objective_id, objective.service_id)
    standing = Standing(*about, now, answers, burns, tuple(sorted(fired)))
    budget = None if left is None else Decimal(int(left * 10_000)) / 100
    return replace(standing, budget=budget, gone_at=_gone(left, fastest, now))


def unread(before: Standing | None, objective: Objective, problem: str, now: datetime) -> Standing:
    """Return the standing of one whose counts could not be read: what fires goes on firing."""
    known = before or Standing(objective.tenant_id, objective.objective_id, objective.service_id, now)
    return replace(known, at=now, service_id=objective.service_id, problem=problem[:500])


def title(objective: Objective, standing: Standing) -> str:
    """Return what a page says: how fast it burns, and when the budget is gone."""
    worst = next((one for one in standing.fired), 0)
    said = f"{objective.name} {objective.target.normalize():f} %: burns {standing.burns.get(worst, '-')} times too fast"
    if standing.budget is not None and standing.budget <= 0:
        return f"{said}; the error budget of 30 days is gone"
    left = "" if standing.budget is None else f", {standing.budget:f} % is left"
    if standing.gone_at is None:
        return f"{said}{left}"
    return f"{said}{left}; at this pace the error budget is gone at {standing.gone_at:%Y-%m-%dT%H:%MZ}"


def _left(objective: Objective, whole: Counts) -> Fraction | None:
    if not whole.total:
        return None
    allowed = (1 - Fraction(objective.target) / 100) * whole.total
    return 1 - Fraction(whole.bad) / allowed


def _gone(left: Fraction | None, burn: Fraction, now: datetime) -> datetime | None:
    """Return when the rest is used up: at burn 1 a full budget lasts 30 days."""
    if not burn:
        return None
    rest = Fraction(1) if left is None else max(left, Fraction(0))
    return now + timedelta(seconds=float(rest * int(PERIOD.total_seconds()) / burn))


def _burns(verdict: Verdict) -> tuple[Fraction | None, Fraction | None]:
    return verdict.short_burn, verdict.long_burn


def _minutes(window: timedelta) -> int:
    return int(window.total_seconds() // 60)
