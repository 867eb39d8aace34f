"""Lets a long sync run go on in a fresh execution, before the history of this one grows too long.

Trigger: task of the state machine sync_products, every 480 batches. Runbook: docs/runbooks/plm-sync.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.plm.gateways.workflow import launching


def continue_sync(task: dict[str, Any]) -> dict[str, Any]:
    """Start the next execution; the same one however often it is asked for."""
    launching().go_on(task["tenant_id"], task["run_id"], task["pass_number"], task["cursor"])
    return {"status": "CONTINUED"}


lambda_handler = entrypoints.task(continue_sync)
