"""Runbooks, and what became of each step of a run (OPS-13). No I/O.

A run follows the version that it began with. Steps are acted upon in any order, ``next_step`` says which is meant to be
next. A run ends as RECOVERED only with a measure that proves it; what has no limit (causes, the post-mortem) may still
be done afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from enghub.golive.probes.model import Criterion, Probe
from enghub.golive.runbooks.errors import (
    StepLacks,
    StepNotFound,
    StepsLeft,
    StepTwice,
    StepUncertain,
    WrongRunbookState,
    WrongStepState,
)
from enghub.golive.smoke.model import Scenario

PARKED_EVENTS = "parkedEvents"
"""The measure that the hub takes itself: its own events that have not reached the bus."""
RESULT_CHARS = 1000


class StepKind(StrEnum):
    """Who does a step: a person, or the hub in one of four ways."""

    MANUAL = "manual"
    SCENARIO = "scenario"
    PROBE = "probe"
    PARK = "park"
    """Note by id which events wait for the bus."""
    PROVE = "prove"
    """Prove that each of them was sent and consumed."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do, in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``minutes`` is its limit, 0 for none."""

    step_id: str
    en: str
    zh: str
    minutes: int = 0
    kind: StepKind = StepKind.MANUAL
    actions: tuple[Action, ...] = ()
    command: str = ""
    """What to type."""
    scenario: Scenario | None = None
    probe: Probe | None = None
    criteria: tuple[Criterion, ...] = ()
    """What a probe has to read."""
    line: int = 0

    @property
    def is_automatic(self) -> bool:
        """The hub does it."""
        return self.kind is not StepKind.MANUAL

    @property
    def repeatable(self) -> bool:
        """Whether it may be done again when nobody knows what became of it."""
        return self.scenario is None or self.scenario.repeatable


@dataclass(frozen=True, slots=True)
class Recovery:
    """What proves that it is over."""

    criterion: Criterion
    probe: Probe | None = None

    @property
    def is_own(self) -> bool:
        """The hub measures it by itself."""
        return self.probe is None and self.criterion.measure == PARKED_EVENTS


@dataclass(frozen=True, slots=True)
class Runbook:
    """What to do when something is broken; ``minutes`` is how long recovery is expected to take."""

    tenant_id: str
    runbook_id: str
    en: str
    zh: str
    minutes: int
    recovery: Recovery
    steps: tuple[Step, ...]
    alert: str = ""
    """Words of the alert that it is for."""
    symptoms: tuple[Action, ...] = ()
    line: int = 0
    is_deleted: bool = False

    def step(self, step_id: str) -> Step:
        """Return a step.

        Raises:
            StepNotFound
        """
        found = next((one for one in self.steps if one.step_id == step_id), None)
        if found is None:
            raise StepNotFound(step_id=step_id)
        return found

    def fits(self, title: str) -> bool:
        """Tell whether it is for what an incident is called."""
        return bool(self.alert) and self.alert.lower() in title.lower()


def check(runbook: Runbook) -> None:
    """Refuse a runbook whose steps cannot be followed.

    Raises:
        StepTwice, StepLacks
    """
    seen: set[str] = set()
    for number, one in enumerate(runbook.steps):
        where = f"steps.{number}"
        if one.step_id in seen:
            raise StepTwice(field=f"{where}.stepId", step_id=one.step_id)
        seen.add(one.step_id)
        needs = {StepKind.SCENARIO: ("scenario", one.scenario), StepKind.PROBE: ("probe", one.probe)}
        if one.kind in needs and needs[one.kind][1] is None:
            raise StepLacks(field=f"{where}.{needs[one.kind][0]}", kind=one.kind.value, needs=needs[one.kind][0])
        if one.kind is StepKind.PROBE and not one.criteria:
            raise StepLacks(field=f"{where}.criteria", kind=one.kind.value, needs="criteria")


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "RUNNING"
    RECOVERED = "RECOVERED"
    ABANDONED = "ABANDONED"


class StepState(StrEnum):
    """Where a step stands."""

    PENDING = "PENDING"
    BEGUN = "BEGUN"
    DONE = "DONE"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


