"""A rule that is activated decides from then on, and an incident opens with what it says (OPS-10, CFG-15)."""

import json
from dataclasses import dataclass
from typing import Any

from enghub.golive.incidents import wiring as incidents
from enghub.golive.rules.model import INCIDENT_TARGETS
from enghub.kit.rulings import dynamo
from tests.factories import stored
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_request
from tests.factories.queues import a_batch, failed
from tests.faults.flows.golive import BASE, HASHES, LEAD, TIMERS, night
from tests.faults.harness import Flow, register

TABLE = {
    "inputs": ["severity"],
    "outputs": ["respond"],
    "policy": "FIRST",
    "mayLack": [],
    "rows": [{"when": {"severity": "'P1'"}, "then": {"respond": "10"}}],
}
DATA = {"rule_key": INCIDENT_TARGETS, "name": "Agreed", "kind": "SLA", "layer": "tenant", "previous_version": 0}
DOWN = {"serviceId": "erp", "title": "Orders cannot be posted", "severity": "P1"}


@dataclass
class Rule:
    """What the settings tell, who hears it, and an incident afterwards."""

    hears: Any
    declares: Any

    def heard(self) -> list[str]:
        event = {
            "event_id": "01KK1",
            "event_type": "BusinessRuleActivated",
            "timestamp": "2026-11-28T11:00:00.000000Z",
            "tenant_id": "acme",
            "factory_id": "",
            "source_service": "enghub.settings",
            "data": {**DATA, "active_version": 1, "table": json.dumps(TABLE)},
            "version": "1.0",
        }
        return failed(self.hears(a_batch(event), Context()))

    def declared(self) -> tuple[int, Any]:
        event = a_request("POST", f"{BASE}/incidents", DOWN, caller=LEAD, headers={"Idempotency-Key": "k"})
        answer = self.declares(event, Context())
        return answer["statusCode"], json.loads(answer["body"])


def told() -> Rule:
    return Rule(load_handler("golive", "follow_production"), load_handler("golive", "change_incidents"))


def decides(_: Rule) -> None:
    kept = dynamo.active("acme", INCIDENT_TARGETS)
    assert kept is not None
    assert kept.version == 1


def in_force() -> Rule:
    night()
    rule = told()
    assert rule.heard() == []
    return rule


def opened_once(_: Rule) -> None:
    (found,) = stored.items("INCIDENT")
    assert incidents.incidents().get("acme", found["incident_id"]).value.agreed == {"respond": 10}


register(Flow("follow a rule for the clocks of incidents", "golive", told, Rule.heard, must=decides))
register(
    Flow(
        "declare an incident whose clocks a rule sets",
        "golive",
        in_force,
        Rule.declared,
        must=opened_once,
        volatile=HASHES,
        environment=TIMERS,
    )
)
