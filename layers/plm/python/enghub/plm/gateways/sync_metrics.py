"""What metrics are told of sync runs, by sync type (PLM-20)."""

from datetime import timedelta

from enghub.core.observability import measure
from enghub.plm.syncs.model import SyncRun


def tell(run: SyncRun) -> None:
    """Count a run that ended, as a success or a failure, with the seconds that it took."""
    kind = {"service": "plm", "sync_type": run.sync_type}
    measure("plm.sync.success" if run.succeeded else "plm.sync.failure", 1, "Count", **kind)
    if not run.succeeded:
        measure("plm.sync.failures", 1, "Count", service="plm")  # of all types: one alarm watches them
    if run.started_at and run.finished_at:
        measure("plm.sync.duration", (run.finished_at - run.started_at).total_seconds(), "Seconds", **kind)


def tell_age(age: timedelta) -> None:
    """Tell how long ago the last sync of a connection that succeeded began."""
    measure("plm.sync.age", age.total_seconds(), "Seconds", service="plm")
