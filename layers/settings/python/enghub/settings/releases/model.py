"""A gray release: one flag opened step by step, watched, and taken back when it does harm (CFG-10; REQ-008 7.2.5, 9.3).

Shares are thousandths of a percent, as in the engine. Pure: what a measurement means for a release is ``decide``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from enghub.kit.metrics.model import Verdict
from enghub.settings.flags.model import FlagSet
from enghub_flags.model import WHOLE, Flag, Serve, Target

MAX_SUBJECTS = 1000
MAX_ERRORS = 5
"""Measurements in a row that fail before people are told; the release holds from the first."""


class Status(StrEnum):
    """Where a release stands (REQ-008 9.3)."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


RUNS = frozenset({Status.ACTIVE, Status.PAUSED})


class Strategy(StrEnum):
    """By what it grows: a share of everybody, or a growing part of a list."""

    PERCENTAGE = "PERCENTAGE"
    USER_LIST = "USER_LIST"
    TENANT_LIST = "TENANT_LIST"


class Step(StrEnum):
    """What an advance of a release does."""

    GROW = "GROW"
    HOLD = "HOLD"
    ROLL_BACK = "ROLL_BACK"
    PAUSE = "PAUSE"
    COMPLETE = "COMPLETE"


class Why(StrEnum):
    """Why a release stands still or has ended."""

    NONE = "NONE"
    NOT_YET = "NOT_YET"
    AT_TARGET = "AT_TARGET"
    TOO_FEW_REQUESTS = "TOO_FEW_REQUESTS"
    METRICS_UNREADABLE = "METRICS_UNREADABLE"
    ERROR_RATE = "ERROR_RATE"
    RESPONSE_TIME = "RESPONSE_TIME"
    DEADLINE = "DEADLINE"
    FLAG_CHANGED = "FLAG_CHANGED"
    """Somebody changed the flag's share by hand: the release does not write over it."""
    BY_HAND = "BY_HAND"


@dataclass(frozen=True, slots=True)
class Group:
    """What was measured of those who get one variant, in a window."""

    requests: int
    errors: int
    response_time: float | None = None
    """Milliseconds on average."""

    @property
    def error_rate(self) -> float | None:
        """Errors per request, None without requests."""
        return self.errors / self.requests if self.requests else None


