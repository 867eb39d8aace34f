"""Builds what objectives need, once per process."""

from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.core.setup.service import Follows, Setup
from enghub.core.timers.model import DueTimer, SetTimer
from enghub.golive.slo import dynamo, objectives
from enghub.golive.slo.model import Answer, Counts
from enghub.golive.slo.objectives import Objective, Standing
from enghub.golive.wiring import machine

if TYPE_CHECKING:
    from enghub.golive.alerts import own
    from enghub.golive.gateways import metering
    from enghub.kit.outbound import calls, stage
else:
    own = lazy("enghub.golive.alerts.own")
    metering = lazy("enghub.golive.gateways.metering")
    calls = lazy("enghub.kit.outbound.calls")
    stage = lazy("enghub.kit.outbound.stage")

MOST_OBJECTIVES = 200


@cache
def setup() -> Setup[Objective]:
    """Return the use cases of objectives."""
    return Setup("objective", dynamo.objectives(), MOST_OBJECTIVES, Objective.check, _follows)


def _follows(after: Objective, _: Objective | None, origin: Origin) -> Follows:
    timer = SetTimer(after.subject, dynamo.LOOK, origin.at, {"objectiveId": after.objective_id})
    return Follows(timers=(timer,))


def wake(due: DueTimer) -> None:
    """Ask for a look at an objective; the timer's effect."""
    dynamo.wake(due, machine(due.tenant_id, max(due.due, system_clock())))


def look(tenant_id: str, objective_id: str) -> Standing | None:
    """Look how an objective stands; what fires or is over goes the way of every alert. Again says the same.

    Raises:
        Unavailable: the alert was not taken; the look has to come again.
    """
    kept = dynamo.objectives().get(tenant_id, objective_id)
    before = dynamo.standing(tenant_id, objective_id)
    if kept is None:
        return None
    objective, now = kept.value, system_clock()
    if objective.is_deleted:
        found = Standing(tenant_id, objective_id, objective.service_id, now)
    else:
        found = _looked(objective, before, now)
    _tell(objective, before, found)
    dynamo.keep_standing(found)
    return found


def _looked(objective: Objective, before: Standing | None, now: datetime) -> Standing:
    if not objective.url:
        buckets = dynamo.reported(objective.tenant_id, objective.objective_id, now)
        return objectives.looked(objective, before, objectives.counted(buckets, now), now)
    meter = metering.Metering(calls.Outbound(stage.stage_policy(plain_http=True)))
    try:
        windows = {window: _asked(meter, objective, window) for window in objectives.WINDOWS}
    except metering.PROBLEMS as error:
        return objectives.unread(before, objective, f"{type(error).__name__}: {error}", now)
    return objectives.looked(objective, before, windows, now)


def _asked(meter: "metering.Metering", objective: Objective, window: timedelta) -> Counts:
    """Return the counts of a window, as whole events: a rate that Prometheus extrapolates is rounded."""
    seconds = int(window.total_seconds())
    total = round(meter.ask(objective.url, objective.total, seconds) or 0)
    bad = round(meter.ask(objective.url, objective.bad, seconds) or 0) if total else 0
    return Counts(min(bad, total), total)


def _tell(objective: Objective, before: Standing | None, found: Standing) -> None:
    said, fires = objectives.title(objective, found), found.severity is not Answer.QUIET
    fired = before is not None and before.severity is not Answer.QUIET
    if fires:
        severity = own.PAGE if found.severity is Answer.PAGE else own.TICKET
        own.fire(objective.tenant_id, objective.service_id, objective.subject, said, severity)
    if before is not None and fired and not (fires and before.service_id == objective.service_id):
        own.clear(objective.tenant_id, before.service_id, objective.subject, said, own.TICKET)
