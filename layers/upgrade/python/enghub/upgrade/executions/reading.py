"""Reads an execution with its steps, its report, and the log of the step that failed (UPG-07, UPG-13)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from enghub.upgrade.executions.model import Execution
from enghub.upgrade.executions.report import Report, report_of
from enghub.upgrade.executions.repository import Executions, LogEntry
from enghub.upgrade.executions.statistics import Statistics, statistics_of
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.queue.model import QueuePosition

EXCERPT_LINES = 40
PAGE, PAGES = 100, 20
"""Of the executions that statistics count: 2,000 at most."""


@dataclass(frozen=True, slots=True)
class ExecutionDetail:
    """An execution with its steps, and those of its rollback."""

    execution: Execution
    steps: tuple[StepRecord, ...]
    rollback: tuple[StepRecord, ...] = ()
    position: QueuePosition | None = None
    """Where it waits, if it does."""


def look(executions: Executions, tenant_id: str, execution_id: str) -> ExecutionDetail:
    """Return an execution with its steps.

    Raises:
        ExecutionNotFound: there is none.
    """
    execution = executions.get(tenant_id, execution_id)
    run = 0 if execution.rollback is None else execution.rollback.run
    undoing = executions.rollback_steps(tenant_id, execution_id, run) if run else ()
    return ExecutionDetail(execution, executions.steps(tenant_id, execution_id), undoing)


class Reports:
    """The reports of executions; reading one needs neither planner nor engine."""

    def __init__(self, executions: Executions) -> None:
        self._executions = executions

    def get(self, tenant_id: str, execution_id: str) -> Report:
        """Return the report, of a running execution as far as it is.

        Raises:
            ExecutionNotFound: there is none, or its 90 days are over.
        """
        seen = look(self._executions, tenant_id, execution_id)
        return report_of(seen.execution, seen.steps, seen.rollback)

    def statistics(self, tenant_id: str, days: int, now: datetime) -> Statistics:
        """Return the figures of the last days, of the newest 2,000 executions at most."""
        since, cursor, found = now - timedelta(days=days), None, list[Execution]()
        for _ in range(PAGES):
            page, cursor = self._executions.find(tenant_id, PAGE, cursor)
            found += (one for one in page if one.created_at >= since)
            if cursor is None or (page and page[-1].created_at < since):
                return statistics_of(found, since, now, is_complete=True)
        return statistics_of(found, found[-1].created_at, now, is_complete=False)

    def excerpt(self, tenant_id: str, report: Report) -> tuple[LogEntry, ...]:
        """Return the last lines of the failing step's log; the log is kept 30 days."""
        step = report.failing_step
        if step is None:
            return ()
        return self._executions.last_lines(tenant_id, report.execution.execution_id, step.key, EXCERPT_LINES)