PASSED = frozenset({StepState.DONE, StepState.SKIPPED})


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of a step."""

    state: StepState = StepState.PENDING
    attempt: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    by: str = ""
    result: str = ""
    late_at: datetime | None = None
    """When its limit passed."""


UNTOUCHED = Progress()


@dataclass(frozen=True, slots=True)
class Run:
    """An incident follows a version of a runbook."""

    tenant_id: str
    run_id: str
    incident_id: str
    runbook_id: str
    version: int
    """0 for a built-in one."""
    started_at: datetime
    started_by: str
    due: datetime
    """Until when recovery is expected."""
    state: RunState = RunState.RUNNING
    steps: Mapping[str, Progress] = field(default_factory=dict)
    ended_at: datetime | None = None
    ended_by: str = ""
    reason: str = ""
    proof: str = ""
    late_at: datetime | None = None

    @property
    def subject(self) -> str:
        """Its name among timers."""
        return f"runbook/{self.run_id}"

    @property
    def seconds(self) -> int | None:
        """How long it took until recovery was proved."""
        if self.state is not RunState.RECOVERED or self.ended_at is None:
            return None
        return int((self.ended_at - self.started_at).total_seconds())

    def of(self, step_id: str) -> Progress:
        """Return what became of a step."""
        return self.steps.get(step_id, UNTOUCHED)

    def with_step(self, step_id: str, progress: Progress) -> "Run":
        """Return it with another state of one step."""
        return replace(self, steps={**self.steps, step_id: progress})

    def demand(self) -> None:
        """Refuse what needs a run that goes on.

        Raises:
            WrongRunbookState
        """
        if self.state is not RunState.RUNNING:
            raise WrongRunbookState(state=self.state.value)


def next_step(runbook: Runbook, run: Run) -> Step | None:
    """Return the step that a person turns to now; None when all are passed or nobody follows it any more."""
    if run.state is RunState.ABANDONED:
        return None
    return next((one for one in runbook.steps if run.of(one.step_id).state not in PASSED), None)


def begun(run: Run, step: Step, by: str, now: datetime) -> Run:
    """Return the run in which somebody set out to do a step; a manual one that is begun stays as it is.

    So does an automatic one that is done, for whoever began it: their answer may have got lost.

    Raises:
        WrongRunbookState, WrongStepState, StepUncertain
    """
    _open(run)
    found = run.of(step.step_id)
    if found.state is StepState.BEGUN:
        if not step.is_automatic or step.repeatable:
            return run
        raise StepUncertain(step_id=step.step_id)
    if step.is_automatic and (found.state, found.by) == (StepState.DONE, by):
        return run
    if found.state in PASSED:
        raise WrongStepState(step_id=step.step_id, state=found.state.value)
    return run.with_step(step.step_id, Progress(StepState.BEGUN, found.attempt + 1, now, by=by))


def ended(run: Run, step: Step, by: str, now: datetime, *, passed: bool, result: str) -> Run:
    """Return the run after a step; one that nobody had begun was begun and ended at once.

    Raises:
        WrongRunbookState, WrongStepState
    """
    _open(run)
    found = run.of(step.step_id)
    state = StepState.DONE if passed else StepState.FAILED
    said = result[:RESULT_CHARS]
    if (found.state, found.result) == (state, said):
        return run  # the same word again
    if found.state in PASSED or (step.is_automatic and found.state is not StepState.BEGUN):
        raise WrongStepState(step_id=step.step_id, state=found.state.value)
    began = found.started_at if found.state is StepState.BEGUN else now
    attempt = found.attempt if found.state is StepState.BEGUN else found.attempt + 1
    return run.with_step(step.step_id, Progress(state, attempt, began, now, by, said, found.late_at))


def skipped(run: Run, step: Step, by: str, now: datetime, reason: str) -> Run:
    """Return the run that goes on without a step.

    Raises:
        WrongRunbookState, WrongStepState
    """
    _open(run)
    found = run.of(step.step_id)
    if found.state is StepState.SKIPPED:
        return run
    if found.state is StepState.DONE:
        raise WrongStepState(step_id=step.step_id, state=found.state.value)
    gone = replace(found, state=StepState.SKIPPED, ended_at=now, by=by, result=reason[:RESULT_CHARS])
    return run.with_step(step.step_id, gone)


def limit_of(run: Run, step: Step) -> datetime | None:
    """Return until when a step that was begun should be done."""
    found = run.of(step.step_id)
    if found.state is not StepState.BEGUN or found.started_at is None or not step.minutes:
        return None
    return found.started_at + timedelta(minutes=step.minutes)


def recovered(runbook: Runbook, run: Run, by: str, now: datetime, measures: Mapping[str, Decimal]) -> Run:
    """Return the run that ended because a measure proves that it is over.

    The criterion must hold already: see ``Recovery.criterion``.

    Raises:
        WrongRunbookState, StepsLeft
    """
    run.demand()
    left = [one.step_id for one in runbook.steps if one.minutes and run.of(one.step_id).state not in PASSED]
    if left:
        raise StepsLeft(steps=", ".join(left))
    measured = measures.get(runbook.recovery.criterion.measure)
    said = f"{runbook.recovery.criterion.measure} {measured}"
    return replace(run, state=RunState.RECOVERED, ended_at=now, ended_by=by, proof=said)


def abandoned(run: Run, by: str, now: datetime, reason: str) -> Run:
    """Return the run that nobody follows any more.

    Raises:
        WrongRunbookState
    """
    if run.state is RunState.ABANDONED:
        return run
    run.demand()
    return replace(run, state=RunState.ABANDONED, ended_at=now, ended_by=by, reason=reason)


def _open(run: Run) -> None:
    if run.state is RunState.ABANDONED:
        raise WrongRunbookState(state=run.state.value)
