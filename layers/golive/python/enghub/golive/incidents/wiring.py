"""Builds the use cases of incidents, once per process."""

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from enghub.core.clock import system_clock
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.inbox import seen
from enghub.core.lazy import lazy
from enghub.core.setup.errors import SetupNotFound
from enghub.core.setup.service import Setup
from enghub.core.timers.model import DueTimer
from enghub.golive.calendars.model import WorkingCalendar
from enghub.golive.directory.dynamo import calendars
from enghub.golive.incidents import dynamo
from enghub.golive.incidents.model import Incident
from enghub.golive.incidents.paging import OnCall
from enghub.golive.incidents.service import Incidents
from enghub.golive.incidents.services import OperatedService
from enghub.golive.incidents.targets import IncidentSeverity
from enghub.golive.oncall.dynamo import policies as policy_store
from enghub.golive.oncall.wiring import oncall
from enghub.golive.policies.model import Policy, Target, TargetKind
from enghub.golive.rules.model import INCIDENT_TARGETS
from enghub.golive.wiring import machine

if TYPE_CHECKING:
    from enghub.golive.consumed import NoticeAcknowledged
    from enghub.golive.incidents import agreed as deciding
    from enghub.golive.incidents.agreed import Agreed
    from enghub.golive.production import dynamo as production
    from enghub.golive.production import model as standing
    from enghub.kit.rulings import dynamo as rules
else:  # most calls page nobody
    production = lazy("enghub.golive.production.dynamo")
    standing = lazy("enghub.golive.production.model")
    rules = lazy("enghub.kit.rulings.dynamo")
    deciding = lazy("enghub.golive.incidents.agreed")

MOST_SERVICES = 500
CONSUMER = "note_acknowledged"


@cache
def incidents() -> Incidents:
    """Return the use cases of incidents."""
    groups = (dynamo.group_closed, dynamo.group_reopened)
    return Incidents(dynamo.DynamoIncidents(), _policy, _calendar, on_call, *groups, stopped, agreed)


@cache
def services() -> Setup[OperatedService]:
    """Return the use cases of services."""
    return Setup("service", dynamo.services(), MOST_SERVICES)


def on_call(tenant_id: str) -> OnCall:
    """Return who a target is, for a tenant; nobody where its schedule is gone."""

    def users(target: Target, at: datetime, policy_id: str) -> tuple[str, ...]:
        if target.kind is TargetKind.USER:
            return (target.target_id,)
        try:
            levels = oncall().on_at(tenant_id, target.target_id, at, policy_id)
        except SetupNotFound:
            return ()
        return levels[target.level - 1] if target.level <= len(levels) else ()

    return users


def stopped(incident: Incident, now: datetime) -> str:
    """Return what of production stands still that an incident's service is for; a Query, and a GetItem at most."""
    stops = production.going_on(incident.tenant_id)
    if not stops:
        return ""
    kept = dynamo.services().get(incident.tenant_id, incident.service_id)
    lines = kept.value.lines if kept else ()
    return standing.said((one for one in stops if not lines or standing.concerns(lines, one.place)), now)


def agreed(service: OperatedService, severity: IncidentSeverity) -> "Agreed | None":
    """Return what the tenant's active rule says of an incident's clocks; two GetItem at most."""
    rule = rules.active(service.tenant_id, INCIDENT_TARGETS)
    return None if rule is None else deciding.agreed(rule, service, severity)


def escalate(due: DueTimer) -> None:
    """Page the next people; the timer's effect."""
    incidents().escalate(due, machine(due.tenant_id, system_clock()))


def ran_out(due: DueTimer) -> None:
    """Note that a clock ran out; the timer's effect."""
    incidents().ran_out(due, machine(due.tenant_id, system_clock()))


def acknowledged(event: Envelope, notice: "NoticeAcknowledged") -> None:
    """Note that somebody acknowledged a page by its link; once per event."""
    kind, _, incident_id = notice.subject.partition("/")
    if kind != "incident" or not notice.notice_type.startswith("golive."):
        return
    now = system_clock()
    origin = Origin(event.tenant_id, event.factory_id, notice.by, now, event.event_id)
    kept = incidents().get(event.tenant_id, incident_id)
    incidents().acknowledge(kept, notice.by, origin, (seen(CONSUMER, event.event_id, event.tenant_id, now),))


def _policy(tenant_id: str, policy_id: str) -> Policy | None:
    found = policy_store().get(tenant_id, policy_id) if policy_id else None
    return None if found is None or found.value.is_deleted else found.value


def _calendar(tenant_id: str, calendar_id: str) -> WorkingCalendar | None:
    found = calendars().get(tenant_id, calendar_id)
    return None if found is None or found.value.is_deleted else found.value
