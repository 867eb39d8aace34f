"""Runbooks and runs of them on the wire: what is answered (OPS-13)."""

from datetime import datetime, timedelta

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.golive.parking.model import Backlog
from enghub.golive.runbooks import model
from enghub.golive.runbooks.model import Action, Runbook, RunState, Step, StepKind, StepState
from enghub.golive.runbooks.repository import Found, RunPage, Versioned

Texts = dict[str, str]


def _said(one: Action | Step | Runbook) -> Texts:
    return {"en": one.en, "zh": one.zh}


class StepResponse(wire.Response):
    """One step of a runbook."""

    step_id: str
    text: Texts
    minutes: int | None
    kind: StepKind
    actions: tuple[Texts, ...]
    command: str | None
    criteria: tuple[str, ...]
    line: int | None

    @classmethod
    def of(cls, step: Step) -> "StepResponse":
        """Return the answer for a step."""
        return cls(
            step_id=step.step_id,
            text=_said(step),
            minutes=step.minutes or None,
            kind=step.kind,
            actions=tuple(map(_said, step.actions)),
            command=step.command or None,
            criteria=tuple(map(str, step.criteria)),
            line=step.line or None,
        )


class RunbookResponse(wire.Response):
    """A runbook in a version; 0 came with the product."""

    runbook_id: str
    version: int
    text: Texts
    minutes: int
    recovered: str
    is_measured: bool
    """Something is said that measures recovery."""
    alert: str | None
    symptoms: tuple[Texts, ...]
    steps: tuple[StepResponse, ...]
    line: int | None

    @classmethod
    def of(cls, found: Versioned) -> "RunbookResponse":
        """Return the answer for a runbook."""
        one = found.runbook
        return cls(
            runbook_id=one.runbook_id,
            version=found.version,
            text=_said(one),
            minutes=one.minutes,
            recovered=str(one.recovery.criterion),
            is_measured=one.recovery.is_own or one.recovery.probe is not None,
            alert=one.alert or None,
            symptoms=tuple(map(_said, one.symptoms)),
            steps=tuple(map(StepResponse.of, one.steps)),
            line=one.line or None,
        )


class RunbooksResponse(wire.Response):
    """Runbooks, the likeliest first where they are for an incident."""

    items: tuple[RunbookResponse, ...]


class StepProgressResponse(wire.Response):
    """What became of a step, with until when it should be done."""

    step: StepResponse
    state: StepState
    attempt: int
    started_at: wire.Instant | None
    due_at: wire.Instant | None
    ended_at: wire.Instant | None
    late_at: wire.Instant | None
    by: str | None
    result: str | None


class RunResponse(wire.Response):
    """A run: where it stands, and how long it took against what was expected."""

    run_id: str
    incident_id: str
    runbook_id: str
    runbook_version: int
    state: RunState
    started_at: wire.Instant
    started_by: str
    due_at: wire.Instant
    late_at: wire.Instant | None
    ended_at: wire.Instant | None
    ended_by: str | None
    expected_minutes: int
    recovered_seconds: int | None
    is_within: bool | None
    """Whether recovery came in the expected time; None while it is not known."""
    proof: str | None
    reason: str | None
    version: int

    @classmethod
    def of(cls, kept: Kept[model.Run]) -> "RunResponse":
        """Return the answer for a run."""
        return cls(**_members(kept))

    @classmethod
    def of_new(cls, run: model.Run) -> "RunResponse":
        """Return the answer for a run that just began."""
        return cls.of(Kept(run))


def _members(kept: Kept[model.Run]) -> dict[str, object]:
    run = kept.value
    expected = run.due - run.started_at
    seconds = run.seconds
    return {
        "run_id": run.run_id,
        "incident_id": run.incident_id,
        "runbook_id": run.runbook_id,
        "runbook_version": run.version,
        "state": run.state,
        "started_at": run.started_at,
        "started_by": run.started_by,
        "due_at": run.due,
        "late_at": run.late_at,
        "ended_at": run.ended_at,
        "ended_by": run.ended_by or None,
        "expected_minutes": expected // timedelta(minutes=1),
        "recovered_seconds": seconds,
        "is_within": None if seconds is None else timedelta(seconds=seconds) <= expected,
        "proof": run.proof or None,
        "reason": run.reason or None,
        "version": kept.revision,
    }


class RunDetail(RunResponse):
    """A run with every step, and what to do next."""

    next: StepResponse | None
    minutes_left: int | None
    """Until recovery is expected; below zero when it is late. None once it is over."""
    steps: tuple[StepProgressResponse, ...]

    @classmethod
    def whole(cls, found: Found, now: datetime) -> "RunDetail":
        """Return the answer for a run with its runbook."""
        run, runbook = found.run.value, found.runbook
        step = model.next_step(runbook, run)
        left = (run.due - now) // timedelta(minutes=1) if run.state is RunState.RUNNING else None
        return cls(
            **_members(found.run),
            next=None if step is None else StepResponse.of(step),
            minutes_left=left,
            steps=tuple(_step(run, one) for one in runbook.steps),
        )


def _step(run: model.Run, step: Step) -> StepProgressResponse:
    found = run.of(step.step_id)
    return StepProgressResponse(
        step=StepResponse.of(step),
        state=found.state,
        attempt=found.attempt,
        started_at=found.started_at,
        due_at=model.limit_of(run, step),
        ended_at=found.ended_at,
        late_at=found.late_at,
        by=found.by or None,
        result=found.result or None,
    )


class RunsResponse(wire.Response):
    """Part of an incident's runs, the latest first."""

    items: tuple[RunResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: RunPage) -> "RunsResponse":
        """Return the answer for a page."""
        return cls(items=tuple(map(RunResponse.of, page.items)), cursor=page.cursor)


class BacklogResponse(wire.Response):
    """Events of the caller's tenant that have not reached the bus, and how long the oldest waits, in seconds."""

    waiting: int
    oldest_seconds: int
    by_type: dict[str, int]

    @classmethod
    def of(cls, found: Backlog) -> "BacklogResponse":
        """Return the answer for a backlog."""
        return cls(waiting=found.waiting, oldest_seconds=found.oldest_seconds, by_type=found.by_type)
