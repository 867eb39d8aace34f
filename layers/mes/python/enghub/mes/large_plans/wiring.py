"""Puts large runs together."""

from datetime import date

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.clock import system_clock
from enghub.kit.calendars.days import WorkingDays
from enghub.mes.factories import Factory
from enghub.mes.gateways.workflows import StateMachine
from enghub.mes.large_plans.dynamo import DynamoLargeRuns
from enghub.mes.large_plans.model import Given
from enghub.mes.large_plans.service import LargePlanning
from enghub.mes.planning import wiring
from enghub.mes.planning.model import Run
from enghub.mes.planning.service import PlanRequirements


def large_plans() -> LargePlanning:
    """Return the use cases of large runs."""
    store = DynamoLargeRuns(system_clock)
    return LargePlanning(store, wiring.planning().closure, wiring.on_hand, StateMachine(), system_clock)


def take(command: PlanRequirements, today: date, days: WorkingDays, claim: Claim | None) -> Run:
    """Take a run that is too large for one call."""
    origin = command.origin
    run_id = ids.new_id(origin.at)
    asked = Given(Factory.of(origin), run_id, 0, command.demands, command.open_orders, command.on_hand)
    return large_plans().open(origin, asked, today, days, claim)
