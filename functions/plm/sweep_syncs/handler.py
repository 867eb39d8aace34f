"""Ends product syncs that nobody works on any more, and tells how long ago each connection was synced (PLM-04, PLM-20).

Trigger: schedule, every five minutes. Emits the metrics SyncsLost and plm.sync.age. One that cannot be dealt with holds
up no other; the job then fails, so that it is seen. Runbook: docs/runbooks/plm-sync-alarms.md.
"""

from dataclasses import asdict, dataclass
from typing import Any

from enghub.core import config, entrypoints
from enghub.core.errors import Unavailable
from enghub.core.observability import count, logger
from enghub.plm.connections.store import Connections
from enghub.plm.gateways import sync_metrics, wiring


@dataclass(frozen=True, slots=True)
class Config:
    """Names of the connections that are synced each night, separated by commas."""

    plm_connections: str = ""


def sweep_syncs() -> dict[str, Any]:
    """Return how many were ended.

    Raises:
        Unavailable: some could not be dealt with; the others were.
    """
    swept = wiring.steps().sweep()
    count("SyncsLost", swept.given_up)
    unread = [
        name for name in config.load(Config).plm_connections.split(",") if name.strip() and not _told(name.strip())
    ]
    if swept.failed or unread:
        raise Unavailable(reason=f"{swept.failed} sync runs, connections {', '.join(unread) or '-'}")
    return asdict(swept)


def _told(name: str) -> bool:
    """Tell how long ago a connection was synced; False where nobody can say."""
    try:
        age = wiring.steps().age(Connections.here().api(name).tenant_id, name)
    except Exception:
        logger.exception("the age of a sync is not known", connection=name)
        return False
    if age is not None:
        sync_metrics.tell_age(age)
    return True


lambda_handler = entrypoints.schedule(sweep_syncs)
