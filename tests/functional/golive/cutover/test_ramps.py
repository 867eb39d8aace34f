"""Traffic ramps turn by turn: through the API and timers, on each adapter's own state (OPS-08)."""

import io
import json
import socket
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from enghub.core.identity import Origin
from enghub.core.timers.dynamo import read
from enghub.core.timers.model import TimerState, Wake
from enghub.golive.incidents import wiring as incidents
from enghub.golive.incidents.services import OperatedService
from enghub.golive.ramps import wiring
from tests import servers
from tests.conftest import REGION
from tests.factories import stored
from tests.factories.go_lives import BASE, ENGINEER, LEAD, Installation
from tests.factories.http import Context, a_request
from tests.factories.queues import a_batch, failed
from tests.fakes.versions_server import Versions, versions_server
from tests.functional.golive.cutover.test_cutover import a_task, begun, states
from tests.functional.golive.cutover.test_readiness import small

QUICK = [{"percent": percent, "minutes": 1} for percent in (5, 20, 50, 100)]
ROLE = "arn:aws:iam::123456789012:role/enghub-ramp-acme"


@pytest.fixture
def versions(hub: Installation) -> Iterator[Versions]:
    wiring.ramps.cache_clear()
    origin = Origin("acme", "", "lena", hub.now, "")
    incidents.services().put("erp", OperatedService("acme", "erp", "ERP", ""), None, origin)
    with versions_server() as found:
        yield found
    wiring.ramps.cache_clear()


def a_ramp(versions: Versions, **changed: Any) -> dict[str, Any]:
    watch = {"url": versions.url, "requests": "requests[$window]", "errors": "errors[$window]", "errorRate": 2}
    wanted = {"name": "ERP 3", "serviceId": "erp", "oldVersionUrl": f"{versions.url}/old", "watch": watch}
    traffic = {"adapter": "WEBHOOK", "url": f"{versions.url}/share"}
    return {**wanted, "traffic": traffic, "steps": QUICK, "lookSeconds": 30, **changed}


def started(hub: Installation, body: dict[str, Any]) -> str:
    ramp_id: str = hub.data("POST", "/ramps", body)["rampId"]
    turn(hub, ramp_id)
    return ramp_id


def turn(hub: Installation, ramp_id: str) -> bool:
    """Turn the clock to the ramp's next look and let it look; False where nobody looks any more."""
    timer = read(Wake("acme", f"ramp/{ramp_id}", "advance_ramp"))
    if timer is None or timer.state is not TimerState.WAITING:
        return False
    hub.now = max(hub.now, timer.due)
    advance(hub, {"tenant_id": "acme", "payload": dict(timer.payload)})
    return True


def advance(hub: Installation, command: dict[str, Any]) -> None:
    record = {"messageId": "m", "body": json.dumps(command), "attributes": {"ApproximateReceiveCount": "1"}}
    assert failed(hub.handler("advance_ramp")({"Records": [record]}, Context())) == []


def until(hub: Installation, ramp_id: str, **wanted: Any) -> dict[str, Any]:
    """Let it look until it is as wanted."""
    for _ in range(400):
        ramp = wiring.ramps().get("acme", ramp_id).value
        known = {"state": ramp.state.value, "actualPercent": ramp.actual}
        if all(known[name] == value for name, value in wanted.items()):
            found: dict[str, Any] = hub.data("GET", f"/ramps/{ramp_id}")
            return found
        assert turn(hub, ramp_id), ramp
    raise AssertionError(ramp)


def notices() -> list[str]:
    return [one["data"]["notice_type"] for one in stored.events("NoticeRequested")]


