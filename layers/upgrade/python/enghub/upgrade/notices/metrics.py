"""Counts how upgrades end (UPG-20; source document, 7.1)."""

from enghub.core.observability import measure

ENDS = frozenset({"SUCCEEDED", "FAILED", "ABORTED", "ROLLED_BACK", "ROLLBACK_FAILED"})


def count_end(status: str, version: str, duration_seconds: float | None) -> None:
    """Write the metrics of an end: by status for the alarm, and by status and version for people."""
    if status not in ENDS:
        return
    for names in ({"status": status}, {"status": status, "version": version}):
        measure("upgrade.executions.total", 1, "Count", **names)
    if duration_seconds is not None:
        measure("upgrade.execution.duration", duration_seconds, "Seconds", status=status)
