"""Cuts the next batches of a sync run: ranges of object ids, at most 40 per call (PLM-04).

Trigger: task of the state machine sync_products. Runbook: docs/runbooks/plm-sync.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.plm.gateways import wiring
from enghub.plm.syncs.model import BATCHES_PER_EXECUTION
from enghub.plm.syncs.service import to_wire


def list_batches(task: dict[str, Any]) -> dict[str, Any]:
    """Return the batches, the cursor of the next call, and whether to go on at all or in a fresh execution."""
    first = int(task["cursor"]["next_number"])
    listing = wiring.plm_steps().list_batches(
        task["tenant_id"], task["run_id"], task["pass_number"], task["cursor"]["after"], first
    )
    following = listing.following
    there_are_more = listing.after is not None
    return {
        "batches": [to_wire(found) for found in listing.ranges],
        "cursor": {"after": listing.after, "next_number": following},
        "more": there_are_more,
        "hand_over": there_are_more and (following - 1) % BATCHES_PER_EXECUTION == 0,
    }


lambda_handler = entrypoints.task(list_batches)
