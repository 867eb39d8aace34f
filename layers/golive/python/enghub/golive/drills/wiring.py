"""Builds the use cases of drills, once per process."""

import secrets
from functools import cache

from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.core.setup.service import Follows, Setup
from enghub.core.timers.model import CancelTimer, DueTimer, SetTimer
from enghub.golive.drills import dynamo, plans
from enghub.golive.drills.firing import Intake
from enghub.golive.drills.plans import DrillPlan
from enghub.golive.drills.service import Drills
from enghub.golive.purposes import DRILL_PLAN
from enghub.golive.wiring import calendars, machine
from enghub.kit.calendars.days import WorkingDays

BITS, MOST_PLANS = 64, 20


@cache
def drills() -> Drills:
    """Return the use cases of drills."""
    return Drills(dynamo.DynamoDrills(), Intake(), _days, _number)


@cache
def drill_plans() -> Setup[DrillPlan]:
    """Return the use cases of plans."""
    return Setup("drill plan", dynamo.plan_store(), MOST_PLANS, None, _follows)


def begin(due: DueTimer) -> None:
    """Send the payload; the timer's effect."""
    drills().begin(due, machine(due.tenant_id, system_clock()))


def run_out(due: DueTimer) -> None:
    """End a drill that nobody ended; the timer's effect."""
    drills().run_out(due, machine(due.tenant_id, system_clock()))


def plan_month(due: DueTimer) -> None:
    """Plan a month's drills; the timer's effect."""
    drills().plan_month(due, machine(due.tenant_id, system_clock()))


def _number() -> int:
    return secrets.randbits(BITS)


def _days(tenant_id: str, calendar_id: str) -> WorkingDays:
    return calendars().get(tenant_id, calendar_id).value.days() if calendar_id else WorkingDays()


def _follows(plan: DrillPlan, _: DrillPlan | None, origin: Origin) -> Follows:
    """Wake at the beginning of the next month; not for a plan that is taken away."""
    if plan.is_deleted:
        return Follows(timers=(CancelTimer(plan.subject, DRILL_PLAN),))
    return Follows(timers=(SetTimer(plan.subject, DRILL_PLAN, plans.next_month(plan, origin.at)),))
