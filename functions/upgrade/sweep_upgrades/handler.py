"""Repairs what was lost: ends upgrades whose worker is gone, lets waiting ones begin (UPG-10).

Trigger: schedule, every minute. Emits the metric UpgradesRepaired. Runbook: docs/runbooks/upgrade-queue.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.core.observability import count
from enghub.upgrade.executions import wiring
from enghub.upgrade.origin import queue_origin
from enghub.upgrade.queue.wiring import queue


def sweep_upgrades() -> dict[str, Any]:
    """Return how many upgrades were ended as lost, and how many began."""
    origins = [queue_origin(tenant_id) for tenant_id in queue().tenants()]
    ended = sum(wiring.admission().repair(origin) for origin in origins)
    begun = sum(wiring.admission().admit(origin) for origin in origins)
    count("UpgradesRepaired", ended + begun)
    return {"ended": ended, "begun": begun}


lambda_handler = entrypoints.schedule(sweep_upgrades)
