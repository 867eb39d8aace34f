"""Looks what is next in a cut-over; keeps the token of an execution that waits (OPS-05).

Trigger: tasks of the state machine run_cutover. What it answers follows from the stored run alone, so it may be asked
again, by another execution too. Runbook: docs/runbooks/golive-cutover.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.golive.cutover import wiring


def advance_cutover(task: dict[str, Any]) -> dict[str, Any]:
    """Return PERFORM with the work, WAIT with how many seconds, or END."""
    run = (task["tenant_id"], task["run_id"])
    if "token" in task:
        wiring.executions().wait(*run, task["token"], task["revision"])
        return {}
    return wiring.executions().go_on(*run, task["turn"], task["loops"])


lambda_handler = entrypoints.task(advance_cutover)
