"""Sends a drill's payload through the intake, as its sender would, and reads what came of it (OPS-16)."""

import json
from dataclasses import replace
from typing import Any

from enghub.core import clock
from enghub.core.errors import Invalid
from enghub.core.identity import Origin
from enghub.golive.alerts import formats
from enghub.golive.alerts import wiring as alerts
from enghub.golive.alerts.model import Alert, Integration, Placed, Protocol_, Status
from enghub.golive.drills.errors import NotADrillPayload
from enghub.golive.drills.model import Drill, Followed, payload_of
from enghub.golive.drills.plans import scenario
from enghub.golive.drills.service import Target
from enghub.golive.incidents import dynamo as incidents
from enghub.golive.incidents.model import Entry, Incident
from enghub.golive.runbooks import wiring as runbooks
from enghub.golive.runbooks.model import RunState, StepState

MOST_RUNS = 50


class Intake:
    """The intake of this tenant."""

    def aim(self, drill: Drill, title: str) -> Target:
        """Three reads."""
        integration = alerts.integrations().get(drill.tenant_id, drill.integration_id).value
        placed = self._placed(integration, drill, title)
        service = incidents.services().get(drill.tenant_id, placed.service_id)
        is_known = service is not None and not service.value.is_deleted
        environment = service.value.environment if service is not None and is_known else "PRODUCTION"
        store = alerts.alerts().store
        group = store.group(drill.tenant_id, placed.group)
        ours = store.members(drill.tenant_id, {(placed.group, placed.alert.key)})
        is_open = group is not None and group.value.is_open and not ours
        return Target(placed.service_id, environment, integration.protocol.value, is_open)

    def fire(self, drill: Drill, title: str, origin: Origin) -> str:
        """As the handler of the intake does, from the sender's body on."""
        integration = alerts.integrations().get(drill.tenant_id, drill.integration_id).value
        sent = [replace(one, drill_id=drill.drill_id) for one in _read(integration, drill, title)]
        alerts.alerts().take(integration, sent, origin)
        placed = self._placed(integration, drill, title)
        group = alerts.alerts().store.group(drill.tenant_id, placed.group)
        return "" if group is None else group.value.incident_id

    def seen(self, drill: Drill) -> tuple[Incident, tuple[Entry, ...], Followed | None]:
        """The incident, its timeline, and the latest run of the scenario's runbook."""
        kept = runbooks.runs().incidents.get(drill.tenant_id, drill.incident_id)
        entries = incidents.whole_timeline(drill.tenant_id, drill.incident_id)
        wanted = scenario(drill.scenario).get("runbook")
        store = runbooks.runs().store
        for one in store.runs(drill.tenant_id, drill.incident_id, MOST_RUNS, None).items:
            if one.value.runbook_id == wanted:
                return kept.value, entries, self._followed(drill.tenant_id, one.value.run_id)
        return kept.value, entries, None

    def _followed(self, tenant_id: str, run_id: str) -> Followed:
        found = runbooks.runs().found(tenant_id, run_id)
        run, steps = found.run.value, found.runbook.steps
        begun = [at for step in steps if (at := run.of(step.step_id).started_at) is not None]
        done = sum(run.of(step.step_id).state is StepState.DONE for step in steps)
        return Followed(len(steps), done, begun == sorted(begun), run.state is RunState.RECOVERED)

    def _placed(self, integration: Integration, drill: Drill, title: str) -> Placed:
        firing = [one for one in _read(integration, drill, title) if one.status is Status.FIRING]
        if len(firing) != 1:
            raise NotADrillPayload(field="payload", protocol=integration.protocol.value)
        return integration.placed(firing[0])


def _read(integration: Integration, drill: Drill, title: str) -> list[Alert]:
    protocol = integration.protocol
    at = clock.to_text(drill.at)
    body = json.loads(drill.payload) if drill.payload else payload_of(drill, protocol.value, title, at)
    try:
        return _alerts(protocol, body, drill)
    except (Invalid, AttributeError) as error:
        raise NotADrillPayload(field="payload", protocol=protocol.value) from error


def _alerts(protocol: Protocol_, body: Any, drill: Drill) -> list[Alert]:
    match protocol:
        case Protocol_.ALERTMANAGER:
            return formats.alertmanager(body)
        case Protocol_.PROMETHEUS:
            return formats.prometheus(body, drill.at)
        case Protocol_.PAGERDUTY:
            return [formats.pagerduty(body)]
        case Protocol_.OPSGENIE:
            return [formats.opsgenie(body)]
        case Protocol_.CLOUDWATCH:
            found = formats.cloudwatch(body)
            return [] if found is None else [found]
