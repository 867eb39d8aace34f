"""Works on a rehearsal for one slice of time: copies, upgrades the copy, undoes that, upgrades it again (UPG-09).

Trigger: task of the state machine rehearse_upgrade, called until the rehearsal ends.
May be stopped anywhere: what was done is in the scratch database. Runbook: docs/runbooks/upgrade-rehearsals.md.
"""

from collections.abc import Callable
from typing import Any

from enghub.core import entrypoints
from enghub.core.observability import logger
from enghub.kit.work.slices import Budget
from enghub.upgrade.origin import rehearsal_origin
from enghub.upgrade.rehearsal import wiring

SLICE_SECONDS = 45.0
MARGIN_SECONDS = 15.0
"""Kept free at the end of the invocation, for records and the answer."""


def advance_rehearsal(task: dict[str, Any], seconds_left: Callable[[], float]) -> dict[str, Any]:
    """Do what is next, or record why the workflow broke."""
    rehearsal_id, run, left = task["rehearsalId"], task["run"], seconds_left()
    budget = Budget.of(min(SLICE_SECONDS, max(1.0, left - MARGIN_SECONDS)), left)
    logger.append_keys(tenant_id=task["tenantId"], rehearsal_id=rehearsal_id)
    origin = rehearsal_origin(task["tenantId"], rehearsal_id, run)
    if task.get("fault"):
        return wiring.rehearsing().record_fault(rehearsal_id, run, task["fault"], origin).to_json()
    return wiring.rehearsing().advance(rehearsal_id, run, task["events"], budget, origin).to_json()


lambda_handler = entrypoints.timed_task(advance_rehearsal)
