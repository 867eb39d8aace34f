"""Builds the use cases of gray releases, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.core.timers.model import DueTimer
from enghub.core.timers.waking import Handler
from enghub.settings.releases.dynamo import ADVANCE, DynamoReleases
from enghub.settings.releases.dynamo import wake as wake_release
from enghub.settings.releases.moves import Unmeasured
from enghub.settings.releases.service import ReleaseService


@cache
def releases() -> ReleaseService:
    """Return the use cases of gray releases."""
    from enghub.kit.outbound.breaker import Breaker  # noqa: PLC0415 - three functions measure
    from enghub.kit.outbound.calls import Outbound  # noqa: PLC0415
    from enghub.kit.outbound.stage import stage_policy  # noqa: PLC0415
    from enghub.settings.gateways.metrics import LiveMetrics  # noqa: PLC0415

    return ReleaseService(DynamoReleases(), LiveMetrics(Outbound(stage_policy(), breaker=Breaker()), system_clock))


@cache
def changing() -> ReleaseService:
    """Return the use cases that people use, as far as rules of approval let them."""
    from enghub.settings.configs.wiring import approving  # noqa: PLC0415 - what advances by itself needs no approval
    from enghub.settings.releases.approving import ReleaseGate  # noqa: PLC0415

    return ReleaseService(DynamoReleases(), Unmeasured(), ReleaseGate(approving()))


@cache
def deciding() -> ReleaseService:
    """Return the use cases that make what was approved; nothing is measured for it."""
    return ReleaseService(DynamoReleases(), Unmeasured())


def timer_handlers() -> dict[str, Handler]:
    """Return what the timers of releases do, by purpose."""
    return {ADVANCE: _wake_release}


def _wake_release(due: DueTimer) -> None:
    origin = Origin(due.tenant_id, "", "system", max(due.due, system_clock()), request_id=due.version)
    wake_release(due, origin)
