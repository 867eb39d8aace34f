"""A step of an execution: what may follow what (UPG-07, UPG-08). No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from enghub.core.i18n import Language
from enghub.upgrade.executions.errors import NothingToConfirm
from enghub.upgrade.manifests.document import Step
from enghub.upgrade.phases import Stage

ROLLBACK = "rollback"
"""The stage of `run_slice` that undoes."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something stopped, in both languages."""

    en: str
    zh: str
    kind: str = "step"
    """`step`: the step said no; `fault`: the worker or a service broke; `abort`: an operator."""

    def to_json(self) -> dict[str, str]:
        """Return the stored form."""
        return {"en": self.en, "zh": self.zh, "kind": self.kind}


def said(problem: Problem | None, language: Language) -> str | None:
    """Return a problem in the caller's language."""
    return None if problem is None else (problem.zh if language == "zh" else problem.en)


class StepStatus(StrEnum):
    """Of a step."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    SUCCEEDED = "SUCCEEDED"
    SKIPPED = "SKIPPED"  # failed, but not required
    FAILED = "FAILED"

    @property
    def is_finished(self) -> bool:
        """It never runs again in this execution."""
        return self in (StepStatus.SUCCEEDED, StepStatus.SKIPPED)


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of one execution, with its definition as planned. `active_milliseconds` is time at work, not waiting."""

    execution_id: str
    sequence: int
    key: str
    stage: Stage
    version: str
    definition: Step
    scripts: Mapping[str, str]
    """SHA-256 of each script of the step's manifest revision, by path."""
    status: StepStatus = StepStatus.PENDING
    run: int = 0
    attempts: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    active_milliseconds: int = 0
    cursor: Mapping[str, Any] = field(default_factory=dict)
    progress: Mapping[str, Any] | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None
    retry_at: datetime | None = None
    unreachable_since: datetime | None = None
    """Since when its database does not answer."""
    confirmed_by: str | None = None
    rollback: int = 0
    """The first run of the rollback this step belongs to; 0 in the upgrade itself."""
    undoes: int | None = None
    """The sequence of the step it undoes; None for the rollback's own steps."""
    tries: int = 0
    """Attempts of all runs; `attempts` are those of the present one."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What its scripts' variables stand for."""

    @property
    def log_metadata(self) -> dict[str, Any]:
        """What its lines in the log say besides their message."""
        return {"phase": self.stage.value, "version": self.version, "run": self.run, "attempt": self.attempts}

    @property
    def needs_confirmation(self) -> bool:
        """It waits for an operator who has not answered yet."""
        return self.definition.requires_confirmation and self.confirmed_by is None

    def seconds_to_window(self, at: datetime) -> int:
        """Return how long it has to wait for the hours in which it may begin; a rollback and a begun step never do."""
        window = self.definition.window
        waits = window is not None and not self.rollback and self.status is not StepStatus.RUNNING
        return window.seconds_until(at) if window is not None and waits else 0

    def begin(self, run: int, at: datetime) -> "StepRecord":
        """A slice begins; the first one of a run or of a retry counts as an attempt."""
        new_run = run != self.run
        attempts = 0 if new_run else self.attempts
        first = new_run or self.status is not StepStatus.RUNNING
        return replace(
            self,
            status=StepStatus.RUNNING,
            run=run,
            attempts=attempts + 1 if first else attempts,
            tries=max(self.tries, self.attempts) + 1 if first else self.tries,
            active_milliseconds=0 if new_run else self.active_milliseconds,
            started_at=self.started_at or at,
            retry_at=None,
            unreachable_since=None if new_run else self.unreachable_since,
            problem=None,
        )

    def unreachable(self, at: datetime) -> "StepRecord":
        """Its database does not answer: it waits, and its tries stay."""
        return replace(self, unreachable_since=self.unreachable_since or at)

    def answered(self) -> "StepRecord":
        """Its database answers."""
        return replace(self, unreachable_since=None)

    def slice_ended(
        self, cursor: Mapping[str, Any], progress: Mapping[str, Any] | None, milliseconds: int
    ) -> "StepRecord":
        """More is to do."""
        return replace(
            self,
            cursor=dict(cursor),
            progress=progress or self.progress,
            active_milliseconds=self.active_milliseconds + milliseconds,
        )

    def succeed(
        self, result: Mapping[str, Any], progress: Mapping[str, Any] | None, milliseconds: int, at: datetime
    ) -> "StepRecord":
        """Done, for good."""
        return replace(
            self,
            status=StepStatus.SUCCEEDED,
            result=dict(result),
            progress=progress or self.progress,
            cursor={},
            ended_at=at,
            active_milliseconds=self.active_milliseconds + milliseconds,
        )

    def failed(
        self, problem: Problem, result: Mapping[str, Any], milliseconds: int, at: datetime, *, retryable: bool
    ) -> "StepRecord":
        """Said no: tried again, passed over, or the end of the run."""
        spent = self.active_milliseconds + milliseconds
        stopped = replace(self, problem=problem, result=dict(result) or self.result, active_milliseconds=spent)
        if retryable and self.attempts <= self.definition.retry_count:
            pause = timedelta(seconds=min(60, 2**self.attempts))
            return replace(stopped, status=StepStatus.PENDING, retry_at=at + pause)
        status = StepStatus.FAILED if self.definition.required else StepStatus.SKIPPED
        return replace(stopped, status=status, ended_at=at)

    def await_confirmation(self) -> "StepRecord":
        """Stop before the step."""
        return replace(self, status=StepStatus.WAITING)

    def confirm(self, by: str) -> "StepRecord":
        """An operator says go.

        Raises:
            NothingToConfirm: the step does not wait.
        """
        if self.status is not StepStatus.WAITING:
            raise NothingToConfirm(execution_id=self.execution_id, step=self.key)
        return replace(self, status=StepStatus.PENDING, confirmed_by=by)


def next_step(steps: Sequence[StepRecord], stage: str) -> StepRecord | None:
    """Return the first unfinished step of a stage; a rollback is one stage."""
    return next((step for step in steps if stage in (step.stage, ROLLBACK) and not step.status.is_finished), None)


def first_unfinished(steps: Sequence[StepRecord]) -> StepRecord | None:
    """Return the step an execution stands at, None when all are finished."""
    return next((step for step in steps if not step.status.is_finished), None)
