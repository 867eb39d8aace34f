"""Opens a sync run: fixes from when on products are taken (PLM-03).

Trigger: task of the state machine sync_products. Runbook: docs/runbooks/plm-sync.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.plm.gateways import wiring


def plan_sync(task: dict[str, Any]) -> dict[str, Any]:
    """Return the run's status and batch size."""
    run = wiring.steps().plan(task["tenant_id"], task["run_id"], task["pass_number"])
    return {"status": run.status.value, "batch_size": run.batch_size}


lambda_handler = entrypoints.task(plan_sync)
