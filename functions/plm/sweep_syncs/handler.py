"""Ends product syncs that nobody works on any more: stopped executions, launches that never came (PLM-04).

Trigger: schedule, every five minutes. Emits the metric SyncsLost. One that cannot be dealt with holds up no other; the
job then fails, so that it is seen. Runbook: docs/runbooks/plm-sync.md.
"""

from dataclasses import asdict
from typing import Any

from enghub.core import entrypoints
from enghub.core.errors import Unavailable
from enghub.core.observability import count
from enghub.plm.gateways import wiring


def sweep_syncs() -> dict[str, Any]:
    """Return how many were ended.

    Raises:
        Unavailable: some could not be dealt with; the others were.
    """
    swept = wiring.steps().sweep()
    count("SyncsLost", swept.given_up)
    if swept.failed:
        raise Unavailable(reason=f"{swept.failed} sync runs")
    return asdict(swept)


lambda_handler = entrypoints.schedule(sweep_syncs)
