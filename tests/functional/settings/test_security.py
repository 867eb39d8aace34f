"""The security policy as people change it, sessions as they see and end them (CFG-19)."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema_rs
import pytest

from enghub.core import clock
from enghub.core.clock import system_clock
from enghub.core.identity import Principal
from enghub.core.security import edge
from enghub.settings.published import SessionChanged
from tests.factories import clients, stored
from tests.factories.handlers import ROOT
from tests.factories.http import a_principal
from tests.factories.settings import EVERYTHING, answer, sent_to

POLICY = "/api/v1/settings/security-policy"
SESSIONS = "/api/v1/settings/sessions"
RIGHTS = ("config:read", *EVERYTHING, "security_policy:read", "session:own", "session:read", "session:end")
ADMIN = a_principal(*RIGHTS, user="admin")
OWN = "192.0.2.7"


@pytest.fixture(autouse=True)
def table(account: Callable[..., str]) -> None:
    account("settings", SECURITY_TABLE="enghub-test-settings", SECURITY_DEFAULTS="idle=1800 sessions=3 mfa=false")
    clients._followed.clear()


def sent(
    method: str, path: str = POLICY, body: Any = None, *, caller: Principal = ADMIN, **query: str
) -> dict[str, Any]:
    found = sent_to("serve_security", method, path, body, caller=caller, query=query)
    return {"status": found["statusCode"], **json.loads(found["body"])}


def changed(caller: Principal = ADMIN, layer: str = "tenant", **said: Any) -> dict[str, Any]:
    found = sent("PUT", body=said, caller=caller, layer=layer)
    clients.follow()
    edge.forget()
    return found


def signed_in(session: str, caller: Principal = ADMIN, minutes: int = 0) -> Principal:
    return replace(caller, session=session, authenticated_at=system_clock() + timedelta(minutes=minutes))


def test_without_anybodys_policy_the_platforms_holds() -> None:
    data = sent("GET")["data"]
    assert (data["sessionTimeout"], data["maxConcurrent"], data["ipAllowList"], data["mfaMaxAge"]) == (
        1800,
        3,
        [],
        None,
    )
    assert set(data["sources"].values()) == {"platform"}
    assert (data["isEnforced"], data["problems"], data["nextChangeAt"]) == (True, [], None)


def test_the_template_has_an_hour_and_counts_once_it_is_applied() -> None:
    """Precedence: platform 30 min; an applied template's items are the tenant's own; then the global layer's."""
    clients.changed("session.timeout", "900", layer="global", configType="NUMBER")
    assert sent("GET")["data"]["sessionTimeout"] == 900
    applied = sent_to("change_templates", "POST", "/api/v1/settings/templates/security/apply", {}, caller=ADMIN)
    assert applied["statusCode"] == 200, applied["body"]
    clients.follow()
    data = sent("GET")["data"]
    assert (data["sessionTimeout"], data["sources"]["sessionTimeout"]) == (3600, "tenant")
    clients.changed("session.timeout", "300", layer="user", configType="NUMBER")
    assert sent("GET")["data"]["sessionTimeout"] == 3600


def test_a_policy_is_changed_as_items_and_enforced_by_the_event() -> None:
    said = {"ipAllowList": ["192.0.2.0/24"], "sessionTimeout": 600, "changeReason": "office only"}
    first = sent("PUT", body=said)
    assert (first["status"], first["data"]["isEnforced"]) == (200, False)
    clients.follow()
    data = sent("GET")["data"]
    assert (data["ipAllowList"], data["sessionTimeout"], data["isEnforced"]) == (["192.0.2.0/24"], 600, True)
    assert data["sources"]["ipAllowList"] == "tenant"
    history = answer("GET", "/security.ipAllowList/history", caller=ADMIN)
    assert json.loads(json.loads(history["body"])["data"]["items"][0]["configValue"]) == ["192.0.2.0/24"]
    assert changed(ipAllowList=None)["data"]["sessionTimeout"] == 600
    assert sent("GET")["data"]["sources"]["ipAllowList"] == "platform"


