"""Upgrades on the wire (UPG-12)."""

from datetime import datetime
from typing import Any

from enghub.core import wire
from enghub.core.i18n import Language
from enghub.upgrade.drift.api import AcceptanceResponse
from enghub.upgrade.executions.addresses import BASE
from enghub.upgrade.executions.model import Breakpoint, Execution
from enghub.upgrade.executions.reading import ExecutionDetail
from enghub.upgrade.executions.report import Report
from enghub.upgrade.executions.repository import LogEntry
from enghub.upgrade.executions.step import StepRecord, said
from enghub.upgrade.executions.summary import summary


class ExecutionResponse(wire.Response):
    """An execution in short."""

    execution_id: str
    status: str
    site_id: str
    environment: str
    upgrade_before_version: str
    upgrade_after_version: str
    run: int
    total_steps: int
    completed_steps: int
    created_at: wire.Instant

    @classmethod
    def of(cls, execution: Execution) -> "ExecutionResponse":
        """Return the answer for an execution."""
        return cls(
            execution_id=execution.execution_id,
            status=execution.status.value,
            site_id=execution.site_id,
            environment=execution.environment,
            upgrade_before_version=execution.source_version,
            upgrade_after_version=execution.target_version,
            run=execution.run,
            total_steps=execution.total_steps,
            completed_steps=execution.completed_steps,
            created_at=execution.created_at,
        )


class ExecutionsResponse(wire.Response):
    """One page of executions, newest first."""

    items: tuple[ExecutionResponse, ...]
    cursor: str | None


class BreakpointResponse(wire.Response):
    """Where an execution stopped."""

    phase: str
    step: str
    attempts: int
    at: wire.Instant

    @classmethod
    def of(cls, found: Breakpoint | None) -> "BreakpointResponse | None":
        """Return the answer for a breakpoint."""
        return None if found is None else cls(phase=found.stage, step=found.step, attempts=found.attempts, at=found.at)


class StepResponse(wire.Response):
    """One step and how far it is."""

    step: str
    name: str
    phase: str
    version: str
    status: str
    attempts: int
    """In the present run."""
    tries: int
    """In all runs: a resume begins to count anew, this does not."""
    started_at: wire.Instant | None
    ended_at: wire.Instant | None
    active_seconds: float
    progress: dict[str, Any] | None
    error: str | None

    @classmethod
    def of(cls, step: StepRecord, language: Language) -> "StepResponse":
        """Return the answer for a step."""
        return cls(
            step=step.key,
            name=step.definition.name,
            phase=step.stage.value,
            version=step.version,
            status=step.status.value,
            attempts=step.attempts,
            tries=step.tries,
            started_at=step.started_at,
            ended_at=step.ended_at,
            active_seconds=step.active_milliseconds / 1000,
            progress=None if step.progress is None else dict(step.progress),
            error=said(step.problem, language),
        )


class RollbackResponse(wire.Response):
    """The way back, as far as it is."""

    status: str
    requested_by: str
    total_steps: int
    completed_steps: int
    started_at: wire.Instant
    ended_at: wire.Instant | None
    duration_seconds: float | None
    breakpoint: BreakpointResponse | None
    error: str | None
    steps: tuple[StepResponse, ...]

    @classmethod
    def of(cls, execution: Execution, steps: tuple[StepRecord, ...], language: Language) -> "RollbackResponse | None":
        """Return the answer for an execution's rollback, None when there is none."""
        found = execution.rollback
        if found is None:
            return None
        return cls(
            status=execution.status.value,
            requested_by=found.requested_by,
            total_steps=found.total_steps,
            completed_steps=found.completed_steps,
            started_at=found.started_at,
            ended_at=found.ended_at,
            duration_seconds=None if found.ended_at is None else (found.ended_at - found.started_at).total_seconds(),
            breakpoint=BreakpointResponse.of(found.breakpoint),
            error=said(found.problem, language),
            steps=tuple(StepResponse.of(step, language) for step in steps),
        )


class StatusResponse(ExecutionResponse):
    """An execution with its steps."""

    current_step: str | None
    breakpoint: BreakpointResponse | None
    error: str | None
    next_action: str | None
    started_at: wire.Instant | None
    ended_at: wire.Instant | None
    abort_requested: bool
    on_failure: str
    summary: str
    """What happened, where, what is done already and what to do, in one text."""
    rollback: RollbackResponse | None
    queue_position: int | None
    queue_behind: tuple[str, ...]
    """The executions ahead, the first one first; at most ten, those right ahead."""
    steps: tuple[StepResponse, ...]

    @classmethod
    def seen(cls, seen: ExecutionDetail, language: Language, now: datetime) -> "StatusResponse":
        """Return the answer for an execution with its steps, as it is now."""
        execution = seen.execution
        return cls(
            **ExecutionResponse.of(execution).model_dump(),
            current_step=execution.current_step,
            breakpoint=BreakpointResponse.of(execution.breakpoint),
            error=said(execution.problem, language),
            next_action=_next_action(execution, now),
            started_at=execution.started_at,
            ended_at=execution.ended_at,
            abort_requested=execution.abort_requested,
            on_failure=execution.on_failure.value,
            summary=summary(execution, language, now),
            rollback=RollbackResponse.of(execution, seen.rollback, language),
            queue_position=None if seen.position is None else seen.position.position,
            queue_behind=() if seen.position is None else seen.position.ahead[-10:],
            steps=tuple(StepResponse.of(step, language) for step in seen.steps),
        )


