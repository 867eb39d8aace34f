"""Takes up rehearsals whose workflow is lost; ends those that lose it again and again (UPG-09).

Trigger: schedule, every five minutes. Emits the metric RehearsalsRecovered. A rehearsal that cannot be read does not
keep the others; the job then fails, so that it is seen. Runbook: docs/runbooks/upgrade-rehearsals.md.
"""

from dataclasses import asdict
from typing import Any

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.core.errors import Unavailable
from enghub.core.observability import count
from enghub.upgrade.rehearsal.dynamo import DynamoRehearsals
from enghub.upgrade.rehearsal.recovery import recover


def sweep_rehearsals() -> dict[str, Any]:
    """Return how many were taken up, and how many ended.

    Raises:
        Unavailable: some could not be looked at; the others were.
    """
    found = recover(DynamoRehearsals(), system_clock())
    count("RehearsalsRecovered", found.taken_up + found.given_up)
    if found.failed:
        raise Unavailable(reason=f"{found.failed} rehearsals")
    return asdict(found)


lambda_handler = entrypoints.schedule(sweep_rehearsals)
