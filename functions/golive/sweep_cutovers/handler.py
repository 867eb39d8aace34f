"""Lets cut-overs whose execution is gone go on in a fresh one.

Trigger: schedule, every minute. One that cannot be dealt with holds up no other; the job then fails, so that it is
seen. Runbook: docs/runbooks/golive-cutover.md.
"""

from dataclasses import asdict
from typing import Any

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.core.errors import Unavailable
from enghub.core.observability import count
from enghub.golive.cutover import wiring
from enghub.golive.cutover.dynamo import KIND
from enghub.kit.runs.dynamo import lost
from enghub.kit.runs.sweep import sweep


def sweep_cutovers() -> dict[str, Any]:
    """Return how many go on.

    Raises:
        Unavailable: some could not be dealt with; the others were.
    """
    swept = sweep(lost(KIND, system_clock()), wiring.executions().take_up)
    count("CutoversLost", swept.taken_up)
    if swept.failed:
        raise Unavailable(reason=f"{swept.failed} cut-overs")
    return asdict(swept)


lambda_handler = entrypoints.schedule(sweep_cutovers)
