"""Ends an upgrade or its rollback: done, failed at its breakpoint, or aborted (UPG-07, UPG-09, UPG-10).

Trigger: task of the state machines upgrade_site and roll_back_upgrade. Safe to repeat.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.core.observability import count
from enghub.upgrade.executions import wiring
from enghub.upgrade.origin import engine_origin


def finish_upgrade(task: dict[str, Any]) -> dict[str, Any]:
    """Return how it ended."""
    tenant_id, execution_id, run = task["tenantId"], task["executionId"], task["run"]
    origin = engine_origin(tenant_id, execution_id, run)
    if task["outcome"] == "succeeded":
        status = wiring.workflow().succeed(tenant_id, execution_id, run, origin)
    elif task["outcome"] == "rolledBack":
        status = wiring.workflow().finish_rollback(tenant_id, execution_id, run, origin)
    else:
        status = wiring.workflow().stop(tenant_id, execution_id, run, task.get("fault"), origin)
    count(f"upgrade.{status.lower()}")
    return {"status": status}


lambda_handler = entrypoints.task(finish_upgrade)
