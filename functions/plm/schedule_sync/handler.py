"""Asks for the incremental sync of every PLM connection, each night.

Trigger: schedule. One connection that cannot be read does not keep the others from being synced; the job then fails,
so that it is repeated and seen. Asking twice in a day asks once. Runbook: docs/runbooks/plm-sync.md.
"""

from dataclasses import dataclass
from typing import Any

from enghub.core import config, entrypoints
from enghub.core.errors import Unavailable
from enghub.core.observability import logger
from enghub.plm.connections.store import Connections
from enghub.plm.syncs import wiring


@dataclass(frozen=True, slots=True)
class Config:
    """Names of the connections to sync, separated by commas."""

    plm_connections: str


def schedule_sync() -> dict[str, Any]:
    """Return the ids of the runs asked for.

    Raises:
        Unavailable: a connection could not be read; ``problem`` names which.
    """
    names = [name.strip() for name in config.load(Config).plm_connections.split(",") if name.strip()]
    asked, failed = [], []
    for name in names:
        try:
            api = Connections.here().api(name)
            asked.append(wiring.syncs().request_nightly(name, api.tenant_id, api.factory_id).run_id)
        except Exception:
            logger.exception("nightly sync not requested", connection=name)
            failed.append(name)
    if failed:
        raise Unavailable(reason=f"connections {', '.join(failed)}")
    return {"runs": asked}


lambda_handler = entrypoints.schedule(schedule_sync)
