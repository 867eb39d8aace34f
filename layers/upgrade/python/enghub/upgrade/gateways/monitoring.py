"""Counts how upgrades end (UPG-20; source document, 7.1)."""

from enghub.core.observability import measure
from enghub.upgrade.notices.model import Notice, Target

ENDS = frozenset({"SUCCEEDED", "FAILED", "ABORTED", "ROLLED_BACK", "ROLLBACK_FAILED"})


def count_end(_tenant_id: str, notice: Notice, _target: Target) -> None:
    """Write the metrics of an end: by status for the alarm, and by status and version for people."""
    status, version = notice.data["status"], notice.data["target_version"]
    if status not in ENDS:
        return
    for names in ({"status": status}, {"status": status, "version": version}):
        measure("upgrade.executions.total", 1, "Count", **names)
    if notice.duration_seconds is not None:
        measure("upgrade.execution.duration", notice.duration_seconds, "Seconds", status=status)
