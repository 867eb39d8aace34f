"""Takes up roll-outs whose workflow is lost; stops those that lose it again and again (UPG-11).

Trigger: schedule, every five minutes. Emits the metric RolloutsRecovered. A roll-out that cannot be read does not keep
the others; the job then fails, so that it is seen. Runbook: docs/runbooks/upgrade-rollouts.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.core.errors import Unavailable
from enghub.core.observability import count
from enghub.upgrade.rollouts.dynamo import DynamoRollouts
from enghub.upgrade.rollouts.recovery import recover


def sweep_rollouts() -> dict[str, Any]:
    """Return how many were taken up, and how many given up.

    Raises:
        Unavailable: some could not be looked at; the others were.
    """
    found = recover(DynamoRollouts())
    count("RolloutsRecovered", found.taken_up + found.given_up)
    if found.failed:
        raise Unavailable(reason=f"{found.failed} roll-outs")
    return {"taken_up": found.taken_up, "given_up": found.given_up}


lambda_handler = entrypoints.schedule(sweep_rollouts)
