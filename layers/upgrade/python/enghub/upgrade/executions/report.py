"""The report of an execution, computed from its records (UPG-13)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from enghub.upgrade.executions.model import Execution
from enghub.upgrade.executions.step import StepRecord, StepStatus
from enghub.upgrade.phases import STAGES


@dataclass(frozen=True, slots=True)
class PhaseReport:
    """One phase."""

    stage: str
    steps: int
    succeeded: int
    failed: int
    active_seconds: float
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """What happened."""

    execution: Execution
    steps: tuple[StepRecord, ...]
    phases: tuple[PhaseReport, ...]
    checks: tuple[dict[str, Any], ...]
    migrations: tuple[dict[str, Any], ...]
    rollback: tuple[StepRecord, ...] = ()
    """The steps of the rollback."""
    backups: tuple[dict[str, Any], ...] = ()
    indexes: tuple[dict[str, Any], ...] = ()
    """Measured queries, before and after."""
    caches: tuple[dict[str, Any], ...] = ()
    verifications: tuple[dict[str, Any], ...] = ()
    services: tuple[dict[str, Any], ...] = ()
    """State and version of each, as they were before the stop."""

    @property
    def failed_rows(self) -> int:
        """Rows that could not be moved; their keys are in the site's `enghub_upgrade_failed_row`."""
        return sum(int(found.get("failed") or 0) for found in self.migrations)

    @property
    def failing_step(self) -> StepRecord | None:
        """The step that stopped the execution, None when none did."""
        return next((step for step in self.steps if step.status is StepStatus.FAILED), None)

    @property
    def duration_seconds(self) -> float | None:
        """From the first slice to the end; None before either."""
        execution = self.execution
        if execution.started_at is None or execution.ended_at is None:
            return None
        return (execution.ended_at - execution.started_at).total_seconds()

    @property
    def active_seconds(self) -> float:
        """Time at work, without waiting."""
        return sum(step.active_milliseconds for step in self.steps) / 1000

    @property
    def succeeded(self) -> int:
        """Steps that succeeded."""
        return self._count(StepStatus.SUCCEEDED)

    @property
    def skipped(self) -> int:
        """Steps that failed and are not required."""
        return self._count(StepStatus.SKIPPED)

    @property
    def failed(self) -> int:
        """Steps that failed."""
        return self._count(StepStatus.FAILED)

    def _count(self, status: StepStatus) -> int:
        return sum(step.status is status for step in self.steps)


def report_of(execution: Execution, steps: Sequence[StepRecord], rollback: Sequence[StepRecord] = ()) -> Report:
    """Return the report."""
    by_stage = [[step for step in steps if step.stage is stage] for stage in STAGES]
    return Report(
        execution,
        tuple(steps),
        tuple(_phase(found) for found in by_stage if found),
        checks=_all(steps, "checks"),
        migrations=_all(steps, "migrations"),
        backups=tuple(found for step in steps for found in _backups(step.result)),
        indexes=_all(steps, "queries"),
        caches=_all(steps, "caches"),
        verifications=_all(steps, "verification"),
        services=_all(steps, "services"),
        rollback=tuple(rollback),
    )


def _all(steps: Sequence[StepRecord], name: str) -> tuple[dict[str, Any], ...]:
    return tuple(found for step in steps for found in _found(step.result, name))


def _backups(result: Any) -> Iterator[dict[str, Any]]:
    """Yield every table that was backed up; `backup` is the folder in the artifact store."""
    if not isinstance(result, Mapping):
        return
    made = result.get("backup")
    if isinstance(made, str):
        yield from ({"place": made, **item} for item in result.get("tables", ()) if isinstance(item, Mapping))
    for value in result.values():
        yield from _backups(value)


def _phase(steps: Sequence[StepRecord]) -> PhaseReport:
    starts = [step.started_at for step in steps if step.started_at is not None]
    ends = [step.ended_at for step in steps if step.ended_at is not None]
    return PhaseReport(
        stage=steps[0].stage.value,
        steps=len(steps),
        succeeded=sum(step.status is StepStatus.SUCCEEDED for step in steps),
        failed=sum(step.status is StepStatus.FAILED for step in steps),
        active_seconds=sum(step.active_milliseconds for step in steps) / 1000,
        started_at=min(starts, default=None),
        ended_at=max(ends, default=None) if len(ends) == len(steps) else None,
    )


def _found(result: Any, name: str) -> Iterator[dict[str, Any]]:
    """Yield the lists called ``name``, however deep a composite step nests them."""
    if not isinstance(result, Mapping):
        return
    for key, value in result.items():
        if key == name and isinstance(value, list | tuple):
            yield from (dict(item) for item in value if isinstance(item, Mapping))
        else:
            yield from _found(value, name)
