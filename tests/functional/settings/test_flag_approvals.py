"""Flags, segments and gray releases that people have to agree to, through their functions (CFG-08, CFG-09, CFG-10)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from enghub.core.clock import system_clock
from enghub.core.identity import Origin, Principal
from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import DueTimer, Wake
from enghub.settings import approval_wiring, release_wiring
from enghub.settings.evaluations import wiring as evaluation_wiring
from enghub.settings.flags.model import Environment, FlagSet
from enghub.settings.releases.model import Measurement
from tests.factories import flags, releases
from tests.factories.flags import FLAG_RIGHTS, evaluated
from tests.factories.http import a_principal
from tests.factories.settings import sent_to
from tests.factories.stored import waiting

RULES = "/api/v1/settings/approval-rules"
REQUESTS = "/api/v1/settings/change-requests"
APPROVAL = (
    *("approval:read", "approval_rule:change", "approval_rule:change:global"),
    *("change_request:decide", "change_request:decide:global"),
)
RELEASE = ("release:read", "release:change", "release:change:global")


def person(user: str, *roles: str) -> Principal:
    return replace(a_principal(*FLAG_RIGHTS, *APPROVAL, *RELEASE, user=user), roles=roles)


ANN, BOB = person("ann", "OWNER"), person("bob", "OWNER")
PROD = FlagSet("acme", Environment.PROD)


@pytest.fixture(autouse=True)
def metrics(account: Any) -> Iterator[None]:
    account("settings")
    for made in (evaluation_wiring.snapshots, evaluation_wiring.usage, evaluation_wiring.evaluations):
        made.cache_clear()
    whole = release_wiring.releases
    service = replace(whole(), metrics=releases.Told(Measurement()))
    release_wiring.releases = lambda: service  # type: ignore[assignment]
    yield
    release_wiring.releases = whole


def settled(method: str, path: str, body: Any = None, caller: Principal = BOB, **query: str) -> dict[str, Any]:
    found = sent_to("decide_change", method, path, body, caller=caller, query=query)
    assert found["statusCode"] == 200, found["body"]
    shown: dict[str, Any] = json.loads(found["body"])["data"]
    return shown


def rule(layer: str = "tenant", **fields: Any) -> None:
    stages = {"stages": [{"name": "owners", "roles": ["OWNER"]}]}
    settled("PUT", f"{RULES}/r", {**stages, **fields}, ANN, layer=layer)


def said(found: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return found["statusCode"], json.loads(found["body"]) if found["body"] else {}


def held(found: dict[str, Any]) -> dict[str, Any]:
    assert found["statusCode"] == 202, found["body"]
    shown: dict[str, Any] = json.loads(found["body"])["data"]
    return shown


def flag(method: str, path: str = "", body: Any = None, **options: Any) -> dict[str, Any]:
    return flags.answer(method, path, body, **{"caller": ANN, **options})


def release(method: str, path: str = "", body: Any = None) -> dict[str, Any]:
    return releases.send(method, path, body, caller=ANN)


def decided(request: dict[str, Any], verdict: str = "approve", layer: str = "tenant") -> dict[str, Any]:
    path, body = f"{REQUESTS}/{request['requestId']}/{verdict}", {"seen": request["seen"], "comment": "looked at"}
    return settled("POST", path, body, BOB, layer=layer)


def at_deadline(request_id: str) -> None:
    found = timers.read(Wake("acme", f"change_request/{request_id}", "change_request_due"))
    assert found is not None
    due = DueTimer(found.tenant_id, found.subject, found.purpose, found.due, found.version, found.payload)
    approval_wiring.approving().due(due, Origin("acme", "", "system", found.due, "req-t"))


def test_a_flag_waits_until_somebody_else_agrees_and_explain_says_who() -> None:
    flags.data("POST", body={"flagKey": "new-ui"}, caller=ANN)
    rule(kinds=["flag"], categories=["PROD"])
    request = held(flag("PUT", "/new-ui", {"isEnabled": True, "version": 1, "changeReason": "pilot"}))
    assert (request["kind"], request["subjects"][0]["category"]) == ("flag", "PROD")
    seen = request["preview"][0]
    assert (seen["before"]["definition"]["isEnabled"], seen["after"]["definition"]["isEnabled"]) == (False, True)
    assert evaluated("new-ui")["reason"] == "DISABLED"
    body = {"seen": request["seen"], "comment": ""}
    own = sent_to("decide_change", "POST", f"{REQUESTS}/{request['requestId']}/approve", body, caller=ANN)
    assert json.loads(own["body"])["details"]["error"] == "OWN_APPROVAL"
    assert decided(request)["status"] == "APPLIED"
    assert evaluated("new-ui")["value"] is True
    why = flags.data("POST", "/new-ui/explain", {"context": {}}, caller=ANN)
    assert (why["changedBy"], why["approvedBy"], why["changeRequestId"]) == ("ann", ["bob"], request["requestId"])
    notices = [json.loads(one.body)["data"]["notice_type"] for one in waiting() if "NoticeRequested" in one.body]
    assert notices == ["settings.approval_requested", "settings.approval_decided"]
    assert said(flag("POST", body={"flagKey": "new-ui", "environment": "DEV"}))[0] == 201, "the rule speaks of PROD"


@pytest.mark.parametrize("layer", ["tenant", "global"])
def test_no_way_passes_beside_the_rule(layer: str) -> None:
    query = {"layer": layer}
    for key in ("one", "two"):
        flags.data("POST", body={"flagKey": key, "isEnabled": True}, caller=ANN, **query)
    flags.data("PUT", "/one", {"description": "second"}, caller=ANN, **query)
    flags.data("PUT", "/segments/pilots", {"included": ["u-1"]}, caller=ANN, **query)
    rule(layer)
    ways: list[tuple[str, str, Any]] = [
        ("POST", "", {"flagKey": "three"}),
        ("PUT", "/one", {"isEnabled": False}),
        ("POST", "/batch", {"flags": [{"flagKey": "one", "isEnabled": False}]}),
        ("POST", "/one/rollback", {"toVersion": 1}),
        ("DELETE", "/one", None),
        ("PUT", "/segments/pilots", {"included": ["u-2"]}),
        ("DELETE", "/segments/pilots", None),
    ]
    requests = [held(flag(*way, **query)) for way in ways]
    kinds = [one["subjects"][0]["kind"] for one in requests]
    assert kinds == ["flag"] * 5 + ["segment"] * 2
    assert flags.data("GET", "/one", caller=ANN, **query)["version"] == 2
    assert decided(requests[5], layer=layer)["status"] == "APPLIED"
    found = flags.data("GET", "/segments/pilots", caller=ANN, **query)
    assert (found["definition"]["included"], found["version"]) == (["u-2"], 2)
    late = decided(requests[6], layer=layer)
    assert (late["status"], late["problem"][:5]) == ("FAILED", "40902"), "what it deletes is another one by now"
    assert decided(requests[4], layer=layer)["status"] == "APPLIED"
    assert flags.refused("GET", "/one", caller=ANN, **query)[0] == 404
    assert decided(requests[0], layer=layer)["status"] == "APPLIED"
    assert flags.data("GET", "/three", caller=ANN, **query)["createdBy"].endswith("ann")


def test_nobody_in_time_means_rejected_and_a_repeat_gets_its_answer() -> None:
    flags.data("POST", body={"flagKey": "new-ui"}, caller=ANN)
    rule()
    change, keyed = {"isEnabled": True}, {"Idempotency-Key": "k-1"}
    first = held(flag("PUT", "/new-ui", change, headers=keyed))
    assert held(flag("PUT", "/new-ui", change, headers=keyed))["requestId"] == first["requestId"]
    at_deadline(first["requestId"])
    assert settled("GET", f"{REQUESTS}/{first['requestId']}")["status"] == "REJECTED"
    assert flags.data("GET", "/new-ui", caller=ANN)["version"] == 1


def test_break_glass_takes_a_reason_and_is_taken_back_exactly() -> None:
    flags.data("POST", body={"flagKey": "new-ui", "targetRules": {"percentage": 5}}, caller=ANN)
    flags.data("PUT", "/segments/pilots", {"included": ["u-1"]}, caller=ANN)
    before = flags.data("GET", "/new-ui", caller=ANN)
    rule()
    glass = {"isEnabled": True, "targetRules": {"percentage": 100}, "breakGlass": True}
    assert said(flag("PUT", "/new-ui", glass))[1]["details"]["field"] == "changeReason"
    assert said(flag("PUT", "/new-ui", {**glass, "changeReason": "the line stands still"}))[0] == 200
    made = {"included": ["u-9"], "breakGlass": True, "changeReason": "the line stands still"}
    assert said(flag("PUT", "/segments/pilots", made))[0] == 200
    assert said(flag("PUT", "/segments/new", made))[0] == 200
    assert evaluated("new-ui", targetingKey="u")["value"] is True
    requests = settled("GET", REQUESTS)["items"]
    assert [one["breakGlass"] for one in requests] == [True] * 3
    for one in requests:
        at_deadline(one["requestId"])
    assert {one["status"] for one in settled("GET", REQUESTS)["items"]} == {"REVERTED"}
    after = flags.data("GET", "/new-ui", caller=ANN)
    assert {**after["definition"], "version": 1} == before["definition"]
    assert (after["version"], after["changeRequestId"]) == (3, "")
    assert flags.data("GET", "/segments/pilots", caller=ANN)["definition"]["included"] == ["u-1"]
    assert flags.refused("GET", "/segments/new", caller=ANN)[0] == 404


def test_a_full_batch_fits_with_its_request_in_one_transaction() -> None:
    keys = [f"f-{n}" for n in range(18)]
    for key in keys:
        flags.data("POST", body={"flagKey": key}, caller=ANN)
    rule()
    switches = [{"flagKey": key, "isEnabled": True} for key in keys]
    glass = {"flags": switches, "breakGlass": True, "changeReason": "now"}
    keyed = {"Idempotency-Key": "k-1"}
    assert len(json.loads(flag("POST", "/batch", glass, headers=keyed)["body"])["data"]["items"]) == 18
    switches = [{"flagKey": key, "isEnabled": False} for key in keys]
    assert decided(held(flag("POST", "/batch", {"flags": switches})))["status"] == "APPLIED"


# --- gray releases ---


def a_draft() -> str:
    flags.data("POST", body={"flagKey": "new_feature_v2"}, caller=ANN)
    made: str = json.loads(release("POST", body=releases.DOCUMENTED)["body"])["data"]["releaseId"]
    return made


def look(release_id: str, hours: float = 0) -> dict[str, Any]:
    found = release_wiring.releases().get(PROD, release_id)
    at = system_clock() + timedelta(hours=hours, seconds=1)
    release_wiring.releases().advance(PROD, release_id, found.turn, at)
    return shown(release_id)


def shown(release_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(release("GET", f"/{release_id}")["body"])["data"]
    return found


@pytest.mark.parametrize("kind", ["release", "flag"])
def test_a_release_begins_when_others_agree_and_what_it_opens_says_by_whom(kind: str) -> None:
    made = a_draft()
    rule(kinds=[kind], names=["new_feature*"])
    assert said(release("PUT", f"/{made}/strategy", {"targetPercentage": 20}))[0] == 200, "agreed to with the start"
    request = held(release("POST", f"/{made}/start", {"changeReason": "pilot"}))
    assert request["preview"][0]["after"]["targetPercentage"] == 20
    assert shown(made)["status"] == "DRAFT"
    assert decided(request)["status"] == "APPLIED"
    found = look(made)
    assert (found["status"], found["currentPercentage"], found["approvedBy"]) == ("ACTIVE", 5, ["bob"])
    opened = flags.data("POST", "/new_feature_v2/explain", {"context": {}}, caller=ANN)
    assert (opened["approvedBy"], opened["changeRequestId"]) == (["bob"], request["requestId"])


def test_a_start_is_of_the_draft_that_was_seen() -> None:
    made = a_draft()
    rule()
    request = held(release("POST", f"/{made}/start", {}))
    assert said(release("PUT", f"/{made}/strategy", {"targetPercentage": 100}))[0] == 200
    assert decided(request)["status"] == "FAILED"
    assert shown(made)["status"] == "DRAFT"


def test_a_running_release_may_always_stop_and_grows_further_only_as_agreed() -> None:
    made = a_draft()
    assert said(release("POST", f"/{made}/start", {}))[0] == 200
    rule()
    look(made)
    wider = held(release("PUT", f"/{made}/strategy", {"targetPercentage": 100}))
    look(made, 0.5)
    assert decided(wider)["status"] == "APPLIED", "that it looked once more meanwhile is no change"
    assert shown(made)["strategyConfig"]["targetPercentage"] == 100
    assert said(release("POST", f"/{made}/pause", {}))[0] == 200
    on = held(release("POST", f"/{made}/resume", {}))
    assert decided(on, "reject")["status"] == "REJECTED"
    assert shown(made)["status"] == "PAUSED"
    assert said(release("POST", f"/{made}/cancel", {}))[0] == 200


def test_a_start_before_its_approval_is_cancelled_when_nobody_agrees() -> None:
    made = a_draft()
    rule()
    glass = {"breakGlass": True, "changeReason": "the old way is broken"}
    assert said(release("POST", f"/{made}/start", glass))[1]["data"]["status"] == "ACTIVE"
    assert look(made)["currentPercentage"] == 5
    wider = {"targetPercentage": 100, **glass}
    assert said(release("PUT", f"/{made}/strategy", wider))[0] == 200
    plan, start = settled("GET", REQUESTS)["items"]
    at_deadline(plan["requestId"])
    assert shown(made)["strategyConfig"]["targetPercentage"] == 10
    at_deadline(start["requestId"])
    assert shown(made)["status"] == "CANCELLED"
    assert {one["status"] for one in settled("GET", REQUESTS)["items"]} == {"REVERTED"}
    assert flags.data("GET", "/new_feature_v2", caller=ANN)["isEnabled"] is False
