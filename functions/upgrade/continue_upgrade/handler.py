"""Lets a long upgrade go on in a fresh workflow, before the history of this one grows too long.

Trigger: task of the state machines upgrade_site and roll_back_upgrade. Runbook: docs/runbooks/upgrade-executions.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.upgrade.executions import wiring
from enghub.upgrade.origin import engine_origin


def continue_upgrade(task: dict[str, Any]) -> dict[str, Any]:
    """Start the next run; the same one however often it is asked for."""
    tenant_id, execution_id, run = task["tenantId"], task["executionId"], task["run"]
    origin = engine_origin(tenant_id, execution_id, run)
    return {"run": wiring.workflow().go_on(tenant_id, execution_id, run, origin)}


lambda_handler = entrypoints.task(continue_upgrade)
