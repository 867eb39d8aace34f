"""Where a worker stands, and what it tells the workflow."""

from dataclasses import dataclass
from typing import Any

from enghub.core.commits import Kept
from enghub.upgrade.executions.model import Execution
from enghub.upgrade.executions.step import StepRecord


@dataclass(frozen=True, slots=True)
class Answer:
    """What the workflow does next: `more` (after a wait), `done`, `failed`, `confirm`, `aborted`, `superseded`."""

    outcome: str
    stage: str
    wait_seconds: int = 0
    step: str | None = None
    sequence: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the task's output."""
        return {
            "outcome": self.outcome,
            "stage": self.stage,
            "waitSeconds": self.wait_seconds,
            "step": self.step,
            "sequence": self.sequence,
        }


@dataclass(frozen=True, slots=True)
class StepInProgress:
    """Where a worker stands: the execution and the step at work, each as it is kept."""

    kept: Kept[Execution]
    kept_step: Kept[StepRecord]

    @property
    def execution(self) -> Execution:
        """The execution."""
        return self.kept.value

    @property
    def step(self) -> StepRecord:
        """The step at work."""
        return self.kept_step.value

    def answer(self, outcome: str, wait_seconds: int = 0) -> Answer:
        """Return what the workflow does next, about this step."""
        return Answer(outcome, self.step.stage, wait_seconds, self.step.key, self.step.sequence)
