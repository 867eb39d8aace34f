"""Alerts, escalations, acknowledgements, rotas: no alert lost, nobody paged twice for one event (OPS-10 to OPS-12)."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.core.timers.dynamo import read
from enghub.core.timers.model import Wake
from enghub.golive import wiring
from enghub.golive.alerts import wiring as alerts
from enghub.golive.alerts.model import Heartbeat, Integration, Protocol_
from enghub.golive.contacts.model import Contact
from enghub.golive.incidents import wiring as incidents
from enghub.golive.incidents.service import New
from enghub.golive.incidents.services import OperatedService
from enghub.golive.incidents.targets import IncidentSeverity
from enghub.golive.keys import dynamo as keys
from enghub.golive.keys.model import KeyKind
from enghub.golive.oncall import wiring as oncall
from enghub.golive.policies.model import Policy, Step, Target, TargetKind
from enghub.golive.reports import wiring as reports
from enghub.golive.reports.model import ReportKind, ReportPlan
from tests.factories import stored
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_principal, a_request
from tests.factories.queues import failed
from tests.faults.harness import Flow, register

BASE = "/api/v1/golive"
LEAD = a_principal("golive:incident:respond", "golive:oncall:manage", user="lead")
HASHES = (r"\b[0-9a-f]{32}\b", r"(?<=access_key/-/)[0-9a-f]{16}", r"(?<=TIMER#WAITING#)[0-9]")
TIMERS = {"TIMERS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/timers"}


@dataclass
class Night:
    """A service whose first and second line are named, and whatever happens that night."""

    key: str = ""
    incident: str = ""
    handlers: dict[str, Any] = field(default_factory=dict)

    def handler(self, name: str) -> Any:
        if name not in self.handlers:
            self.handlers[name] = load_handler("golive", name)
        return self.handlers[name]

    def alert(self, status: str = "firing") -> tuple[int, Any]:
        labels = {"alertname": "Down", "severity": "critical"}
        ends = "2026-11-28T10:30:00Z" if status == "resolved" else None
        one = {"status": status, "labels": labels, "startsAt": "2026-11-28T10:00:00Z", "endsAt": ends}
        body = {"version": "4", "alerts": [one, {**one, "labels": {**labels, "host": "b"}}]}
        event = a_request("POST", f"{BASE}/intake/alertmanager", body, headers={"Authorization": f"Bearer {self.key}"})
        answer = self.handler("receive_alerts")(event, Context())
        return answer["statusCode"], json.loads(answer["body"])

    def over(self) -> tuple[int, Any]:
        return self.alert("resolved")

    def wake(self) -> list[str]:
        """The wake-up that was sent at first comes, and comes again."""
        record = {"messageId": "m", "body": self.first.to_json(), "attributes": {"ApproximateReceiveCount": "1"}}
        return failed(self.handler("wake_timers")({"Records": [record]}, Context()))

    def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        event = a_request("POST", f"{BASE}/incidents/{self.incident}/{path}", body, caller=LEAD)
        answer = self.handler("change_incidents")(event, Context())
        return answer["statusCode"], json.loads(answer["body"])

    @property
    def first(self) -> Wake:
        if "first" not in self.handlers:
            timer = read(Wake("acme", f"incident/{self.incident}", "incident_escalate"))
            assert timer is not None
            self.handlers["first"] = timer.wake
        found: Wake = self.handlers["first"]
        return found


def origin(minutes_ago: int = 0) -> Origin:
    return Origin("acme", "", "lead", system_clock() - timedelta(minutes=minutes_ago), "req-0")


def night() -> Night:
    steps = tuple(Step((Target(TargetKind.USER, who),), 15) for who in ("ana", "bo"))
    oncall.policies().put("standard", Policy("acme", "standard", "Standard", steps, 0), None, origin())
    incidents.services().put("erp", OperatedService("acme", "erp", "ERP", "standard"), None, origin())
    made = Integration("acme", "am", "Alertmanager", Protocol_.ALERTMANAGER, "erp")
    alerts.integrations().put("am", made, None, origin())
    key, _ = keys.issue(KeyKind.INTAKE, "am", origin())
    return Night(key)


def broken() -> Night:
    found = night()
    service = incidents.services().get("acme", "erp").value
    made = incidents.incidents().open(New(service, "down", IncidentSeverity.P1, "lead"), origin(minutes_ago=20))
    found.incident = made.value.incident_id
    assert found.first.version
    return found


def alerting() -> Night:
    found = night()
    assert found.alert()[0] == 200
    return found


def pages() -> list[list[str]]:
    asked = [one["data"] for one in stored.events("NoticeRequested") if one["data"]["notice_type"] == "golive.page"]
    return [one["users"] for one in sorted(asked, key=lambda one: str(one["dedupe_key"]))]


def one_incident(_: Night) -> None:
    assert len(stored.items("INCIDENT")) == 1
    assert len(stored.items("ALERT")) == 2
    assert pages() == [["ana"]]


def all_over(_: Night) -> None:
    assert [one["state"] for one in stored.items("INCIDENT")] == ["RESOLVED"]
    assert stored.items("ALERT_FIRES") == []


def second_line_once(_: Night) -> None:
    assert pages() == [["ana"], ["bo"]]


def acknowledged_once(_: Night) -> None:
    assert [one["state"] for one in stored.items("INCIDENT")] == ["ACKNOWLEDGED"]
    told = [one["data"]["what"] for one in stored.events("IncidentChanged")]
    assert sorted(told) == ["acknowledged", "opened"]


def staffed() -> Night:
    for user in ("ana", "bo"):
        wiring.contacts().put(user, Contact("acme", user, user), None, origin())
    return night()


def rota(found: Night) -> tuple[int, Any]:
    turn = {"rotationId": "r", "start": "2026-11-23T09:00", "turnMinutes": 10080, "members": [["ana"], ["bo"]]}
    body = {"name": "Operations", "zone": "Europe/Berlin", "levels": [{"rotations": [turn]}]}
    event = a_request("PUT", f"{BASE}/schedules/ops", body, caller=LEAD)
    answer = found.handler("change_oncall")(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


LAYER = {
    "id": "PL1",
    "start": "2026-11-23T09:00:00Z",
    "rotation_virtual_start": "2026-11-23T09:00:00Z",
    "rotation_turn_length_seconds": 604_800,
    "users": [{"user": {"id": "U1"}}, {"user": {"id": "U2"}}],
}
INSTEAD = {"start": "2099-12-01T00:00:00Z", "end": "2099-12-08T00:00:00Z", "user": {"id": "U1"}}
RULE = {"escalation_delay_in_minutes": 5, "targets": [{"id": "PS1", "type": "schedule"}]}
EXPORT = {
    "schedules": [
        {"id": "PS1", "name": "O", "time_zone": "UTC", "schedule_layers": [LAYER], "overrides": [INSTEAD]},
        {"id": "PS2", "name": "P", "time_zone": "UTC", "schedule_layers": [LAYER]},
    ],
    "escalation_policies": [{"id": "PP1", "name": "S", "escalation_rules": [RULE]}],
}


def seen() -> Night:
    found = staffed()
    status, answer = imported(found)
    assert status == 200
    found.key = answer["data"]["hash"]
    return found


def imported(found: Night, **more: str) -> tuple[int, Any]:
    body = {"pagerduty": EXPORT, "users": {"U1": "ana", "U2": "bo"}, **more}
    answer = found.handler("import_oncall")(a_request("POST", f"{BASE}/on-call-imports", body, caller=LEAD), Context())
    return answer["statusCode"], json.loads(answer["body"])


def imported_once(_: Night) -> None:
    counts = {entity: len(stored.items(entity)) for entity in ("SCHEDULE", "OVERRIDE", "SCHEDULE_VERSION")}
    assert counts == {"SCHEDULE": 2, "OVERRIDE": 1, "SCHEDULE_VERSION": 0}


register(
    Flow(
        "store what another system exported",
        "golive",
        seen,
        lambda found: imported(found, seen=found.key),
        must=imported_once,
        volatile=HASHES,
    )
)


def forgotten() -> Night:
    """Acknowledged, and not a word since."""
    found = night()
    steps = tuple(Step((Target(TargetKind.USER, who),), 15) for who in ("ana", "bo"))
    policy = Policy("acme", "standard", "Standard", steps, 0, remind_minutes=30)
    oncall.policies().put("standard", policy, 1, origin())
    service = incidents.services().get("acme", "erp").value
    made = incidents.incidents().open(New(service, "down", IncidentSeverity.P1, "lead"), origin(minutes_ago=60))
    found.incident = made.value.incident_id
    incidents.incidents().acknowledge(made, "cy", origin(minutes_ago=50))
    assert found.first.version
    return found


def paged_anew(_: Night) -> None:
    assert pages() == [["ana"], ["cy", "ana"]]


register(
    Flow(
        "let an acknowledgement lapse",
        "golive",
        forgotten,
        Night.wake,
        must=paged_anew,
        environment=TIMERS,
        volatile=HASHES,
    )
)


def reported() -> Night:
    found = broken()
    reports.plans().put(
        "weekly", ReportPlan("acme", ReportKind.WEEKLY, "UTC", "00:00"), None, origin(minutes_ago=60 * 24 * 8)
    )
    timer = read(Wake("acme", "report/weekly", "operations_report"))
    assert timer is not None
    found.handlers["first"] = timer.wake
    return found


def reported_once(_: Night) -> None:
    told = [one["data"]["notice_type"] for one in stored.events("NoticeRequested")]
    assert told.count("golive.operations_report") == 1


register(
    Flow(
        "tell the weekly report",
        "golive",
        reported,
        Night.wake,
        must=reported_once,
        environment=TIMERS,
        volatile=HASHES,
    )
)
register(Flow("take alerts", "golive", night, Night.alert, must=one_incident, volatile=HASHES))
register(Flow("take that alerts are over", "golive", alerting, Night.over, must=all_over, volatile=HASHES))
register(Flow("escalate", "golive", broken, Night.wake, must=second_line_once, environment=TIMERS, volatile=HASHES))
register(
    Flow(
        "acknowledge an incident",
        "golive",
        broken,
        lambda found: found.post("acknowledge"),
        must=acknowledged_once,
        volatile=HASHES,
    )
)


def silent() -> Night:
    """A sender whose heartbeat was waited for, in vain."""
    found = night()
    made = Integration("acme", "am", "Alertmanager", Protocol_.ALERTMANAGER, "erp", heartbeat=Heartbeat(10))
    alerts.integrations().put("am", made, 1, origin(minutes_ago=30))
    timer = read(Wake("acme", "integration/am", "sender_silent"))
    assert timer is not None
    found.handlers["first"] = timer.wake
    return found


def speaking() -> Night:
    found = silent()
    assert found.wake() == []
    return found


def silent_once(_: Night) -> None:
    assert [one["title"].split(":")[0] for one in stored.items("INCIDENT")] == ["Alertmanager"]
    assert pages() == [["ana"]]


def speaks_again(_: Night) -> None:
    states = sorted((one["declared_by"], one["state"]) for one in stored.items("INCIDENT"))
    assert states == [("am", "OPEN"), ("am", "RESOLVED")], "what it says is open, its silence is over"
    told = [one["data"]["notice_type"] for one in stored.events("NoticeRequested")]
    assert sorted(told) == ["golive.page", "golive.page", "golive.sender_silent", "golive.sender_speaks"]


register(
    Flow(
        "find that a sender is silent",
        "golive",
        silent,
        Night.wake,
        must=silent_once,
        environment=TIMERS,
        volatile=HASHES,
    )
)
register(
    Flow(
        "hear a silent sender again",
        "golive",
        speaking,
        Night.alert,
        must=speaks_again,
        environment=TIMERS,
        volatile=HASHES,
    )
)
register(Flow("store a rota", "golive", staffed, rota, volatile=HASHES))