@dataclass(frozen=True, slots=True)
class Measurement:
    """Both groups in the same window; ``failure`` where the metrics could not be read."""

    treatment: Group = Group(0, 0)
    control: Group = Group(0, 0)
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """When it goes back (REQ-008 8.2.4): above either limit; ``minimum_requests`` are needed to say anything."""

    error_rate: float | None = None
    response_time: float | None = None
    minimum_requests: int = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """How it grows: to ``target`` by ``step`` every ``interval`` seconds; looked at every ``look`` seconds."""

    target: int
    step: int
    interval: int
    look: int

    def at(self, begun: datetime, now: datetime, start: int) -> int:
        """Return the share that the plan has at a time, with nothing holding it."""
        steps = 1 + int((now - begun).total_seconds() // self.interval)
        return max(start, min(self.target, start + steps * self.step))


@dataclass(frozen=True, slots=True)
class GrayRelease:
    """One release of one flag."""

    at: FlagSet
    release_id: str
    release_name: str
    feature_key: str
    strategy: Strategy
    plan: Plan
    condition: Condition
    metrics: str = ""
    """What is measured and where, as JSON; empty: nothing, and time alone decides."""
    subjects: tuple[str, ...] = ()
    auto_rollback: bool = False
    start_time: datetime | None = None
    end_time: datetime | None = None
    status: Status = Status.DRAFT
    current: int = 0
    start: int = 0
    """The share that the flag had before."""
    baseline: str = ""
    """The flag's definition before."""
    turn: int = 0
    """Counts advances: work of an earlier turn changes nothing."""
    begun_at: datetime | None = None
    grown_at: datetime | None = None
    ended_at: datetime | None = None
    next_at: datetime | None = None
    verdict: Verdict | None = None
    why: Why = Why.NONE
    unreadable: int = 0
    """Measurements in a row that could not be read."""
    created_by: str = ""
    created_at: datetime | None = None
    version: int = 1
    change_request: str = ""
    """The request for change by which it was let go, or go on as it does."""
    approved_by: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """Its name for timers and notices."""
        return f"gray_release/{self.at.environment}/{self.release_id}"

    def planned(self, now: datetime) -> int:
        """Return the share that the plan has now."""
        return self.current if self.begun_at is None else self.plan.at(self.begun_at, now, self.start)


def begun(release: GrayRelease, share: int, baseline: str, now: datetime) -> GrayRelease:
    """Return a DRAFT as it is started: at its start time or now, from the share that the flag has already."""
    first = max(now, release.start_time or now)
    return replace(
        release,
        status=Status.ACTIVE,
        start=share,
        current=share,
        baseline=baseline,
        begun_at=first,
        next_at=first,
        turn=release.turn + 1,
    )


def resumed(release: GrayRelease, share: int, now: datetime) -> GrayRelease:
    """Return a release that goes on from a share; an end that is over by now is none."""
    end = None if release.end_time and release.end_time <= now else release.end_time
    return replace(
        release,
        status=Status.ACTIVE,
        current=share,
        why=Why.NONE,
        end_time=end,
        next_at=now,
        turn=release.turn + 1,
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """What an advance does, why, and the share after it."""

    step: Step
    verdict: Verdict
    why: Why
    share: int


def judge(condition: Condition, measured: Measurement, *, measures: bool) -> tuple[Verdict, Why]:
    """Return what a measurement says; without metrics time alone decides, and it passes."""
    if not measures:
        return Verdict.PASS, Why.NONE
    if measured.failure:
        return Verdict.ERROR, Why.METRICS_UNREADABLE
    group = measured.treatment
    if group.requests < max(1, condition.minimum_requests):
        return Verdict.INCONCLUSIVE, Why.TOO_FEW_REQUESTS
    if condition.error_rate is not None and (group.error_rate or 0) > condition.error_rate:
        return Verdict.FAIL, Why.ERROR_RATE
    return _by_time(condition.response_time, group.response_time)


def _by_time(limit: float | None, measured: float | None) -> tuple[Verdict, Why]:
    if limit is None:
        return Verdict.PASS, Why.NONE
    if measured is None:
        return Verdict.INCONCLUSIVE, Why.TOO_FEW_REQUESTS
    return (Verdict.FAIL, Why.RESPONSE_TIME) if measured > limit else (Verdict.PASS, Why.NONE)


def decide(release: GrayRelease, measured: Measurement, now: datetime) -> Decision:
    """Return what becomes of an active release.

    A breach counts at once, also between two steps and at the target. What is not known holds: no traffic never grows
    a release, and never takes it back.
    """
    if release.current <= release.start and release.grown_at is None:
        verdict, why = Verdict.PASS, Why.NONE  # nobody is in yet: there is nothing to judge
    else:
        verdict, why = judge(release.condition, measured, measures=bool(release.metrics))
    share = release.current
    if verdict is Verdict.FAIL:
        return Decision(Step.ROLL_BACK if release.auto_rollback else Step.PAUSE, verdict, why, share)
    if release.end_time is not None and now >= release.end_time and share < release.plan.target:
        return Decision(Step.PAUSE, verdict, Why.DEADLINE, share)
    if verdict is not Verdict.PASS:
        return Decision(Step.HOLD, verdict, why, share)
    if share >= release.plan.target:
        return Decision(Step.COMPLETE if share >= WHOLE else Step.HOLD, verdict, Why.AT_TARGET, share)
    if release.grown_at is not None and now < release.grown_at + timedelta(seconds=release.plan.interval):
        return Decision(Step.HOLD, verdict, Why.NOT_YET, share)
    return Decision(Step.GROW, verdict, Why.NONE, min(release.plan.target, share + release.plan.step))


def applied(release: GrayRelease, decision: Decision, now: datetime) -> GrayRelease:
    """Return the release after a decision; its flag is another matter (``opened``, ``restored``)."""
    seen = replace(
        release,
        turn=release.turn + 1,
        verdict=decision.verdict,
        why=decision.why,
        unreadable=release.unreadable + 1 if decision.verdict is Verdict.ERROR else 0,
        next_at=now + timedelta(seconds=release.plan.look),
    )
    match decision.step:
        case Step.GROW:
            return replace(seen, current=decision.share, grown_at=now)
        case Step.ROLL_BACK:
            return replace(seen, status=Status.CANCELLED, current=release.start, ended_at=now, next_at=None)
        case Step.PAUSE:
            return replace(seen, status=Status.PAUSED, next_at=None)
        case Step.COMPLETE:
            return replace(seen, status=Status.COMPLETED, ended_at=now, next_at=None)
        case Step.HOLD:
            return seen


# --- the flag --------------------------------------------------------------------------------------------------------


def share_of(flag: Flag, strategy: Strategy) -> int:
    """Return the share that a flag is open to already."""
    if strategy is not Strategy.PERCENTAGE or not flag.is_enabled:
        return 0
    served = flag.fallthrough
    return 0 if served.variant == flag.off_variant and not served.draws else served.percentage


def opened(release: GrayRelease, flag: Flag, share: int) -> Flag:
    """Return the flag open to a share: of everybody by its own draw, so who is in stays in, or of the list in order."""
    on = next((one.name for one in flag.variants if one.name != flag.off_variant), flag.off_variant)
    if release.strategy is Strategy.PERCENTAGE:
        before = flag.fallthrough
        is_closed = before.variant == flag.off_variant or not flag.is_enabled
        serve = Serve(on, bucket_by=before.bucket_by) if is_closed else before
        return replace(flag, is_enabled=True, fallthrough=replace(serve, percentage=share))
    named = release.subjects[: math.ceil(len(release.subjects) * share / WHOLE)]
    others = tuple(_without(one, release) for one in flag.targets)
    mine = Target(on, users=named) if release.strategy is Strategy.USER_LIST else Target(on, tenants=named)
    kept = tuple(one for one in others if one.users or one.tenants)
    closed = flag if flag.is_enabled else replace(flag, is_enabled=True, fallthrough=Serve(flag.off_variant))
    return replace(closed, targets=(*kept, mine) if named else kept)


def _without(target: Target, release: GrayRelease) -> Target:
    """Return a list without those that the release brings in by itself."""
    ours = frozenset(release.subjects)
    if release.strategy is Strategy.USER_LIST:
        return replace(target, users=tuple(one for one in target.users if one not in ours))
    return replace(target, tenants=tuple(one for one in target.tenants if one not in ours))


def restored(flag: Flag, baseline: Flag) -> Flag:
    """Return the flag as open as it was before the release; what else was changed meanwhile stays."""
    return replace(flag, is_enabled=baseline.is_enabled, fallthrough=baseline.fallthrough, targets=baseline.targets)


def is_as_left(release: GrayRelease, flag: Flag) -> bool:
    """Tell whether a flag is as open as the release made it: nobody changed its share by hand."""
    return opened(release, flag, release.current) == flag or (
        release.grown_at is None and share_of(flag, release.strategy) == release.start
    )


# --- comparing -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison:
    """The two groups side by side, with their sizes; ``p_value`` None where there is not enough to compare."""

    treatment: Group
    control: Group
    difference: float | None
    """Of the error rates, treatment less control."""
    p_value: float | None
    verdict: str
    """NOT_ENOUGH_DATA, NO_DIFFERENCE, BETTER or WORSE, at the level of 5 %."""


def compare(measured: Measurement, minimum: int) -> Comparison:
    """Compare error rates by the two-sided test of two proportions (pooled), where its approximation holds.

    Each group needs ``minimum`` requests, and both together five errors and five successes expected in each cell.
    """
    one, other = measured.treatment, measured.control
    rates = (one.error_rate, other.error_rate)
    difference = None if rates[0] is None or rates[1] is None else rates[0] - rates[1]
    if difference is None or min(one.requests, other.requests) < max(1, minimum):
        return Comparison(one, other, difference, None, "NOT_ENOUGH_DATA")
    requests, errors = one.requests + other.requests, one.errors + other.errors
    pooled = errors / requests
    if min(one.requests, other.requests) * min(pooled, 1 - pooled) < 5:
        return Comparison(one, other, difference, None, "NOT_ENOUGH_DATA")
    spread = math.sqrt(pooled * (1 - pooled) * (1 / one.requests + 1 / other.requests))
    p_value = math.erfc(abs(difference / spread) / math.sqrt(2))
    told = "NO_DIFFERENCE" if p_value >= 0.05 else "WORSE" if difference > 0 else "BETTER"
    return Comparison(one, other, difference, p_value, told)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a release's journal: what was measured, decided and planned then."""

    at: datetime
    turn: int
    step: str
    verdict: Verdict | None
    why: Why
    share: int
    planned: int
    measured: Measurement = field(default_factory=Measurement)
    by: str = ""

    def facts(self) -> Mapping[str, Any]:
        """Return what a notice says of it."""
        return {"step": self.step, "why": self.why.value}