def test_nobody_locks_themselves_out_unless_they_force_it_by_name() -> None:
    found = sent("PUT", body={"ipAllowList": ["203.0.113.0/24"]})
    assert (found["status"], found["code"]) == (422, "42201")
    assert found["details"] == {"error": "LOCK_OUT", "ownAddress": OWN, "force": "ipAllowList"}
    for method, path, body in (
        ("POST", "", {"configKey": "security.ipAllowList", "configType": "JSON", "configValue": '["203.0.113.0/24"]'}),
        (
            "POST",
            "/batch",
            {"configs": [{"configKey": "security.ipAllowList", "configType": "JSON", "configValue": '["10.0.0.0/8"]'}]},
        ),
    ):
        refused = answer(method, path, body, caller=ADMIN)
        assert refused["statusCode"] in {404, 422}, refused["body"]
    assert sent("PUT", body={"ipAllowList": ["203.0.113.0/24"], "force": ["everything"]})["status"] == 400
    assert changed(ipAllowList=["203.0.113.0/24"], force=["ipAllowList"])["status"] == 200
    assert sent("GET")["details"]["error"] == "ADDRESS_NOT_ALLOWED"


def test_a_batch_that_would_lock_its_author_out_is_refused_whole() -> None:
    assert changed(ipAllowList=["192.0.2.0/24"], sessionTimeout=600)["status"] == 200
    body = {
        "configs": [
            {"configKey": "security.ipAllowList", "configValue": '["10.0.0.0/8"]'},
            {"configKey": "session.timeout", "configValue": "700"},
        ]
    }
    found = json.loads(answer("POST", "/batch", body, caller=ADMIN)["body"])
    assert found["details"]["errors"][0]["error"] == "LOCK_OUT"
    clients.follow()
    assert sent("GET")["data"]["sessionTimeout"] == 600


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ipAllowList": ["203.0.113.7/24"]}, "ipAllowList.0"),
        ({"ipAllowList": ["office"]}, "ipAllowList.0"),
        ({"sessionTimeout": 299}, "sessionTimeout"),
        ({"maxConcurrent": 11}, "maxConcurrent"),
        ({"programUsers": ["two words"]}, "programUsers.0"),
        ({"allowList": []}, "allowList"),
    ],
)
def test_what_no_policy_can_hold_is_refused_by_its_field(body: dict[str, Any], field: str) -> None:
    found = sent("PUT", body=body)
    assert (found["status"], found["code"], found["details"]["field"]) == (400, "40001", field)


def test_items_of_the_policy_are_checked_at_every_door() -> None:
    item = {"configKey": "security.mfaRequired", "configType": "STRING", "configValue": "true"}
    found = json.loads(answer("POST", "", item, caller=ADMIN)["body"])
    assert (found["details"]["field"], found["details"]["suggestion"]) == ("configType", "BOOLEAN")
    own = json.loads(answer("POST", "", {**item, "configType": "BOOLEAN"}, caller=ADMIN, layer="user")["body"])
    assert own["details"]["field"] == "layer"
    networks = {"configKey": "security.ipAllowList", "configType": "JSON", "configValue": '["192.0.2.9/24"]'}
    wrong = json.loads(answer("POST", "", networks, caller=ADMIN)["body"])
    assert wrong["details"]["suggestion"] == "192.0.2.0/24"


def test_a_value_that_no_policy_can_hold_does_not_count_and_is_told() -> None:
    clients.changed("session.timeout", "5", configType="NUMBER")
    data = sent("GET")["data"]
    assert (data["sessionTimeout"], data["problems"][0]["configKey"]) == (1800, "session.timeout")


def test_what_is_planned_is_enforced_on_its_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = system_clock()
    later = (now + timedelta(hours=2)).isoformat()
    clients.changed("session.timeout", "600", configType="NUMBER", effectiveMode="SCHEDULED", effectiveTime=later)
    data = sent("GET")["data"]
    assert (data["sessionTimeout"], data["nextChangeAt"] is not None) == (1800, True)
    monkeypatch.setattr(clock, "_now", lambda _: now + timedelta(hours=2, seconds=1))
    edge.forget()
    assert sent("GET")["data"]["sessionTimeout"] == 600