def _next_action(execution: Execution, now: datetime) -> str | None:
    """What an operator types next."""
    match execution.status:
        case "FAILED" if execution.asks_to_roll_back(now):
            return f"POST {BASE}/confirm/{execution.execution_id}"
        case "FAILED" | "ABORTED" | "ROLLBACK_FAILED":
            return f"POST {BASE}/resume/{execution.execution_id}"
        case "WAITING":
            return f"POST {BASE}/confirm/{execution.execution_id}"
        case _:
            return None


class LogEntryResponse(wire.Response):
    """One line."""

    step_id: str
    """`version/id`; `-` for what is said of the whole upgrade."""
    level: str
    message: str
    timestamp: wire.Instant
    metadata: dict[str, Any]

    @classmethod
    def of(cls, entry: LogEntry) -> "LogEntryResponse":
        """Return the answer for a line."""
        return cls(
            step_id=entry.step,
            level=entry.level,
            message=entry.message,
            timestamp=entry.at,
            metadata=dict(entry.metadata),
        )


class LogResponse(wire.Response):
    """One page of the detailed log, oldest first."""

    items: tuple[LogEntryResponse, ...]
    cursor: str | None


class PhaseResponse(wire.Response):
    """One phase of the report."""

    phase: str
    steps: int
    succeeded: int
    failed: int
    active_seconds: float
    started_at: wire.Instant | None
    ended_at: wire.Instant | None


class StepReportResponse(StepResponse):
    """One step of the report, with what it found and did."""

    result: dict[str, Any]


class WaiverResponse(wire.Response):
    """Who let versions pass into production that had not succeeded in test, and why."""

    user_id: str
    reason: str
    versions: tuple[str, ...]


class ReportResponse(wire.Response):
    """The report (UPG-13), computed from the records."""

    execution: ExecutionResponse
    duration_seconds: float | None
    active_seconds: float
    succeeded_steps: int
    skipped_steps: int
    failed_steps: int
    error: str | None
    phases: tuple[PhaseResponse, ...]
    steps: tuple[StepReportResponse, ...]
    failed_rows: int
    checks: tuple[dict[str, Any], ...]
    migrations: tuple[dict[str, Any], ...]
    backups: tuple[dict[str, Any], ...]
    indexes: tuple[dict[str, Any], ...]
    caches: tuple[dict[str, Any], ...]
    verifications: tuple[dict[str, Any], ...]
    services: tuple[dict[str, Any], ...]
    kept_until: wire.Instant | None
    """90 days after the end; None while it is not ended."""
    rollback: RollbackResponse | None
    promotion_waiver: WaiverResponse | None
    """Null: everything had succeeded in test, or it does not run in production."""
    drift_acceptance: AcceptanceResponse | None
    """Null: the site was as the last upgrade left it, or nothing was recorded."""

    @classmethod
    def of(cls, report: Report, language: Language) -> "ReportResponse":
        """Return the answer for a report."""
        return cls(
            execution=ExecutionResponse.of(report.execution),
            duration_seconds=report.duration_seconds,
            active_seconds=report.active_seconds,
            succeeded_steps=report.succeeded,
            skipped_steps=report.skipped,
            failed_steps=report.failed,
            error=said(report.execution.problem, language),
            phases=tuple(
                PhaseResponse(
                    phase=p.stage,
                    steps=p.steps,
                    succeeded=p.succeeded,
                    failed=p.failed,
                    active_seconds=p.active_seconds,
                    started_at=p.started_at,
                    ended_at=p.ended_at,
                )
                for p in report.phases
            ),
            steps=tuple(
                StepReportResponse(**StepResponse.of(step, language).model_dump(), result=dict(step.result))
                for step in report.steps
            ),
            failed_rows=report.failed_rows,
            checks=report.checks,
            migrations=report.migrations,
            backups=report.backups,
            indexes=report.indexes,
            caches=report.caches,
            verifications=report.verifications,
            services=report.services,
            kept_until=report.execution.expires_at,
            rollback=RollbackResponse.of(report.execution, report.rollback, language),
            promotion_waiver=None
            if (waiver := report.execution.waiver) is None
            else WaiverResponse(user_id=waiver.user_id, reason=waiver.reason, versions=waiver.versions),
            drift_acceptance=AcceptanceResponse.of(report.execution.drift, language),
        )