def test_a_ramp_goes_from_five_to_all_in_twenty_five_minutes_and_stays_armed(
    hub: Installation, versions: Versions
) -> None:
    began = hub.now
    ramp_id = started(hub, a_ramp(versions, steps=[], lookSeconds=30))
    assert versions.sets == [5], "at once"
    found = until(hub, ramp_id, state="ARMED")
    assert versions.sets == [5, 20, 50, 100]
    assert hub.now - began == timedelta(minutes=25)
    assert (found["actualPercent"], found["why"], found["verdict"]) == (100, "NONE", "PASS")
    assert "requests[60s]" in versions.asked
    lines = hub.data("GET", f"/ramps/{ramp_id}/journal")["items"]
    assert lines[0]["what"] == "armed"
    assert lines[0]["measured"] == {"requests": 1000, "errors": 1}
    assert notices() == ["golive.ramp_complete"]


def test_a_breach_is_taken_back_within_a_minute_to_the_last_good_step(hub: Installation, versions: Versions) -> None:
    ramp_id = started(hub, a_ramp(versions))
    until(hub, ramp_id, actualPercent=50)
    hub.later(seconds=1)
    versions.fails()
    breached = hub.now
    found = until(hub, ramp_id, actualPercent=20)
    assert hub.now - breached <= timedelta(seconds=60)
    assert (found["state"], found["why"], versions.share) == ("HELD", "BREACH", 20)
    assert found["said"] == "error rate 30 % is not < 2 %"
    assert notices() == ["golive.ramp_returned"]
    versions.values["errors"] = "0"
    for _ in range(6):
        turn(hub, ramp_id)
    assert versions.share == 20, "it grows no more by itself"
    assert hub.data("POST", f"/ramps/{ramp_id}/resume")["state"] == "RUNNING"
    assert until(hub, ramp_id, actualPercent=50)["state"] == "RUNNING"


@pytest.mark.parametrize(
    ("values", "status", "body", "verdict"),
    [
        ({"requests": "0", "errors": "0"}, 200, None, "INCONCLUSIVE"),
        ({"requests": "NaN", "errors": "NaN"}, 200, None, "INCONCLUSIVE"),
        ({"requests": None, "errors": None}, 200, None, "INCONCLUSIVE"),
        ({}, 200, "", "ERROR"),
        ({}, 503, "busy", "ERROR"),
    ],
)
def test_what_says_nothing_holds_and_people_hear_of_it_once(
    hub: Installation,
    versions: Versions,
    values: dict[str, str | None],
    status: int,
    body: str | None,
    verdict: str,
) -> None:
    versions.values, versions.metrics_status, versions.metrics_body = values, status, body
    ramp_id = started(hub, a_ramp(versions))
    for _ in range(12):
        turn(hub, ramp_id)
    found = hub.data("GET", f"/ramps/{ramp_id}")
    assert (found["state"], found["verdict"], found["why"], versions.sets) == ("RUNNING", verdict, "BLIND", [5])
    assert notices() == ["golive.ramp_held"]


def test_after_all_a_breach_with_an_unhealthy_old_version_stops_and_pages(
    hub: Installation, versions: Versions
) -> None:
    ramp_id = started(hub, a_ramp(versions))
    until(hub, ramp_id, state="ARMED")
    versions.fails()
    versions.old_status = 503
    found = until(hub, ramp_id, state="STOPPED")
    assert (versions.share, found["why"]) == (100, "OLD_UNHEALTHY")
    assert found["said"].endswith("the old version answers 503")
    incident = stored.items("INCIDENT")
    assert [(one["service_id"], one["severity"], one["state"]) for one in incident] == [("erp", "P1", "OPEN")]
    assert not turn(hub, ramp_id), "nothing is moved by itself any more"
    assert hub.data("POST", f"/ramps/{ramp_id}/roll-back", {"reason": "we go back"})["state"] == "RETURNING"
    assert until(hub, ramp_id, state="ROLLED_BACK")["actualPercent"] == 0, "people may"


def test_after_all_a_breach_goes_back_to_a_healthy_old_version(hub: Installation, versions: Versions) -> None:
    ramp_id = started(hub, a_ramp(versions))
    until(hub, ramp_id, state="ARMED")
    versions.fails()
    assert until(hub, ramp_id, actualPercent=50)["state"] == "HELD"
    assert stored.items("INCIDENT") == []


