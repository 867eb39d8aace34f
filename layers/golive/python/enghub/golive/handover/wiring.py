"""Builds the use cases of hand-overs, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.core.timers.model import DueTimer
from enghub.golive.handover.dynamo import DynamoHandovers
from enghub.golive.handover.service import Handovers
from enghub.golive.readiness.dynamo import DynamoReadiness
from enghub.golive.readiness.errors import GoLiveNotFound
from enghub.golive.wiring import calendars, machine
from enghub.kit.calendars.days import WorkingDays


@cache
def handovers() -> Handovers:
    """Return the use cases of hand-overs."""
    return Handovers(DynamoHandovers(), _check, days)


def wake(due: DueTimer) -> None:
    """Tell who leads now, and what is missing; the timer's effect."""
    handovers().wake(due, machine(due.tenant_id, system_clock()))


def days(tenant_id: str, calendar_id: str) -> WorkingDays:
    """Return the working days of a calendar; Monday to Friday without one."""
    return calendars().get(tenant_id, calendar_id).value.days() if calendar_id else WorkingDays()


def _check(tenant_id: str, go_live_id: str) -> None:
    if DynamoReadiness().get(tenant_id, go_live_id) is None:
        raise GoLiveNotFound(go_live_id=go_live_id)
