"""Takes one batch of products over from the PLM: fetch, map, validate, persist (PLM-03, PLM-04).

Trigger: task of the state machine sync_products, four at a time. Safe to repeat and to run twice at once.
Runbook: docs/runbooks/plm-sync.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.core.observability import count
from enghub.plm.gateways import wiring
from enghub.plm.syncs.service import from_wire


def sync_batch(task: dict[str, Any]) -> dict[str, Any]:
    """Return what became of the batch's records."""
    batch = wiring.plm_steps().sync(task["tenant_id"], task["run_id"], task["pass_number"], from_wire(task["batch"]))
    count("plm.sync.records", batch.counts.created + batch.counts.updated)
    count("plm.sync.rejected", batch.counts.rejected)
    return {"number": batch.range.number, "status": batch.status.value}


lambda_handler = entrypoints.task(sync_batch)