def test_a_share_that_was_not_kept_is_not_done_and_set_again(hub: Installation, versions: Versions) -> None:
    versions.keeps = False
    ramp_id = started(hub, a_ramp(versions))
    found = hub.data("GET", f"/ramps/{ramp_id}")
    assert (found["wantedPercent"], found["actualPercent"], found["why"]) == (5, 0, "NOT_SET")
    versions.keeps = True
    until(hub, ramp_id, actualPercent=5)
    assert versions.sets == [5, 5]


def test_a_share_that_somebody_set_is_not_written_over(hub: Installation, versions: Versions) -> None:
    ramp_id = started(hub, a_ramp(versions))
    versions.share = 35
    found = until(hub, ramp_id, state="HELD")
    assert (found["why"], found["said"]) == ("WEIGHTS_CHANGED", "35 % found, 5 % set")
    assert turn(hub, ramp_id)
    assert versions.sets == [5]
    hub.data("POST", f"/ramps/{ramp_id}/resume")
    assert until(hub, ramp_id, actualPercent=35)["state"] == "RUNNING"
    until(hub, ramp_id, actualPercent=50)
    assert versions.sets == [5, 50]


def test_a_turn_is_taken_once_and_a_timers_wake_up_asks_for_it_once(
    hub: Installation, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMERS_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/timers")
    ramp_id = started(hub, a_ramp(versions))
    timer = read(Wake("acme", f"ramp/{ramp_id}", "advance_ramp"))
    assert timer is not None
    hub.now = timer.due
    record = {"messageId": "m", "body": timer.wake.to_json(), "attributes": {"ApproximateReceiveCount": "1"}}
    for _ in range(2):
        assert failed(hub.handler("wake_timers")({"Records": [record]}, Context())) == []
    [command] = stored.commands("advance_ramp")
    advance(hub, command)
    asked = len(versions.asked)
    advance(hub, command)
    assert len(versions.asked) == asked, "the turn is over"


LOST = "ramp_lost"


def rung(hub: Installation, ramp_id: str, purpose: str) -> list[dict[str, Any]]:
    """Turn the clock to a timer of the ramp, let it ring, and return all turns asked for until now."""
    timer = read(Wake("acme", f"ramp/{ramp_id}", purpose))
    assert timer is not None
    hub.now = max(hub.now, timer.due)
    record = {"messageId": "m", "body": timer.wake.to_json(), "attributes": {"ApproximateReceiveCount": "1"}}
    assert failed(hub.handler("wake_timers")({"Records": [record]}, Context())) == []
    return stored.commands("advance_ramp")


@pytest.mark.parametrize("lost", [("message",), ("worker",), ("message", "worker"), ("worker", "worker")])
def test_a_turn_that_was_lost_is_taken_all_the_same_and_traffic_is_back_within_a_minute(
    hub: Installation, versions: Versions, monkeypatch: pytest.MonkeyPatch, lost: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TIMERS_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/timers")
    ramp_id = started(hub, a_ramp(versions, lookSeconds=10 if len(lost) > 1 else 30))
    until(hub, ramp_id, actualPercent=50)
    versions.fails()
    breached = hub.now
    purpose = "advance_ramp"
    for what in lost:
        if what == "worker":  # it was woken, and took the command with it when it died
            rung(hub, ramp_id, purpose)
        purpose = LOST
    *_, command = rung(hub, ramp_id, LOST)
    advance(hub, command)
    assert (versions.share, hub.data("GET", f"/ramps/{ramp_id}")["why"]) == (20, "BREACH")
    assert hub.now - breached <= timedelta(seconds=60)


def test_a_turn_that_was_taken_is_not_asked_for_again_and_an_ended_ramp_asks_for_none(
    hub: Installation, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMERS_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/timers")
    ramp_id = started(hub, a_ramp(versions))
    late = read(Wake("acme", f"ramp/{ramp_id}", LOST))
    assert late is not None
    assert turn(hub, ramp_id)
    hub.now = max(hub.now, late.due)
    record = {"messageId": "m", "body": late.wake.to_json(), "attributes": {"ApproximateReceiveCount": "1"}}
    assert failed(hub.handler("wake_timers")({"Records": [record]}, Context())) == []
    assert stored.commands("advance_ramp") == []
    hub.data("POST", f"/ramps/{ramp_id}/complete")
    assert read(Wake("acme", f"ramp/{ramp_id}", LOST)) is None


def test_a_turn_that_always_fails_is_asked_for_less_and_less_often(
    hub: Installation, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMERS_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/timers")
    ramp_id = started(hub, a_ramp(versions))
    pauses = []
    for _ in range(14):
        rung(hub, ramp_id, LOST)
        timer = read(Wake("acme", f"ramp/{ramp_id}", LOST))
        assert timer is not None
        pauses.append(round((timer.due - hub.now).total_seconds()))
    assert pauses == [20, 20, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 5120, 5120, 5120]


def test_people_pause_resume_and_complete_a_ramp(hub: Installation, versions: Versions) -> None:
    ramp_id = started(hub, a_ramp(versions))
    assert hub.data("POST", f"/ramps/{ramp_id}/pause")["why"] == "BY_HAND"
    for _ in range(5):
        turn(hub, ramp_id)
    assert versions.sets == [5]
    versions.fails()
    assert until(hub, ramp_id, state="ROLLED_BACK")["actualPercent"] == 0, "a breach still counts"
    assert hub.refused("POST", f"/ramps/{ramp_id}/complete")[0] == 409
    assert hub.refused("POST", f"/ramps/{ramp_id}/resume")[0] == 409
    other = started(hub, a_ramp(versions))
    assert hub.data("POST", f"/ramps/{other}/complete")["state"] == "DONE"
    assert not turn(hub, other)
    assert [one["rampId"] for one in hub.data("GET", "/ramps")["items"]] == [other, ramp_id]
    assert hub.refused("POST", "/ramps", a_ramp(versions), caller=ENGINEER)[0] == 403


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"steps": [{"percent": 20, "minutes": 5}, {"percent": 20, "minutes": 5}]}, "steps"),
        ({"traffic": {"adapter": "ROUTE53", "zoneId": "Z", "record": "erp.example.com", "old": "a"}}, "traffic.new"),
        ({"traffic": {"adapter": "LAMBDA_ALIAS", "function": "f", "alias": "a"}}, "traffic.old"),
        ({"traffic": {"adapter": "WEBHOOK"}}, "traffic.url"),
        ({"serviceId": "nobody"}, ""),
    ],
)
def test_bad_input_names_the_field(hub: Installation, versions: Versions, changed: dict[str, Any], field: str) -> None:
    status, details = hub.refused("POST", "/ramps", a_ramp(versions, **changed))
    assert (status, details.get("field", "")) == (400 if field else 404, field)


