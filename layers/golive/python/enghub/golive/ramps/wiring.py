"""Builds what ramps need, once per process."""

from functools import cache
from typing import TYPE_CHECKING

from enghub.core.clock import system_clock
from enghub.core.lazy import lazy
from enghub.core.timers.model import DueTimer
from enghub.golive.gateways.secrets import database_secret
from enghub.golive.ramps import dynamo
from enghub.golive.ramps.model import Ramp
from enghub.golive.ramps.service import RampService
from enghub.golive.wiring import machine

if TYPE_CHECKING:
    from enghub.golive.alerts import own
    from enghub.golive.gateways import metering, traffic
    from enghub.kit.outbound import calls, stage
else:
    own = lazy("enghub.golive.alerts.own")
    metering = lazy("enghub.golive.gateways.metering")
    traffic = lazy("enghub.golive.gateways.traffic")
    calls = lazy("enghub.kit.outbound.calls")
    stage = lazy("enghub.kit.outbound.stage")


@cache
def ramps() -> RampService:
    """Return the use cases of ramps."""
    outbound = calls.Outbound(stage.stage_policy(plain_http=True))
    control = traffic.TrafficControl(outbound, database_secret)
    return RampService(dynamo.DynamoRamps(), control, metering.Metering(outbound), _page, system_clock)


def wake(due: DueTimer) -> None:
    """Ask for a ramp's turn; the timer's effect."""
    dynamo.wake(due, machine(due.tenant_id, max(due.due, system_clock())))


def wake_lost(due: DueTimer) -> None:
    """Ask once more for a turn that nobody has taken; the effect of the timer that follows each look's."""
    dynamo.wake_lost(due, machine(due.tenant_id, max(due.due, system_clock())))


def _page(ramp: Ramp) -> None:
    title = f"{ramp.name}: {ramp.said}"[:500]
    own.fire(ramp.tenant_id, ramp.service_id, ramp.subject, title, own.PAGE)
