"""A traffic ramp: a new version gets its share step by step, watched, and loses it when it does harm (OPS-08). No I/O.

Shares are whole percents of the new version. What is wanted is stored before it is set, and counts as done only once
it was read back. Only time in which every look has passed counts for a step: no traffic, metrics that cannot be read
and a failure that is allowed hold, and the window begins anew.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from enghub.golive.probes.model import Criterion, Operator
from enghub.golive.traffic.model import WHOLE, Custom, Measured, Traffic, Watch
from enghub.kit.metrics.model import Verdict

UNSTARTED = datetime(1970, 1, 1, tzinfo=UTC)
"""When a ramp begins that a plan only describes."""


@dataclass(frozen=True, slots=True)
class Step:
    """A share, and how many minutes without a flaw it needs."""

    percent: int
    minutes: int


DOCUMENT = (Step(5, 5), Step(20, 5), Step(50, 5), Step(100, 10))


def judge(watch: Watch, found: Measured) -> tuple[Verdict, str]:
    """Return what a look says, and the first reason; a limit that is reached is not kept.

    A known breach counts whatever else could not be measured; without enough requests neither their errors nor their
    times say anything.
    """
    said = [_custom(one, found.customs.get(one.criterion.measure)) for one in watch.customs]
    requests = found.requests or Decimal(0)
    if requests < max(1, watch.minimum):
        said.append((Verdict.INCONCLUSIVE, f"{requests} requests, {watch.minimum} needed"))
    else:
        said += [_rate(watch, requests, found.errors), _latency(watch, found.latency)]
    if breach := next((why for one, why in said if one is Verdict.FAIL), ""):
        return Verdict.FAIL, breach
    if found.failure:
        return Verdict.ERROR, found.failure
    unknown = next((why for one, why in said if one is Verdict.INCONCLUSIVE), "")
    return (Verdict.INCONCLUSIVE, unknown) if unknown else (Verdict.PASS, "")


def _custom(one: Custom, value: Decimal | None) -> tuple[Verdict, str]:
    if value is None:
        return Verdict.INCONCLUSIVE, f"{one.criterion.measure} has no value"
    return (Verdict.PASS, "") if one.criterion.holds(value) else (Verdict.FAIL, f"{value} is not {one.criterion}")


def _rate(watch: Watch, requests: Decimal, errors: Decimal | None) -> tuple[Verdict, str]:
    if errors is None:
        return Verdict.INCONCLUSIVE, "errors has no value: let the query say 0"
    rate = Fraction(errors) / Fraction(requests) * 100
    if rate < Fraction(watch.error_rate):
        return Verdict.PASS, ""
    return Verdict.FAIL, f"error rate {float(rate):.4g} % is not < {watch.error_rate} %"


def _latency(watch: Watch, value: Decimal | None) -> tuple[Verdict, str]:
    if not watch.latency:
        return Verdict.PASS, ""
    return _custom(Custom("", Criterion("latency", Operator.LESS, watch.latency_limit, "ms")), value)


class RampState(StrEnum):
    """Where a ramp stands."""

    RUNNING = "RUNNING"
    HELD = "HELD"
    """It does not grow until people say so; it is watched and still goes back."""
    ARMED = "ARMED"
    """All traffic is on the new version and that was good; a breach still goes back."""
    RETURNING = "RETURNING"
    """On its way to the share that it began with."""
    DONE = "DONE"
    ROLLED_BACK = "ROLLED_BACK"
    STOPPED = "STOPPED"
    """The new version is in breach and the old one is not healthy: people were paged, nothing is moved."""


LOOKED_AT = frozenset({RampState.RUNNING, RampState.HELD, RampState.ARMED, RampState.RETURNING})
OVER = frozenset({RampState.DONE, RampState.ROLLED_BACK})


class Why(StrEnum):
    """Why a ramp is where it is."""

    NONE = "NONE"
    BREACH = "BREACH"
    OLD_UNHEALTHY = "OLD_UNHEALTHY"
    WEIGHTS_CHANGED = "WEIGHTS_CHANGED"
    """Somebody else set a share: it is not written over."""
    NOT_SET = "NOT_SET"
    """The share could not be set, or was another when it was read back; it is tried again."""
    BLIND = "BLIND"
    """No traffic, or metrics that cannot be read."""
    BY_HAND = "BY_HAND"


@dataclass(frozen=True, slots=True)
class Ramp:
    """One ramp."""

    tenant_id: str
    ramp_id: str
    name: str
    traffic: Traffic
    steps: tuple[Step, ...]
    watch: Watch
    old_url: str
    """Answers below 400 while the old version is healthy."""
    service_id: str
    started_by: str
    started_at: datetime
    look: int = 20
    """Seconds between two looks."""
    armed_minutes: int = 60
    state: RampState = RampState.RUNNING
    start: int | None = None
    """The share that it found; None before the first look."""
    wanted: int = 0
    actual: int | None = None
    """What was read back last."""
    since: datetime | None = None
    good_since: datetime | None = None
    adopts: bool = False
    """Whatever share the next look finds is the ramp's own."""
    fails: int = 0
    blind: int = 0
    """Looks in a row that said nothing."""
    turn: int = 1
    next_at: datetime | None = None
    verdict: Verdict | None = None
    why: Why = Why.NONE
    said: str = ""
    armed_until: datetime | None = None
    ended_at: datetime | None = None

    @property
    def subject(self) -> str:
        """Its name for timers and notices."""
        return f"ramp/{self.ramp_id}"

    @property
    def is_pending(self) -> bool:
        """What is wanted was not read back yet."""
        return self.start is not None and not self.adopts and self.actual != self.wanted

    @property
    def passed(self) -> bool | None:
        """Whether it did what it was for; None while that is open."""
        if self.state in {RampState.ARMED, RampState.DONE}:
            return True
        failed = self.state in {RampState.ROLLED_BACK, RampState.STOPPED, RampState.RETURNING}
        return False if failed or (self.state is RampState.HELD and self.why is Why.BREACH) else None

    @property
    def below(self) -> int:
        """The last good share below the present one."""
        start = self.start or 0
        return max((one.percent for one in self.steps if start < one.percent < self.wanted), default=start)

    @property
    def step(self) -> Step:
        """The step whose minutes count: of the present share, or the one below a share that was taken over."""
        return next((one for one in reversed(self.steps) if one.percent <= self.wanted), self.steps[0])

    @property
    def following(self) -> Step | None:
        """The next step."""
        return next((one for one in self.steps if one.percent > self.wanted), None)

    def settles(self, now: datetime) -> bool:
        """Tell whether it has just gone back, so that the window still holds the breach it went back for."""
        if self.state is not RampState.HELD or self.why is not Why.BREACH or self.since is None:
            return False
        return now < self.since + timedelta(seconds=self.watch.seconds)


