"""Does one automatic task of a cut-over, or its way back, once (OPS-05).

Trigger: task of the state machine run_cutover. The attempt is stored before anything is sent; called again for the same
attempt it sends nothing, unless the task says that it may be repeated. Runbook: docs/runbooks/golive-cutover.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.golive.cutover import wiring
from enghub.golive.cutover.model import Work


def perform_task(task: dict[str, Any]) -> dict[str, Any]:
    """Do what the input names."""
    work = Work(task["task_id"], task["attempt"], task["back"])
    wiring.executions().do(task["tenant_id"], task["run_id"], work)
    return {}


lambda_handler = entrypoints.task(perform_task)
