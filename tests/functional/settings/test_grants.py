"""Rights for a time and a part: given, taken, asked for, in force, refused with what is missing (CFG-22)."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jsonschema_rs
import pytest

from enghub.core import audit, clock
from enghub.core.clock import system_clock
from enghub.core.identity import Principal
from enghub.core.security import edge
from enghub.settings.published import GrantChanged
from tests.factories import stored
from tests.factories.handlers import ROOT
from tests.factories.http import a_principal
from tests.factories.settings import EVERYTHING, answer, sent_to

GRANTS = "/api/v1/settings/grants"
ADMIN = a_principal("config:read", *EVERYTHING, "grant:read", "grant:change", user="admin")
ROOT_ADMIN = a_principal("grant:read", "grant:change", "grant:change:global", user="root")
LI = a_principal("grant:ask", user="li")
MODULE = {"verbs": ["UPDATE", "READ"], "level": "MODULE", "scope": "line", "reason": "night shift"}


@pytest.fixture(autouse=True)
def table(account: Callable[..., str]) -> None:
    account("settings", SECURITY_TABLE="enghub-test-settings", SECURITY_DEFAULTS="idle=1800 sessions=3 mfa=false")
    for key in ("line.speed", "press.speed"):
        assert answer("POST", "", {"configKey": key, "configValue": "3"}, caller=ADMIN)["statusCode"] == 201


def sent(method: str, path: str = "", body: Any = None, caller: Principal = ADMIN) -> dict[str, Any]:
    found = sent_to("serve_grants", method, f"{GRANTS}{path}", body, caller=caller)
    edge.forget()
    return {"status": found["statusCode"], **json.loads(found["body"])}


def given(user: str = "li", caller: Principal = ADMIN, **said: Any) -> dict[str, Any]:
    found = sent("POST", f"/{user}", {**MODULE, **said}, caller)
    assert found["status"] == 201, found
    shown: dict[str, Any] = found["data"]
    return shown


def changing(key: str, caller: Principal = LI, value: str = "4") -> dict[str, Any]:
    found = answer("PATCH", f"/{key}", {"configValue": value}, caller=caller, layer="tenant")
    return {"status": found["statusCode"], **json.loads(found["body"])}


def in_hours(hours: float) -> str:
    return (system_clock() + timedelta(hours=hours)).isoformat()


def test_who_lacks_a_right_hears_which_and_where_to_ask_for_it_and_the_attempt_is_kept() -> None:
    found = changing("line.speed")
    assert (found["status"], found["code"]) == (403, "40301")
    assert found["details"] == {
        "error": "FORBIDDEN",
        "permission": "config:update",
        "askAt": "POST /api/v1/settings/grants/own/requests",
    }
    (kept,) = audit.refusals("acme", f"{system_clock():%Y-%m-%d}")
    assert (kept.user_id, kept.detail) == ("li", "You lack the permission config:update")


def test_a_module_of_configuration_is_given_and_nothing_beside_it() -> None:
    made = given()
    assert (made["status"], made["grantedBy"], made["permissions"]) == (
        "ACTIVE",
        "admin",
        ["config:read", "config:update", "flag:change"],
    )
    assert changing("line.speed")["status"] == 200
    refused = changing("press.speed")
    assert (refused["status"], refused["details"]["error"], refused["details"]["within"]) == (
        403,
        "RIGHT_LIMITED",
        "line.",
    )
    assert answer("GET", "/line.speed", caller=LI)["statusCode"] == 200
    assert answer("GET", "/press.speed", caller=LI)["statusCode"] == 403
    assert answer("GET", "", caller=LI)["statusCode"] == 403
    both = {
        "configs": [{"configKey": "line.speed", "configValue": "5"}, {"configKey": "press.speed", "configValue": "5"}]
    }
    assert answer("POST", "/batch", both, caller=LI)["statusCode"] == 403
    assert answer("POST", "/batch", {"configs": both["configs"][:1]}, caller=LI)["statusCode"] == 200
    assert answer("DELETE", "/line.speed", caller=LI, layer="tenant")["statusCode"] == 403
    assert answer("POST", "", {"configKey": "line.new", "configValue": "1"}, caller=LI)["statusCode"] == 403


def test_a_right_begins_and_ends_on_its_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = system_clock()
    given(validFrom=in_hours(1), validUntil=in_hours(2))
    seen = []
    for hours in (0.5, 1.001, 1.999, 2.001):
        monkeypatch.setattr(clock, "_now", lambda _, hours=hours: now + timedelta(hours=hours))
        edge.forget()
        seen.append(changing("line.speed", value=str(hours)))
    assert [one["status"] for one in seen] == [403, 200, 200, 403]
    assert seen[0]["details"]["error"] == "FORBIDDEN"
    assert seen[3]["details"]["error"] == "RIGHT_LAPSED"
    assert seen[3]["details"]["lapsedAt"].startswith((now + timedelta(hours=2)).isoformat()[:16])


def test_what_is_taken_back_or_taken_away_holds_no_more() -> None:
    grant = given()
    assert sent("POST", f"/li/{grant['grantId']}/revoke", {"reason": "shift is over"})["data"]["status"] == "REVOKED"
    assert changing("line.speed")["details"]["error"] == "RIGHT_LAPSED"
    assert (
        sent("POST", f"/li/{grant['grantId']}/revoke", {"reason": "again"})["data"]["revokeReason"] == "shift is over"
    )
    boss = a_principal("config:read", *EVERYTHING, user="boss")
    taken = given("boss", effect="DENY", level="FEATURE", scope="line.speed", verbs=["UPDATE"])
    refused = changing("line.speed", boss)
    assert (refused["details"]["error"], refused["details"]["grantId"]) == ("RIGHT_DENIED", taken["grantId"])
    assert changing("press.speed", boss)["status"] == 200


def test_grants_that_contradict_each_other_are_shown_with_what_counts() -> None:
    wide, narrow = given(level="TENANT", scope="", verbs=["UPDATE"]), given(verbs=["UPDATE"])
    denied = given(level="FEATURE", scope="line.speed", verbs=["UPDATE"], effect="DENY")
    given(verbs=["UPDATE"], scope="press", validUntil=in_hours(2))
    longer = given(verbs=["UPDATE"], scope="press")
    found = sent("GET", "/li")["data"]["conflicts"]
    told = {(one["resolution"], one["winner"], one["loser"]) for one in found}
    ids = {
        one: made["grantId"]
        for one, made in (("wide", wide), ("narrow", narrow), ("denied", denied), ("longer", longer))
    }
    assert ("WIDER_ALREADY_GIVES", ids["wide"], ids["narrow"]) in told
    assert {("DENY_WINS", ids["denied"], ids["wide"]), ("DENY_WINS", ids["denied"], ids["narrow"])} <= told
    assert [one[1] for one in told if one[0] == "LONGER_ALREADY_GIVES"] == [ids["longer"]]
    assert changing("line.speed")["details"]["error"] == "RIGHT_DENIED"
    assert changing("line.other")["status"] == 404


def test_a_right_is_asked_for_and_given_by_another() -> None:
    asked = sent("POST", "/own/requests", {**MODULE, "validUntil": in_hours(8)}, LI)
    assert (asked["status"], asked["data"]["status"]) == (201, "PENDING")
    assert (
        sent("POST", "/own/requests", {**MODULE, "validUntil": asked["data"]["validUntil"]}, LI)["data"]
        == asked["data"]
    )
    (told,) = stored.events("NoticeRequested")
    assert (told["data"]["notice_type"], told["data"]["roles"]) == ("settings.approval_requested", ["TENANT_ADMIN"])
    place = f"/li/requests/{asked['data']['requestId']}"
    own = a_principal("grant:change", user="li")
    assert sent("POST", f"{place}/approve", {}, own)["details"]["error"] == "OWN_GRANT"
    assert changing("line.speed")["status"] == 403
    done = sent("POST", f"{place}/approve", {"comment": "for tonight"})["data"]
    assert (done["status"], done["decidedBy"]) == ("APPROVED", "admin")
    assert changing("line.speed")["status"] == 200
    assert sent("POST", f"{place}/reject", {})["status"] == 404
    assert sent("GET", caller=ADMIN)["data"]["items"][0]["userId"] == "li"


def test_a_request_is_rejected_with_a_comment() -> None:
    asked = sent("POST", "/own/requests", MODULE, LI)["data"]
    done = sent("POST", f"/li/requests/{asked['requestId']}/reject", {"comment": "ask your lead"})["data"]
    assert (done["status"], done["comment"]) == ("REJECTED", "ask your lead")
    assert changing("line.speed")["status"] == 403


def test_the_global_layer_is_given_by_who_administers_the_system_alone() -> None:
    body = {"role": "SYSTEM_ADMIN", "level": "GLOBAL", "reason": "on call"}
    assert sent("POST", "/li", body)["details"]["permission"] == "grant:change:global"
    assert sent("POST", "/li", body, ROOT_ADMIN)["status"] == 201
    made = answer("POST", "", {"configKey": "line.limit", "configValue": "1"}, caller=LI, layer="global")
    assert made["statusCode"] == 201, made["body"]
    assert answer("POST", "", {"configKey": "line.limit", "configValue": "1"}, caller=LI)["statusCode"] == 403


def test_nobody_gives_rights_to_themselves() -> None:
    assert sent("POST", "/admin", MODULE)["details"]["error"] == "OWN_GRANT"


def test_one_sees_what_one_may_do_and_why() -> None:
    given()
    given(level="TENANT", scope="", role="CONFIG_VIEWER", verbs=[])
    own = sent("GET", "/own", caller=LI)["data"]
    assert "config:read" in own["permissions"]
    assert ("config:update", "line.", "ALLOW") in {
        (one["permission"], one["within"], one["effect"]) for one in own["limits"]
    }
    assert own["conflicts"][0]["resolution"] == "WIDER_ALREADY_GIVES"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "CONFIG_ADMIN", "level": "TENANT", "reason": "x"}, "level"),
        ({"role": "CONFIG_ADMIN", "verbs": ["READ"], "level": "MODULE", "scope": "line", "reason": "x"}, "verbs"),
        ({"verbs": ["READ"], "level": "MODULE", "reason": "x"}, "scope"),
        ({"verbs": ["READ"], "level": "TENANT", "scope": "line", "reason": "x"}, "scope"),
        ({"verbs": ["READ"], "level": "MODULE", "scope": "line.", "reason": "x"}, "scope"),
        ({"verbs": ["READ"], "level": "TENANT", "reason": ""}, "reason"),
        ({"verbs": ["READ"], "level": "TENANT", "reason": "x", "validUntil": "2020-01-01T00:00:00Z"}, "validUntil"),
        ({"verbs": ["READ"], "level": "TENANT", "reason": "x", "validUntil": "2027-01-01T00:00:00"}, "validUntil"),
    ],
)
def test_what_cannot_be_given_is_refused_by_its_field(body: dict[str, Any], field: str) -> None:
    found = sent("POST", "/li", body)
    assert (found["status"], found["details"]["field"]) == (400, field)


def test_grants_are_audited_and_told() -> None:
    grant = given()
    assert given()["grantId"] == grant["grantId"]
    sent("POST", f"/li/{grant['grantId']}/revoke", {"reason": "shift is over"})
    entries = audit.history("acme", "grants/-/li")
    assert [(one.action, one.user_id, one.reason) for one in entries] == [
        ("grants.granted", "admin", "night shift"),
        ("grants.revoked", "admin", "shift is over"),
    ]
    assert audit.broken_at(entries) is None
    schema = json.loads((ROOT / "events/published/GrantChanged.1.0.schema.json").read_text("utf-8"))
    assert schema == {"$schema": schema["$schema"], **GrantChanged.model_json_schema()}
    told = stored.events("GrantChanged")
    assert [one["data"]["action"] for one in told] == ["GRANTED", "REVOKED"]
    for one in told:
        jsonschema_rs.validate(schema, one["data"])


def test_another_tenant_sees_and_changes_nothing() -> None:
    grant = given()
    other = a_principal("grant:read", "grant:change", tenant="globex", user="eve")
    assert sent("GET", "/li", caller=other)["data"]["grants"] == []
    assert sent("POST", f"/li/{grant['grantId']}/revoke", {"reason": "x"}, other)["status"] == 404
    assert changing("line.speed")["status"] == 200
