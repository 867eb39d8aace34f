"""Advances a roll-out: follows its sites, starts those that are due, judges its wave (UPG-11).

Trigger: task of the state machine roll_out_fleet, called until the roll-out ends or waits for a person.
Runbook: docs/runbooks/upgrade-rollouts.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.upgrade.origin import rollout_origin
from enghub.upgrade.rollouts import wiring


def advance_rollout(task: dict[str, Any]) -> dict[str, Any]:
    """Do what is next, or record why the workflow broke."""
    rollout_id, run = task["rolloutId"], task["run"]
    origin = rollout_origin(task["tenantId"], rollout_id, run)
    if task.get("fault"):
        answer = wiring.fleet().record_fault(rollout_id, run, task["fault"], origin)
    else:
        answer = wiring.fleet().advance(rollout_id, run, task["events"], origin)
    return {"outcome": answer.outcome, "waitSeconds": answer.wait_seconds}


lambda_handler = entrypoints.task(advance_rollout)
