"""Alerts that this hub makes itself go the way of all others: noted, grouped, one incident, paged (OPS-08, OPS-18).

One key is one group: while it fires, saying so again changes nothing and pages nobody.
"""

from enghub.core.clock import system_clock
from enghub.golive.alerts import wiring
from enghub.golive.alerts.model import Alert, Integration, Protocol_, Status
from enghub.golive.incidents.targets import IncidentSeverity
from enghub.golive.wiring import machine

SENDER = "enghub"
PAGE, TICKET = "page", "ticket"
SEVERITIES = {PAGE: IncidentSeverity.P1, TICKET: IncidentSeverity.P2}


def fire(tenant_id: str, service_id: str, key: str, title: str, severity: str) -> None:
    """Say that something fires.

    Raises:
        Unavailable: what was not finished has to be said again.
    """
    say(tenant_id, service_id, Alert(key, Status.FIRING, title, severity, {"alert": key}))


def clear(tenant_id: str, service_id: str, key: str, title: str, severity: str) -> None:
    """Say that it is over; raises as ``fire``."""
    say(tenant_id, service_id, Alert(key, Status.RESOLVED, title, severity, {"alert": key}))


def say(tenant_id: str, service_id: str, alert: Alert) -> None:
    """Say something of an alert whose label ``alert`` is its group; raises as ``fire``."""
    sender = Integration(
        tenant_id=tenant_id,
        integration_id=SENDER,
        name=SENDER,
        protocol=Protocol_.ALERTMANAGER,
        service_id=service_id,
        group_by=("alert",),
        severities=SEVERITIES,
    )
    wiring.alerts().take(sender, [alert], machine(tenant_id, system_clock()))
