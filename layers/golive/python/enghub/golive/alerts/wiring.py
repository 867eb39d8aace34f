"""Builds the use cases of alerts, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.core.setup.service import Setup
from enghub.core.timers.model import DueTimer
from enghub.golive.alerts import dynamo
from enghub.golive.alerts.model import Integration, Silence
from enghub.golive.alerts.senders import Senders, follows
from enghub.golive.alerts.service import Alerts
from enghub.golive.incidents.dynamo import services
from enghub.golive.incidents.services import OperatedService
from enghub.golive.incidents.wiring import incidents
from enghub.golive.wiring import machine

MOST_INTEGRATIONS, MOST_SILENCES = 200, 200


@cache
def alerts() -> Alerts:
    """Return the use cases of alerts."""
    return Alerts(dynamo.DynamoAlerts(), incidents(), _service, _silences)


@cache
def integrations() -> Setup[Integration]:
    """Return the use cases of integrations."""
    return Setup("integration", dynamo.integrations(), MOST_INTEGRATIONS, follows=follows)


@cache
def senders() -> Senders:
    """Return the use cases of signs of life."""
    return Senders(dynamo.DynamoPulses(), incidents(), _integration, alerts().operated)


def look_for_silence(due: DueTimer) -> None:
    """Tell whether a sender is silent; the timer's effect."""
    senders().look(due, machine(due.tenant_id, system_clock()))


@cache
def silences() -> Setup[Silence]:
    """Return the use cases of silences."""
    return Setup("silence", dynamo.silences(), MOST_SILENCES)


def _integration(tenant_id: str, integration_id: str) -> Integration | None:
    found = dynamo.integrations().get(tenant_id, integration_id)
    return None if found is None or found.value.is_deleted else found.value


def _service(tenant_id: str, service_id: str) -> OperatedService | None:
    found = services().get(tenant_id, service_id)
    return None if found is None or found.value.is_deleted else found.value


def _silences(tenant_id: str) -> list[Silence]:
    return [one.value for one in dynamo.silences().all(tenant_id)]
