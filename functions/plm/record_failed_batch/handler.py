"""Keeps that a batch of a sync run failed, and why, so that it can be run again alone (PLM-04).

Trigger: catch of the state machine sync_products. Runbook: docs/runbooks/plm-sync.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.core.observability import logger
from enghub.plm.gateways import wiring
from enghub.plm.syncs.service import from_wire


def record_failed_batch(task: dict[str, Any]) -> dict[str, Any]:
    """Return the batch's number and status."""
    batch = wiring.steps().record_failure(
        task["tenant_id"], task["run_id"], task["pass_number"], from_wire(task["batch"]), task["reason"]
    )
    logger.warning("batch failed", run_id=task["run_id"], batch=batch.range.number, reason=batch.failure)
    return {"number": batch.range.number, "status": batch.status.value}


lambda_handler = entrypoints.task(record_failed_batch)