def moved(ramp: Ramp, now: datetime, **fields: object) -> Ramp:
    """Return a ramp after a turn, with its next look; a state that nobody looks at has none."""
    after: Ramp = replace(ramp, turn=ramp.turn + 1, **fields)  # type: ignore[arg-type]
    looked_at = after.state in LOOKED_AT
    return replace(after, next_at=now + timedelta(seconds=ramp.look) if looked_at else None)


def begun(ramp: Ramp, share: int, now: datetime) -> Ramp:
    """Return the ramp that found the share it begins with, and wants its first step."""
    found = replace(ramp, start=share, wanted=share, actual=share, since=now)
    if found.following is None:
        return _arrived_at_last(found, now)
    return grown(found, now)


def adopted(ramp: Ramp, share: int, now: datetime) -> Ramp:
    """Return the ramp that takes the share that it found for its own; its window begins."""
    return moved(ramp, now, wanted=share, actual=share, since=now, good_since=now, adopts=False)


def grown(ramp: Ramp, now: datetime) -> Ramp:
    """Return the ramp that wants its next step."""
    step = ramp.following
    share = ramp.wanted if step is None else step.percent
    return moved(ramp, now, wanted=share, good_since=None, fails=0, blind=0, why=Why.NONE, said="")


def read_back(ramp: Ramp, now: datetime) -> Ramp:
    """Return the ramp whose share is as it is wanted: its window begins."""
    arrived = {"actual": ramp.wanted, "since": now, "good_since": now, "blind": 0}
    if ramp.state is RampState.RETURNING:
        return moved(ramp, now, **arrived, state=RampState.ROLLED_BACK, ended_at=now)
    why = ramp.why if ramp.state is RampState.HELD else Why.NONE
    return moved(ramp, now, **arrived, why=why)


