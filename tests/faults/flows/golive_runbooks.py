"""Runbooks: begun once, every action once on the timeline, an automatic step sent under one key (OPS-13)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from enghub.golive.incidents import wiring as incidents
from enghub.golive.incidents.service import New
from enghub.golive.incidents.services import OperatedService
from enghub.golive.incidents.targets import IncidentSeverity
from enghub.golive.runbooks import wiring
from enghub.golive.smoke.model import Report, Scenario, StepResult
from tests.factories import stored
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_principal, a_request
from tests.faults.flows.golive import BASE, HASHES, origin
from tests.faults.harness import Flow, register

LEAD = a_principal("golive:incident:respond", "golive:runbook:manage", user="lead")
CALL = {"name": "promote", "method": "POST", "url": "https://db.example.com/promote"}
SENT: list[str] = []
"""The keys of what was sent out; emptied by `recording`."""
MADE = (wiring.setup, wiring.library, wiring.runs, incidents.incidents)


@contextmanager
def recording() -> Iterator[None]:
    """Note what is sent, and send nothing."""
    SENT.clear()

    class Noting:
        def run(self, _: str, __: Scenario, values: Mapping[str, str]) -> Report:
            SENT.append(values["idempotencyKey"])
            return Report((StepResult("promote", 200, 5),))

    whole = wiring.scenarios
    for one in MADE:
        one.cache_clear()
    wiring.scenarios = Noting  # type: ignore[assignment]
    try:
        yield
    finally:
        wiring.scenarios = whole
        for one in MADE:
            one.cache_clear()


@dataclass
class Night:
    """An incident, and a run of a runbook."""

    handler: Any
    path: str = ""

    def send(self, path: str, body: Any, method: str = "POST", **options: Any) -> tuple[int, Any]:
        answer = self.handler(a_request(method, BASE + path, body, caller=LEAD, **options), Context())
        return answer["statusCode"], answer["body"]


def broken() -> Night:
    service = OperatedService("acme", "erp", "ERP", "")
    made = incidents.incidents().open(New(service, "down", IncidentSeverity.P2, "lead"), origin())
    night = Night(load_handler("golive", "change_runbooks"), f"/incidents/{made.value.incident_id}/runbook-runs")
    repeatable = {"scenario": {"steps": [CALL], "repeatable": True}}
    night.send("/runbooks/database-primary-down", {"automatic": {"step-2": repeatable}}, "PUT")
    return night


def following() -> Night:
    night = broken()
    incident = night.path.split("/")[2]
    run = wiring.runs().start(incident, "database-primary-down", None, origin(), None)
    night.path = f"/runbook-runs/{run.run.value.run_id}"
    return night


def kinds() -> list[str]:
    found = [one["kind"] for one in stored.items("INCIDENT_ENTRY")]
    return [one for one in found if one.startswith("runbook")]


def one_run(_: Night) -> None:
    assert len(stored.items("RUNBOOK_RUN")) == 1
    assert kinds() == ["runbook_started"]


def sent_once(_: Night) -> None:
    assert len(set(SENT)) == 1, "one attempt, one key, however often"
    assert kinds() == ["runbook_started", "runbook_step_begun", "runbook_step_done"]


def over(_: Night) -> None:
    assert kinds() == ["runbook_started", "runbook_abandoned"]
    assert len(stored.events("RunbookEnded")) == 1
    assert stored.items("RUNBOOK_ACTIVE") == []


def flow(name: str, arrange: Any, act: Any, must: Any) -> None:
    register(Flow(name, "golive", arrange, act, must=must, around=recording, volatile=HASHES))


RUNBOOK = {"runbookId": "database-primary-down"}
KEYED = {"headers": {"Idempotency-Key": "key-1"}}
flow("follow a runbook", broken, lambda night: night.send(night.path, RUNBOOK, **KEYED), one_run)
flow(
    "do an automatic step of a runbook",
    following,
    lambda night: night.send(f"{night.path}/steps/step-2/begin", {}),
    sent_once,
)
flow("abandon a runbook", following, lambda night: night.send(f"{night.path}/abandon", {"reason": "no use"}), over)
