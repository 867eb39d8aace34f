"""Wakes timers that are overdue because a schedule, a message or a worker was lost; parks those that never succeed.

Trigger: schedule, every minute. Emits metrics TimersOverdue, TimersOverdueSeconds and TimersParked. A timer that cannot
be woken holds up no other; the job then fails, so that it is seen. Runbook: docs/runbooks/timers.md.
"""

from dataclasses import asdict
from typing import Any

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.core.errors import Unavailable
from enghub.core.observability import count, seconds
from enghub.core.timers import dynamo
from enghub.core.timers.aws import SqsQueue
from enghub.core.timers.waking import sweep


def sweep_timers() -> dict[str, Any]:
    """Return how many were woken, parked and left, and the age of the oldest in seconds.

    Raises:
        Unavailable: some could not be woken; the others were.
    """
    swept = sweep(dynamo, SqsQueue.here(), system_clock)
    count("TimersOverdue", swept.woken + swept.failed)
    count("TimersParked", swept.parked)
    seconds("TimersOverdueSeconds", swept.oldest_seconds)
    if swept.failed:
        raise Unavailable(reason=f"{swept.failed} timers")
    return asdict(swept)


lambda_handler = entrypoints.schedule(sweep_timers)