def not_set(ramp: Ramp, problem: str, now: datetime) -> Ramp:
    """Return the ramp whose share could not be set or read; it is tried again at the next look."""
    why = ramp.why if ramp.state is RampState.HELD else Why.NOT_SET
    unsure = {"verdict": Verdict.ERROR, "why": why, "said": problem[:500], "good_since": None}
    return moved(ramp, now, **unsure, blind=ramp.blind + 1)


def changed_by_others(ramp: Ramp, share: int, now: datetime) -> Ramp:
    """Return the ramp that found another share than its own."""
    said = f"{share} % found, {ramp.wanted} % set"
    return moved(ramp, now, state=RampState.HELD, why=Why.WEIGHTS_CHANGED, said=said, good_since=None)


def looked(ramp: Ramp, found: Measured, now: datetime) -> Ramp:
    """Return what becomes of a ramp by one look; ``returning`` tells whether it went back."""
    verdict, said = judge(ramp.watch, found)
    if verdict is Verdict.FAIL and ramp.settles(now):
        verdict, said = Verdict.INCONCLUSIVE, "the window still holds the breach"
    seen = replace(ramp, verdict=verdict, said=said[:500])
    match verdict:
        case Verdict.FAIL:
            return _failed(seen, now)
        case Verdict.PASS:
            return _good(seen, now)
        case _:
            why = Why.BLIND if ramp.state is RampState.RUNNING else ramp.why
            return moved(seen, now, good_since=None, blind=ramp.blind + 1, why=why)


def _failed(ramp: Ramp, now: datetime) -> Ramp:
    fails = ramp.fails + 1
    if fails <= ramp.watch.failures:
        return moved(ramp, now, fails=fails, good_since=None, blind=0)
    return returned(ramp, ramp.below, now)


def returned(ramp: Ramp, share: int, now: datetime) -> Ramp:
    """Return the ramp that goes back to a share because of a breach; to where it began it ends."""
    ends = share == (ramp.start or 0)
    back = {"wanted": share, "why": Why.BREACH, "good_since": None, "fails": 0, "armed_until": None}
    if ends and ramp.wanted == share:
        return moved(ramp, now, **back, state=RampState.ROLLED_BACK, ended_at=now)
    return moved(ramp, now, **back, state=RampState.RETURNING if ends else RampState.HELD)


def stopped(ramp: Ramp, problem: str, now: datetime) -> Ramp:
    """Return the ramp that must not go back, since the old version is not healthy."""
    said = f"{ramp.said}; {problem}"[:500]
    return moved(ramp, now, state=RampState.STOPPED, why=Why.OLD_UNHEALTHY, said=said)


def goes_back_from_all(before: Ramp, after: Ramp) -> bool:
    """Tell whether traffic would go back to a version that has none now."""
    return before.wanted == WHOLE and after.wanted < WHOLE and before.start != WHOLE


def _good(ramp: Ramp, now: datetime) -> Ramp:
    since = ramp.good_since or now
    if ramp.state is RampState.HELD:
        return moved(ramp, now, good_since=since, blind=0)
    if ramp.state is RampState.ARMED:
        if ramp.armed_until is not None and now >= ramp.armed_until:
            return moved(ramp, now, state=RampState.DONE, ended_at=now, blind=0)
        return moved(ramp, now, good_since=since, blind=0)
    seen = replace(ramp, good_since=since, blind=0, why=Why.NONE)
    if now < since + timedelta(minutes=ramp.step.minutes):
        return moved(seen, now)
    return _arrived_at_last(seen, now) if ramp.following is None else grown(seen, now)


def _arrived_at_last(ramp: Ramp, now: datetime) -> Ramp:
    if ramp.wanted < WHOLE or not ramp.armed_minutes:
        return moved(ramp, now, state=RampState.DONE, ended_at=now)
    return moved(ramp, now, state=RampState.ARMED, armed_until=now + timedelta(minutes=ramp.armed_minutes), fails=0)
