"""Keeps the task token of a workflow that waits for an operator (UPG-05).

Trigger: task with a token of the state machine upgrade_site. An answer that came before the token is sent at once.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.upgrade.executions import wiring
from enghub.upgrade.gateways import workflows
from enghub.upgrade.origin import engine_origin


def await_confirmation(task: dict[str, Any]) -> dict[str, Any]:
    """Store the token; wake the workflow when nobody needs to wait."""
    tenant_id, execution_id, run = task["tenantId"], task["executionId"], task["run"]
    origin = engine_origin(tenant_id, execution_id, run)
    gate = (task["sequence"], task["token"])
    answered = wiring.workflow().open_gate(tenant_id, execution_id, run, gate, origin)
    if answered:
        workflows.answer(task["token"])
    return {"answered": answered}


lambda_handler = entrypoints.task(await_confirmation)