def test_two_who_read_the_same_policy_do_not_overwrite_each_other() -> None:
    revision = sent("GET")["data"]["revisions"]["tenant"]
    assert changed(sessionTimeout=600, revision=revision)["status"] == 200
    found = sent("PUT", body={"sessionTimeout": 700, "revision": revision})
    assert (found["status"], found["code"]) == (409, "40902")


def test_a_second_factor_is_asked_for_at_sensitive_changes_alone() -> None:
    assert changed(mfaRequired=True)["status"] == 200
    item = {"configKey": "line.speed", "configValue": "3"}
    assert answer("POST", "", item, caller=ADMIN)["statusCode"] == 201
    assert sent("PUT", body={"sessionTimeout": 600})["details"]["error"] == "MFA_REQUIRED"
    for method, path, body in (
        ("PATCH", "/session.timeout", {"configValue": "700"}),
        ("POST", "/batch", {"configs": [{"configKey": "line.speed", "configValue": "4"}]}),
        ("DELETE", "/security.mfaRequired", None),
    ):
        assert json.loads(answer(method, path, body, caller=ADMIN)["body"])["details"]["error"] == "MFA_REQUIRED", path
    strong = replace(ADMIN, methods=("mfa",))
    assert sent("PUT", body={"sessionTimeout": 600}, caller=strong)["status"] == 200


def test_one_sees_ones_sessions_and_signs_out() -> None:
    here, there = signed_in("s1"), signed_in("s2", minutes=1)
    assert sent("GET", SESSIONS, caller=there)["status"] == 200
    data = sent("GET", SESSIONS, caller=here)["data"]
    assert [(one["sessionId"], one["isCurrent"]) for one in data["items"]] == [("s2", False), ("s1", True)]
    assert sent("DELETE", f"{SESSIONS}/current", caller=here)["data"] == {"sessionId": "s1", "userId": "admin"}
    assert sent("GET", SESSIONS, caller=here)["details"]["reason"] == "ENDED"
    assert [one["sessionId"] for one in sent("GET", SESSIONS, caller=there)["data"]["items"]] == ["s2"]
    assert sent("DELETE", f"{SESSIONS}/s1", caller=there)["status"] == 404


def test_an_administrator_ends_anothers_session_and_others_may_not() -> None:
    li = signed_in("s7", a_principal("session:own", user="li"))
    assert sent("GET", SESSIONS, caller=li)["status"] == 200
    assert sent("GET", SESSIONS, caller=li, userId="admin")["details"]["error"] == "FORBIDDEN"
    assert sent("DELETE", f"{SESSIONS}/s1", caller=li, userId="admin")["status"] == 403
    assert sent("GET", SESSIONS, userId="li")["data"]["items"][0]["sourceIp"] == OWN
    assert sent("DELETE", f"{SESSIONS}/s7", userId="li")["status"] == 200
    assert sent("GET", SESSIONS, caller=li)["status"] == 401
    other = replace(ADMIN, tenant_id="globex")
    assert sent("DELETE", f"{SESSIONS}/s7", caller=other, userId="li")["status"] == 404


def test_what_is_told_of_sessions_fits_its_schema() -> None:
    schema = json.loads((ROOT / "events/published/SessionChanged.1.0.schema.json").read_text("utf-8"))
    assert schema == {"$schema": schema["$schema"], **SessionChanged.model_json_schema()}
    li = signed_in("s7", a_principal("session:own", user="li"))
    sent("DELETE", f"{SESSIONS}/current", caller=li)
    told = stored.events("SessionChanged")
    assert sorted((one["data"]["action"], one["data"]["reason"]) for one in told) == [
        ("ENDED", "SIGNED_OUT"),
        ("STARTED", "NONE"),
    ]
    for one in told:
        jsonschema_rs.validate(schema, one["data"])
        assert one["source_service"] == SessionChanged.SOURCE


def test_every_role_may_sign_out() -> None:
    roles = json.loads((ROOT / "functions/core/authorize/roles.json").read_text("utf-8"))
    assert [role for role, names in roles.items() if "session:own" not in names] == []
