"""Ends a sync run: totals, watermark, event ProductSyncCompleted or ProductSyncFailed, metrics (PLM-03, PLM-20).

Trigger: task of the state machine sync_products. Runbook: docs/runbooks/plm-sync.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.plm.gateways import wiring


def finish_sync(task: dict[str, Any]) -> dict[str, Any]:
    """Return how the run ended."""
    run = wiring.steps().finish(task["tenant_id"], task["run_id"], task["pass_number"], task["fault"])
    return {"status": run.status.value, "failure": run.failure or ""}


lambda_handler = entrypoints.task(finish_sync)
