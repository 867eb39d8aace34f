"""Lets large planning runs whose execution is gone go on in a fresh one (MES-08).

Trigger: schedule, every five minutes. One that cannot be dealt with holds up no other; the job then fails, so that it
is seen. Runbook: docs/runbooks/mes-planning.md.
"""

from dataclasses import asdict
from typing import Any

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.core.errors import Unavailable
from enghub.core.observability import count
from enghub.kit.runs.dynamo import lost
from enghub.kit.runs.sweep import sweep
from enghub.mes.large_plans.dynamo import KIND
from enghub.mes.large_plans.wiring import large_plans


def sweep_planning() -> dict[str, Any]:
    """Return how many go on.

    Raises:
        Unavailable: some could not be dealt with; the others were.
    """
    swept = sweep(lost(KIND, system_clock()), large_plans().take_up)
    count("PlanningRunsLost", swept.taken_up)
    if swept.failed:
        raise Unavailable(reason=f"{swept.failed} planning runs")
    return asdict(swept)


lambda_handler = entrypoints.schedule(sweep_planning)
