"""Takes a backup of every tenant's configuration and of the global layer, each night.

Trigger: schedule. A tenant whose backup fails does not keep the others from theirs; the job then fails, so that it is
repeated and seen. Runbook: docs/runbooks/settings-backups.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.core.errors import Unavailable
from enghub.core.identity import Origin
from enghub.core.observability import logger
from enghub.settings.backups import wiring
from enghub.settings.configs.model import EVERY_TENANT


def back_up_daily() -> dict[str, Any]:
    """Return how many backups were taken.

    Raises:
        Unavailable: some were not.
    """
    work, failed, taken = wiring.backups(), [], 0
    for tenant_id in [EVERY_TENANT, *work.store.tenants()]:
        try:
            at = system_clock()
            work.take(Origin(tenant_id, "", "system", at, request_id=f"backup-{at:%Y-%m-%d}"))
            taken += 1
        except Exception:
            logger.exception("backup not taken", tenant_id=tenant_id)
            failed.append(tenant_id)
    if failed:
        raise Unavailable(reason=f"{len(failed)} backups were not taken")
    return {"taken": taken}


lambda_handler = entrypoints.schedule(back_up_daily)
