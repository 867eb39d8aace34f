"""Repairs what was lost: ends upgrades whose worker is gone, lets waiting ones begin (UPG-10).

Trigger: schedule, every minute. Emits the metrics UpgradesRepaired and UpgradesUnreadable. A tenant or upgrade that
cannot be read does not keep the others; the job then fails, so that it is seen.
Runbook: docs/runbooks/upgrade-queue.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.core.errors import Unavailable
from enghub.core.observability import count
from enghub.upgrade.executions import wiring
from enghub.upgrade.executions.admission import Outcome
from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.executions.tenants import of_every_tenant
from enghub.upgrade.queue.wiring import queue


def sweep_upgrades() -> dict[str, Any]:
    """Return how many upgrades were ended as lost, and how many began.

    Raises:
        Unavailable: somebody could not be dealt with; the others were.
    """
    tenants, admission = queue().tenants(), wiring.admission()
    live, damaged = DynamoExecutions().live()
    by_tenant = {tenant_id: [one.execution_id for one in live if one.tenant_id == tenant_id] for tenant_id in tenants}
    ended, unread = of_every_tenant(tenants, lambda origin: admission.repair(origin, by_tenant[origin.tenant_id]))
    begun, unread_again = of_every_tenant(tenants, admission.admit)
    done, failed = sum((*ended, *begun), Outcome(failed=damaged)), unread + unread_again
    count("UpgradesRepaired", done.done)
    count("UpgradesUnreadable", done.failed + failed)
    if done.failed + failed:
        raise Unavailable(reason=f"{done.failed} upgrades, {failed} tenants")
    return {"ended": sum(found.done for found in ended), "begun": sum(found.done for found in begun)}


lambda_handler = entrypoints.schedule(sweep_upgrades)
