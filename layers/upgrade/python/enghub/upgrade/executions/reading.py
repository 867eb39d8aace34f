"""Reads a report: the records of an execution, and the log of the step that failed (UPG-13)."""

from enghub.upgrade.executions.report import Report, report_of
from enghub.upgrade.executions.repository import Executions, LogEntry

EXCERPT_LINES = 40


class Reports:
    """The reports of executions; reading one needs neither planner nor engine."""

    def __init__(self, executions: Executions) -> None:
        self._executions = executions

    def get(self, tenant_id: str, execution_id: str) -> Report:
        """Return the report, of a running execution as far as it is.

        Raises:
            ExecutionNotFound: there is none, or its 90 days are over.
        """
        execution = self._executions.get(tenant_id, execution_id)
        return report_of(execution, self._executions.steps(tenant_id, execution_id))

    def excerpt(self, tenant_id: str, report: Report) -> tuple[LogEntry, ...]:
        """Return the last lines of the failing step's log; the log is kept 30 days."""
        step = report.failing_step
        if step is None:
            return ()
        return self._executions.last_lines(tenant_id, report.execution.execution_id, step.key, EXCERPT_LINES)