# --- the adapters' own state -----------------------------------------------------------------------------------------


def secret(name: str) -> None:
    boto3.client("secretsmanager", REGION).create_secret(
        Name=f"enghub/test/golive/acme/{name}", SecretString=json.dumps({"role": ROLE})
    )


@pytest.fixture
def alias() -> Any:
    """A function of two versions with an alias on the first."""
    found = boto3.client("lambda", REGION)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("a.py", "")
    trust = {"Version": "2012-10-17", "Statement": []}
    role = boto3.client("iam", REGION).create_role(RoleName="f", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    known: dict[str, Any] = {"Role": role["Arn"], "Code": {"ZipFile": packed.getvalue()}}
    found.create_function(FunctionName="erp", Runtime="python3.12", Handler="a.b", **known)
    for _ in range(2):
        found.publish_version(FunctionName="erp")
        packed.write(b" ")
        found.update_function_code(FunctionName="erp", ZipFile=packed.getvalue())
    found.create_alias(FunctionName="erp", Name="live", FunctionVersion="1")
    secret("aws")
    return found


def test_the_weights_of_a_lambda_alias(hub: Installation, versions: Versions, alias: Any) -> None:
    traffic = {"adapter": "LAMBDA_ALIAS", "secret": "aws", "function": "erp", "alias": "live", "old": "1", "new": "2"}
    ramp_id = started(hub, a_ramp(versions, traffic=traffic))

    def weights() -> tuple[str, dict[str, float]]:
        found = alias.get_alias(FunctionName="erp", Name="live")
        return found["FunctionVersion"], (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}

    assert weights() == ("1", {"2": 0.05})
    until(hub, ramp_id, actualPercent=50)
    assert weights() == ("1", {"2": 0.5})
    until(hub, ramp_id, state="ARMED")
    assert weights() == ("2", {})
    hub.data("POST", f"/ramps/{ramp_id}/roll-back", {"reason": "we go back"})
    until(hub, ramp_id, state="ROLLED_BACK")
    assert weights() == ("1", {})


def test_an_alias_of_other_versions_is_not_written_over(hub: Installation, versions: Versions, alias: Any) -> None:
    traffic = {"adapter": "LAMBDA_ALIAS", "secret": "aws", "function": "erp", "alias": "live", "old": "2", "new": "3"}
    found = hub.data("GET", f"/ramps/{started(hub, a_ramp(versions, traffic=traffic))}")
    assert found["why"] == "NOT_SET"
    assert found["said"] == "ValueError: the alias has traffic on version 1, which is neither the old nor the new one"
    assert alias.get_alias(FunctionName="erp", Name="live")["FunctionVersion"] == "1"


def test_the_weighted_records_of_route_53_live_sixty_seconds(hub: Installation, versions: Versions) -> None:
    dns = boto3.client("route53", REGION)
    zone = dns.create_hosted_zone(Name="example.com.", CallerReference="1")["HostedZone"]["Id"].split("/")[-1]

    def record(name: str, weight: int) -> dict[str, Any]:
        one = {"Name": "erp.example.com.", "Type": "A", "SetIdentifier": name, "Weight": weight, "TTL": 3600}
        address = "192.0.2.1" if name == "old" else "192.0.2.2"
        return {"Action": "CREATE", "ResourceRecordSet": {**one, "ResourceRecords": [{"Value": address}]}}

    batch = {"Changes": [record("old", 10), record("new", 0)]}
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    secret("aws")
    traffic = {"adapter": "ROUTE53", "secret": "aws", "zoneId": zone, "record": "erp.example.com"}
    ramp_id = started(hub, a_ramp(versions, traffic={**traffic, "old": "old", "new": "new"}))

    def weights() -> dict[str, tuple[int, int, str]]:
        found = dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        return {
            one["SetIdentifier"]: (one["Weight"], one["TTL"], one["ResourceRecords"][0]["Value"])
            for one in found
            if "Weight" in one
        }

    assert weights() == {"old": (95, 60, "192.0.2.1"), "new": (5, 60, "192.0.2.2")}
    until(hub, ramp_id, actualPercent=20)
    assert {name: one[0] for name, one in weights().items()} == {"old": 80, "new": 20}
    versions.fails()
    until(hub, ramp_id, actualPercent=0)
    assert {name: one[0] for name, one in weights().items()} == {"old": 100, "new": 0}


def test_a_webhook_moves_real_requests_of_haproxy(hub: Installation, versions: Versions) -> None:
    proxy = servers.start("haproxy")
    assert proxy is not None, servers.line_to_type(["haproxy"])
    control = proxy.folder / "admin.sock"

    def counted() -> Counter[str]:
        with httpx.Client() as client:
            return Counter(client.get(f"http://127.0.0.1:{proxy.port}/").text for _ in range(100))

    def move(percent: int) -> None:
        say(control, f"set weight versions/new {percent}; set weight versions/old {100 - percent}")

    versions.move = move
    try:
        assert counted() == {"old": 100}
        ramp_id = started(hub, a_ramp(versions))
        assert counted() == {"old": 95, "new": 5}
        until(hub, ramp_id, actualPercent=20)
        assert counted() == {"old": 80, "new": 20}
        until(hub, ramp_id, actualPercent=100)
        assert counted() == {"new": 100}
        versions.fails()
        until(hub, ramp_id, actualPercent=50)
        assert counted() == {"old": 50, "new": 50}
    finally:
        servers.stop("haproxy", proxy)


def say(control: Path, commands: str) -> None:
    with socket.socket(socket.AF_UNIX) as found:
        found.connect(str(control))
        found.sendall(f"{commands}\n".encode())
        while found.recv(4096):
            pass


# --- as a task of a cut-over -----------------------------------------------------------------------------------------


def cut_over(hub: Installation, versions: Versions) -> str:
    go_live = small(hub)
    tasks = [a_task("ramp", kind="ramp", ramp=a_ramp(versions)), a_task("announce", "ramp")]
    hub.data("PUT", f"{go_live}/cutover-plan", {"tasks": tasks})
    return begun(hub, go_live, rehearsal=True)


def ramp_of(hub: Installation, run_id: str) -> str:
    found: str = hub.data("GET", f"/cutover-runs/{run_id}")["tasks"][0]["rampId"]
    return found


def test_a_task_of_a_cut_over_is_a_ramp_and_ends_with_it(hub: Installation, versions: Versions) -> None:
    run_id = cut_over(hub, versions)
    ramp_id = ramp_of(hub, run_id)
    until(hub, ramp_id, actualPercent=50)
    hub.execute(run_id)
    assert states(hub, run_id) == {"ramp": "RUNNING", "announce": "PENDING"}, "longer than a function lives"
    until(hub, ramp_id, state="ARMED")
    hub.execute(run_id)
    assert states(hub, run_id) == {"ramp": "DONE", "announce": "READY"}
    hub.data("POST", f"/cutover-runs/{run_id}/roll-back", {"reason": "we stop"})
    hub.execute(run_id)
    assert until(hub, ramp_id, state="ROLLED_BACK")["actualPercent"] == 0
    hub.execute(run_id)
    assert hub.data("GET", f"/cutover-runs/{run_id}")["state"] == "ROLLED_BACK"


def test_a_breach_is_a_failed_gate_and_the_cut_over_goes_back(hub: Installation, versions: Versions) -> None:
    run_id = cut_over(hub, versions)
    ramp_id = ramp_of(hub, run_id)
    until(hub, ramp_id, actualPercent=20)
    versions.fails()
    until(hub, ramp_id, actualPercent=5)
    hub.execute(run_id)
    assert hub.data("GET", f"/cutover-runs/{run_id}")["state"] == "ROLLING_BACK"
    until(hub, ramp_id, state="ROLLED_BACK")
    hub.execute(run_id)
    found = hub.data("GET", f"/cutover-runs/{run_id}")
    assert (found["state"], versions.share) == ("ROLLED_BACK", 0)
    assert found["reason"] == "ramp: HELD at 5 %: error rate 30 % is not < 2 %"


def test_what_a_ramp_did_is_in_what_changed_before_an_incident(hub: Installation, versions: Versions) -> None:
    ramp_id: str = hub.data("POST", "/ramps", a_ramp(versions))["rampId"]
    hub.later(seconds=1)
    until(hub, ramp_id, actualPercent=20)
    versions.fails()
    until(hub, ramp_id, actualPercent=5)
    told = stored.events("RampChanged")
    assert failed(hub.handler("record_changes")(a_batch(*told), Context())) == []
    hub.later(minutes=1)
    event = a_request("GET", f"{BASE}/changes", None, caller=LEAD)
    answer = json.loads(hub.handler("read_changes")(event, Context())["body"])["data"]["items"]
    assert [one["said"] for one in answer] == [
        "traffic ramp ERP 3 of erp at 5 %: taken back (error rate 30 % is not < 2 %)",
        "traffic ramp ERP 3 of erp at 20 %: grown",
        "traffic ramp ERP 3 of erp at 5 %: grown",
        "traffic ramp ERP 3 of erp at 0 %: started",
    ]
