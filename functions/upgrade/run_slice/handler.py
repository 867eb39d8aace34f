"""Works on one phase of an upgrade for one slice of time (UPG-05 to UPG-08).

Trigger: task of the state machines upgrade_site and roll_back_upgrade, called until the phase is done.
May be stopped anywhere: what was done
is in the journal of the site's own database. Runbook: docs/runbooks/upgrade-executions.md.
"""

from collections.abc import Callable
from typing import Any

from enghub.core import entrypoints
from enghub.core.observability import count, logger
from enghub.kit.work.slices import Budget
from enghub.upgrade import wiring

SLICE_SECONDS = 45.0
MARGIN_SECONDS = 15.0
"""Kept free at the end of the invocation, for records and the answer."""


def run_slice(task: dict[str, Any], seconds_left: Callable[[], float]) -> dict[str, Any]:
    """Return what the workflow does next."""
    left = seconds_left()
    budget = Budget.of(min(SLICE_SECONDS, max(1.0, left - MARGIN_SECONDS)), left)
    logger.append_keys(tenant_id=task["tenantId"], execution_id=task["executionId"], stage_name=task["stage"])
    answer = wiring.engine().run_slice(task["tenantId"], task["executionId"], task["run"], task["stage"], budget)
    count(f"upgrade.slice.{answer.outcome}")
    return answer.to_json()


lambda_handler = entrypoints.timed_task(run_slice)
