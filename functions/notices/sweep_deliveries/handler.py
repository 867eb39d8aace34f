"""Finds deliveries that are due: further tries, ends of quiet hours, digests, those whose sender was lost.

Trigger: every minute. Twice the same command does no harm: whoever comes second finds it sent.
Runbook: docs/runbooks/notices.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.notices.deliveries.dynamo import due
from enghub.notices.gateways.commands import enqueue

PER_SHARD = 250


def sweep() -> dict[str, Any]:
    """Put what is due into the queue."""
    return {"started": enqueue(due(system_clock(), PER_SHARD))}


lambda_handler = entrypoints.schedule(sweep)
