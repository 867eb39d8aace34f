"""Changes that people have to agree to, through the functions down to the table (CFG-08)."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from enghub.core import audit, clock
from enghub.core.clock import system_clock
from enghub.core.identity import Origin, Principal
from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import DueTimer, Wake
from enghub.settings.configs import wiring
from tests.factories.http import a_principal
from tests.factories.settings import EVERYTHING, answer
from tests.factories.stored import waiting

RULES = "/api/v1/settings/approval-rules"
REQUESTS = "/api/v1/settings/change-requests"
RIGHTS = ("approval:read", "approval_rule:change", "approval_rule:change:global", "change_request:decide")
DECIDES = ("config:read", "approval:read", "change_request:decide", "change_request:decide:global")
SECURITY = {"stages": [{"name": "security", "roles": ["SECURITY"]}], "withinHours": 24, "names": ["security.*"]}


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")


def person(user: str, *roles: str) -> Principal:
    return replace(a_principal(*EVERYTHING, *RIGHTS, *DECIDES, user=user), roles=roles)


ANN, BOB = person("ann"), person("bob", "SECURITY")


def send(*args: Any, **kwargs: Any) -> tuple[int, dict[str, Any]]:
    found = answer(*args, **kwargs)
    return found["statusCode"], json.loads(found["body"])


def data(*args: Any, **kwargs: Any) -> Any:
    status, body = send(*args, **kwargs)
    assert status < 300, body
    return body["data"]


def held(*args: Any, **kwargs: Any) -> dict[str, Any]:
    status, body = send(*args, **kwargs)
    assert status == 202, body
    found: dict[str, Any] = body["data"]
    return found


def text(config_key: str, value: str, **fields: Any) -> dict[str, Any]:
    return {"configKey": config_key, "configValue": value, **fields}


def rule(name: str = "security", layer: str = "tenant", **fields: Any) -> None:
    data("PUT", f"{RULES}/{name}", {**SECURITY, **fields}, caller=ANN, layer=layer)


def decide(request: dict[str, Any], verdict: str, caller: Principal = BOB, **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {"seen": request["seen"], "comment": "looked at", **fields}
    return send("POST", f"{REQUESTS}/{request['requestId']}/{verdict}", body, caller=caller)


def value(config_key: str = "security.level", **query: str) -> str | None:
    status, body = send("GET", f"/{config_key}", caller=ANN, **query)
    return body["data"]["configValue"] if status == 200 else None


def test_a_change_waits_until_somebody_else_agrees_to_what_they_saw() -> None:
    rule()
    request = held("POST", body=text("security.level", "2", changeReason="audit"), caller=ANN)
    assert (request["status"], request["requestedBy"], request["openStages"]) == ("PENDING", "ann", ["security"])
    assert request["preview"][0]["after"]["configValue"] == "2"
    assert value() is None
    own = person("ann", "SECURITY")
    assert decide(request, "approve", own)[1]["details"]["error"] == "OWN_APPROVAL"
    assert decide(request, "approve", person("cid", "OTHER"))[1]["details"]["permission"] == "SECURITY"
    assert decide(request, "approve", seen="0" * 64)[1]["details"]["error"] == "SEEN_ANOTHER"
    status, body = decide(request, "approve")
    assert (status, body["data"]["status"]) == (200, "APPLIED"), body
    assert value() == "2"
    entry = audit.history("acme", "config/-/tenant/-/security.level")[-1]
    assert (entry.user_id, entry.reason) == ("ann", "audit")
    assert (entry.after["approvedBy"], entry.after["changeRequestId"]) == (["bob"], request["requestId"])
    explained = data("GET", "/security.level/explain", caller=ANN)
    assert explained["layers"][0]["approvedBy"] == ["bob"]
    notices = [json.loads(r.body)["data"] for r in waiting() if "NoticeRequested" in r.body]
    assert [(n["notice_type"], n["roles"], n["users"]) for n in notices] == [
        ("settings.approval_requested", ["SECURITY"], []),
        ("settings.approval_decided", [], ["ann"]),
    ]


@pytest.mark.parametrize("layer", ["tenant", "user", "global"])
def test_no_layer_passes_beside_the_rule(layer: str) -> None:
    space = "global" if layer == "global" else "tenant"
    rule(layer=space)
    request = held("POST", body=text("security.level", "2"), caller=ANN, layer=layer)
    path = f"{REQUESTS}/{request['requestId']}/approve"
    assert data("POST", path, {"seen": request["seen"]}, caller=BOB, layer=space)["status"] == "APPLIED"
    assert value() == "2"


def test_a_repeat_of_a_held_change_gets_its_answer_as_it_was() -> None:
    rule()
    keyed = {"Idempotency-Key": "K-1"}
    first = send("POST", body=text("security.level", "2"), caller=ANN, headers=keyed)
    again = send("POST", body=text("security.level", "2"), caller=ANN, headers=keyed)
    assert (first[0], again[0]) == (202, 202)
    assert again[1]["data"] == first[1]["data"]
    assert len(data("GET", REQUESTS, caller=ANN)["items"]) == 1


def test_every_way_to_change_an_item_is_held() -> None:
    data("POST", body=text("security.level", "1"), caller=ANN)
    staged = {"configValue": "2", "effectiveMode": "MANUAL"}
    data("PATCH", "/security.level", staged, caller=ANN)
    rule()
    ways: list[tuple[str, str, Any]] = [
        ("PUT", "/security.level", {"configValue": "3"}),
        ("PATCH", "/security.level", {"configValue": "3", "version": 2}),
        ("DELETE", "/security.level", None),
        ("POST", "/batch", {"configs": [text("security.level", "3")]}),
        ("POST", "/security.level/rollback", {"toVersion": 1}),
        ("POST", "/rollback", {"configs": [{"configKey": "security.level", "toVersion": 1}]}),
        ("POST", "/confirm", {"configs": [{"configKey": "security.level", "version": 2}]}),
    ]
    requests = [held(method, path, body, caller=ANN) for method, path, body in ways]
    assert data("GET", "/security.level", caller=ANN, layer="tenant")["version"] == 2
    assert len(data("GET", REQUESTS, caller=ANN)["items"]) == len(ways)
    assert decide(requests[-1], "approve")[1]["data"]["status"] == "APPLIED"
    assert value() == "2"
    failed = decide(requests[0], "approve")[1]["data"]
    assert (failed["status"], failed["problem"][:5]) == ("FAILED", "40902")
    assert value() == "2"


def test_a_rejection_and_a_withdrawal_change_nothing() -> None:
    rule()
    no = held("POST", body=text("security.level", "2"), caller=ANN)
    assert decide(no, "reject", comment="")[1]["details"]["field"] == "comment"
    assert decide(no, "reject")[1]["data"]["status"] == "REJECTED"
    assert decide(no, "approve", person("cid", "SECURITY"))[1]["code"] == "40901"
    back = held("POST", body=text("security.level", "2"), caller=ANN)
    path = f"{REQUESTS}/{back['requestId']}/withdraw"
    assert send("POST", path, caller=BOB)[0] == 403
    assert data("POST", path, caller=ANN)["status"] == "WITHDRAWN"
    assert value() is None


def at_deadline(request_id: str) -> None:
    found = timers.read(Wake("acme", f"change_request/{request_id}", "change_request_due"))
    assert found is not None
    due = DueTimer(found.tenant_id, found.subject, found.purpose, found.due, found.version, found.payload)
    wiring.approving().due(due, Origin("acme", "", "system", found.due, "req-t"))


def test_nobody_in_time_means_rejected() -> None:
    rule()
    request = held("POST", body=text("security.level", "2"), caller=ANN)
    at_deadline(request["requestId"])
    found = data("GET", f"{REQUESTS}/{request['requestId']}", caller=ANN)
    assert (found["status"], found["problem"]) == ("REJECTED", "nobody decided in time")
    assert value() is None


def test_break_glass_changes_at_once_with_a_reason_and_is_taken_back_when_nobody_agrees() -> None:
    data("POST", body=text("security.level", "1"), caller=ANN)
    rule()
    glass = {"configValue": "9", "breakGlass": True}
    assert send("PATCH", "/security.level", glass, caller=ANN)[1]["details"]["field"] == "changeReason"
    assert value() == "1"
    data("PATCH", "/security.level", {**glass, "changeReason": "the line stands still"}, caller=ANN)
    assert value() == "9"
    (request,) = data("GET", REQUESTS, caller=ANN)["items"]
    assert (request["breakGlass"], request["status"]) == (True, "PENDING")
    at_deadline(request["requestId"])
    assert data("GET", f"{REQUESTS}/{request['requestId']}", caller=ANN)["status"] == "REVERTED"
    item = data("GET", "/security.level", caller=ANN, layer="tenant")
    assert (item["configValue"], item["version"]) == ("1", 3)


def test_a_break_glass_change_that_is_approved_stays_and_a_rule_may_forbid_it() -> None:
    data("POST", body=text("security.level", "1"), caller=ANN)
    rule()
    glass = {"configValue": "9", "breakGlass": True, "changeReason": "the line stands still"}
    data("PATCH", "/security.level", glass, caller=ANN)
    request = data("GET", REQUESTS, caller=ANN)["items"][0]
    assert decide(request, "approve")[1]["data"]["status"] == "APPLIED"
    assert value() == "9"
    rule(breakGlass=False, version=1)
    refused = send("PATCH", "/security.level", {**glass, "configValue": "8"}, caller=ANN)
    assert refused[0] == 403


def test_a_planned_change_whose_approval_comes_late_begins_then() -> None:
    data("POST", body=text("security.level", "1"), caller=ANN)
    rule()
    soon = clock.to_text(system_clock() + timedelta(seconds=1))
    plan = {"configValue": "2", "effectiveMode": "SCHEDULED", "effectiveTime": soon}
    request = held("PATCH", "/security.level", plan, caller=ANN)
    found = wiring.approving().get("acme", request["requestId"]).value
    late = Origin("acme", "", "ann", system_clock() + timedelta(hours=1), "req-2")
    executor = wiring.approving().executors["config"]
    executor.apply(found, late, ())
    item = data("GET", "/security.level", caller=ANN, layer="tenant")
    assert (item["configValue"], item["effectiveMode"]) == ("2", "IMMEDIATE")
