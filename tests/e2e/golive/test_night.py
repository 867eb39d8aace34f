"""A night on the deployed application, with IAM enforced: Debian's monitoring wakes people (OPS-10 to OPS-12).

Alertmanager tells of one alert by its webhook, PagerDuty and Opsgenie receivers to a service each; the page reaches a
mailbox, is acknowledged, and "resolved" ends the three incidents. Prometheus posts without an Alertmanager, and PyPI's
``pagerduty``, which wants https, through a proxy whose authority is of this test.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from icalendar import Calendar
from pagerduty import EventsApiV2Client

from enghub_cli.context import Cloud
from tests import servers
from tests.factories.certificates import a_certificate, https_server, pem
from tests.waiting import until

pytestmark = pytest.mark.e2e
BASE = "/api/v1/golive"
RECEIVERS = ("alertmanager", "pagerduty", "opsgenie")
SERVICES = (*RECEIVERS, "prometheus")
CONFIG = """
route: {{receiver: hub, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
- name: hub
  webhook_configs:
  - url: {hub}/api/v1/golive/intake/alertmanager
    http_config: {{authorization: {{credentials: "{alertmanager}"}}}}
  pagerduty_configs: [{{url: "{hub}/v2/enqueue", routing_key: "{pagerduty}", severity: critical}}]
  opsgenie_configs: [{{api_url: "{hub}/", api_key: "{opsgenie}", priority: P1}}]
"""
PROMETHEUS = """
global: {{evaluation_interval: 1s}}
rule_files: ["{folder}/rules.yml"]
alerting:
  alertmanagers:
  - scheme: http
    static_configs: [{{targets: ["{target}"]}}]
    authorization: {{credentials: "{key}"}}
scrape_configs: []
"""
RULES = """
groups:
- name: orders
  rules:
  - alert: OrdersDown
    expr: vector(1) > {threshold}
    labels: {{severity: critical}}
    annotations: {{summary: Orders cannot be posted}}
  - alert: OrdersSlow
    expr: vector(1) > {threshold}
    labels: {{severity: warning}}
"""


class Hub:
    """The deployed hub, for a tenant of this test's own."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.token = cloud.token(tenant=f"t{uuid4().hex[:10]}", factories=(), user="ana", roles=("TENANT_ADMIN",))

    def call(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        with self.cloud.http(self.token) as client:
            answer = client.request(method, path if path.startswith("/api") else BASE + path, json=body, params=query)
        assert answer.status_code < 300, answer.text
        return answer.json()["data"] if answer.content else None

    def key(self, name: str) -> str:
        """Return a key of a sender of its own, which speaks its name's protocol for a service of that name."""
        body = {"name": name, "protocol": name.upper(), "serviceId": name, "heartbeat": {"minutes": 60}}
        self.call("PUT", f"/integrations/{name}", body)
        key: str = self.call("POST", f"/integrations/{name}/keys")["key"]
        return key

    def incidents(self) -> dict[str, dict[str, Any]]:
        return {one["serviceId"]: one for one in self.call("GET", "/incidents")["items"]}


@pytest.fixture
def hub(cloud: Cloud) -> Hub:
    found = Hub(cloud)
    person = {"name": "Ana", "email": "ana@enghub.local", "language": "en", "zone": "UTC"}
    found.call("PUT", "/api/v1/notices/contacts/ana", person)
    found.call("PUT", "/contacts/ana", {"name": "Ana", "email": "ana@enghub.local"})
    turn = {"rotationId": "first", "start": "2026-01-01T00:00", "turnMinutes": 1440, "members": [["ana"]]}
    found.call("PUT", "/schedules/ops", {"name": "Operations", "zone": "UTC", "levels": [{"rotations": [turn]}]})
    step = {"targets": [{"kind": "SCHEDULE", "targetId": "ops"}], "delayMinutes": 15}
    found.call("PUT", "/policies/standard", {"name": "Standard", "steps": [step]})
    for name in SERVICES:
        found.call("PUT", f"/services/{name}", {"name": name, "policyId": "standard", "firstSteps": "uptime"})
    return found


def test_alertmanager_wakes_people_and_lets_them_sleep(hub: Hub) -> None:
    keys = {name: hub.key(name) for name in RECEIVERS}
    started = servers.start("alertmanager")
    assert started is not None
    own = f"http://127.0.0.1:{started.port}"
    (started.folder / "alertmanager.yml").write_text(CONFIG.format(hub=hub.cloud.api_base, **keys), "utf-8")
    with httpx.Client(trust_env=False) as client:
        assert client.post(f"{own}/-/reload").status_code == 200
        now = datetime.now(UTC)
        alert = {"labels": {"alertname": "OrdersDown", "severity": "critical"}, "startsAt": now.isoformat()}
        alert["annotations"] = {"summary": "Orders cannot be posted"}
        assert client.post(f"{own}/api/v2/alerts", json=[alert]).status_code == 200
        until(lambda: len(hub.incidents()) == 3)
        paged = until(lambda: _delivered(hub))
        assert paged["severity"] == "CRITICAL"
        incident = hub.incidents()["alertmanager"]
        assert (incident["title"], incident["severity"]) == ("Orders cannot be posted", "P1")
        path = f"/incidents/{incident['incidentId']}"
        assert hub.call("POST", f"{path}/acknowledge")["acknowledgedBy"] == "ana"
        _broker_runbook(hub, path)
        over = {**alert, "endsAt": (now + timedelta(milliseconds=1)).isoformat()}
        assert client.post(f"{own}/api/v2/alerts", json=[over]).status_code == 200
    until(lambda: {one["state"] for one in hub.incidents().values()} == {"RESOLVED"})
    kinds = [one["kind"] for one in hub.call("GET", f"{path}/timeline")["items"]]
    assert [kind for kind in kinds if "runbook" not in kind] == ["opened", "paged", "acknowledged", "resolved"]
    assert (kinds.count("runbook_started"), kinds.count("runbook_recovered")) == (1, 1)
    assert hub.call("GET", f"{path}/post-mortem")["paged"] == 1
    assert hub.call("GET", "/incident-statistics")["resolved"] == 3
    changes = hub.call("GET", f"{path}/changes")
    assert (changes["until"], changes["items"]) == (incident["openedAt"], []), "nothing changed for this tenant"


def test_prometheus_posts_as_it_does_to_an_alertmanager(hub: Hub) -> None:
    started = servers.start("prometheus")
    assert started is not None
    target = hub.cloud.api_base.removeprefix("http://")
    words = {"folder": started.folder, "target": target, "key": hub.key("prometheus")}
    (started.folder / "prometheus.yml").write_text(PROMETHEUS.format(**words), "utf-8")

    def reload(threshold: int) -> None:
        (started.folder / "rules.yml").write_text(RULES.format(threshold=threshold), "utf-8")
        with httpx.Client(trust_env=False) as client:
            assert client.post(f"http://127.0.0.1:{started.port}/-/reload").status_code == 200

    reload(0)
    incident = until(lambda: hub.incidents().get("prometheus"))
    path = f"/incidents/{incident['incidentId']}"
    assert hub.call("POST", f"{path}/acknowledge")["state"] == "ACKNOWLEDGED"
    reload(2)
    until(lambda: hub.call("GET", path)["state"] == "RESOLVED")
    assert hub.call("GET", "/integrations/prometheus/pulse")["silentSince"] is None, "its heartbeat is heard"
    body = {"name": "prometheus", "protocol": "PROMETHEUS", "serviceId": "prometheus", "version": 1}
    assert hub.call("PUT", "/integrations/prometheus", body)["heartbeat"] is None, "nobody waits for it any more"
    assert len(hub.incidents()) == 1, "two alerts, sent every second: one incident"
    assert hub.call("GET", path)["severity"] == "P1", "of the worse of the two"


def test_the_client_of_pypi_triggers_acknowledges_and_resolves_over_https(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    authority = a_certificate("Authority of the test", later)
    (tmp_path / "authority.pem").write_text(pem(authority[0]), "utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))

    def to_hub(path: str, body: bytes) -> tuple[int, bytes]:
        with httpx.Client(trust_env=False, base_url=hub.cloud.api_base, verify=False) as client:
            answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
        return answer.status_code, answer.content

    with https_server(tmp_path, a_certificate("localhost", later, authority), forward=to_hub) as port:
        client = EventsApiV2Client(hub.key("pagerduty"), base_url=f"https://localhost:{port}")
        key = client.trigger("Orders cannot be posted", "erp-1", severity="critical")
        states = [hub.incidents()["pagerduty"]["state"]]
        for say in (client.acknowledge, client.resolve):
            assert say(key) == key
            states.append(hub.incidents()["pagerduty"]["state"])
    assert states == ["OPEN", "ACKNOWLEDGED", "RESOLVED"]


def test_a_rota_moves_in_from_pagerduty(hub: Hub) -> None:
    began = "2026-10-05T09:00:00Z"
    layer = {"id": "PL1", "start": began, "rotation_virtual_start": began, "rotation_turn_length_seconds": 604_800}
    layer["users"] = [{"user": {"id": "U1"}}]
    schedule = {"id": "PS1", "name": "Ops", "time_zone": "UTC", "schedule_layers": [layer]}
    body = {"pagerduty": {"schedules": [schedule]}, "users": {"U1": "ana"}}
    seen = hub.call("POST", "/on-call-imports", body)
    assert seen["schedules"][0]["hoursDifferent"] == 0
    assert hub.call("POST", "/on-call-imports", {**body, "seen": seen["hash"]})["isStored"]
    assert hub.call("GET", "/schedules/ps1/on-call")["levels"][0]["users"] == ["ana"]


def _broker_runbook(hub: Hub, incident: str) -> None:
    """What waits for the bus is noted by id; the deployed bus brings it round, and the runbook proves it."""
    run = f"/runbook-runs/{hub.call('POST', f'{incident}/runbook-runs', {'runbookId': 'broker-outage'})['runId']}"
    for step in ("step-1", "step-3"):
        hub.call("POST", f"{run}/steps/{step}/end", {"passed": True})
    assert hub.call("POST", f"{run}/steps/step-2/begin")["steps"][1]["result"].startswith("parked ")

    def proved() -> bool:
        return bool(hub.call("POST", f"{run}/steps/step-4/begin")["steps"][3]["state"] == "DONE")

    until(proved, every=1)
    done = hub.call("POST", f"{run}/recovered", {})
    assert (done["state"], done["proof"], done["isWithin"]) == ("RECOVERED", "parkedEvents 0", True)
    assert hub.call("GET", f"{incident}/runbooks")["items"] == []
    assert hub.call("GET", f"{incident}/runbook-runs")["items"][0]["state"] == "RECOVERED"
    assert hub.call("GET", "/event-parking")["oldestSeconds"] < 60


def test_a_calendar_reads_the_feed(hub: Hub) -> None:
    path = hub.call("POST", "/schedules/ops/feeds")["path"]
    with hub.cloud.http(None) as client:
        answer = client.get(path)
    assert answer.headers["content-type"].startswith("text/calendar")
    assert len(Calendar.from_ical(answer.text).walk("VEVENT")) == 1


def _delivered(hub: Hub) -> dict[str, Any] | None:
    found = hub.call("GET", "/api/v1/notices/deliveries", pageSize="100")["items"]
    return next((one for one in found if one["noticeType"] == "golive.page" and one["state"] == "SENT"), None)
