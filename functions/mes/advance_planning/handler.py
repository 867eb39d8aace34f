"""Takes the next step of a large planning run: puts its items in order, or plans one chunk of them (MES-08).

Trigger: task of the state machine plan_chunks. What it does follows from what is stored alone, so it may be asked
again, by another execution too. Runbook: docs/runbooks/mes-planning.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.mes.factories import Factory
from enghub.mes.large_plans.wiring import large_plans


def advance_planning(task: dict[str, Any]) -> dict[str, Any]:
    """Return whether there is another step."""
    factory = Factory(task["tenant_id"], task["factory_id"])
    return {"more": large_plans().go_on(factory, task["run_id"], task["turn"], task["steps"])}


lambda_handler = entrypoints.task(advance_planning)
