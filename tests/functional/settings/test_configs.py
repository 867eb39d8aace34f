"""Configuration items through their functions, down to the table (CFG-01 to CFG-04)."""

import json
from typing import Any

import pytest

from enghub.core import audit
from enghub.core.clock import system_clock
from enghub.core.dynamo import Record, key
from tests.factories.http import a_principal
from tests.factories.settings import ADMIN, EVERYTHING, SESSION_TIMEOUT, answer
from tests.factories.stored import waiting


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")


def send(*args: Any, **kwargs: Any) -> tuple[int, dict[str, Any]]:
    found = answer(*args, **kwargs)
    return found["statusCode"], json.loads(found["body"])


def data(*args: Any, **kwargs: Any) -> dict[str, Any]:
    status, body = send(*args, **kwargs)
    assert status < 300, body
    found: dict[str, Any] = body["data"]
    return found


def refused(*args: Any, **kwargs: Any) -> tuple[int, str, dict[str, Any]]:
    status, body = send(*args, **kwargs)
    assert not body["success"], body
    return status, body["code"], body["details"]


def text(config_key: str, value: str, **fields: Any) -> dict[str, Any]:
    return {"configKey": config_key, "configValue": value, **fields}


# --- layers (CFG-01) ---


def test_the_nearest_layer_answers_and_the_answer_says_which() -> None:
    data("POST", body=SESSION_TIMEOUT, layer="global")
    assert data("GET", "/session.timeout")["layer"] == "global"
    data("POST", body=text("session.timeout", "1800", configType="NUMBER"), layer="tenant")
    data("POST", body=text("session.timeout", "900", configType="NUMBER"), layer="user")
    found = data("GET", "/session.timeout")
    assert (found["configValue"], found["layer"]) == ("900", "user")
    assert [(shown["layer"], shown["answers"]) for shown in found["layers"]] == [
        ("user", True),
        ("tenant", False),
        ("global", False),
    ]


def test_an_inactive_or_expired_item_lets_the_next_layer_answer() -> None:
    data("POST", body=text("theme", "grey"), layer="global")
    data("POST", body=text("theme", "blue"), layer="tenant")
    data("PATCH", "/theme", {"isActive": False, "version": 1})
    found = data("GET", "/theme")
    assert found["configValue"] == "grey"
    assert found["layers"][0]["state"] == "inactive"


def test_another_tenant_sees_the_global_layer_and_nothing_of_ours() -> None:
    data("POST", body=text("theme", "grey"), layer="global")
    data("POST", body=text("theme", "blue"))
    data("POST", body=text("ours", "1"))
    other = a_principal("config:read", tenant="globex")
    assert data("GET", "/theme", caller=other)["configValue"] == "grey"
    assert refused("GET", "/ours", caller=other)[:2] == (404, "40401")
    assert data("GET", caller=other)["total"] == 0


def test_the_user_layer_is_the_callers_own() -> None:
    data("POST", body=text("theme", "dark"), layer="user")
    colleague = a_principal("config:read", *EVERYTHING, user="emp-002")
    assert refused("GET", "/theme", caller=colleague)[0] == 404
    assert refused("DELETE", "/theme", caller=colleague, layer="user", version="1")[0] == 404


def test_an_override_keeps_the_type_and_the_rule_of_the_layer_above() -> None:
    data("POST", body=SESSION_TIMEOUT, layer="global")
    assert refused("POST", body=text("session.timeout", "soon"))[2]["field"] == "configType"
    status, code, details = refused("POST", body=text("session.timeout", "5", configType="NUMBER"))
    assert (status, code) == (400, "40003")
    assert details["validationRule"] == {"type": "range", "min": 300, "max": 86400}


# --- who may (CFG-03) ---


@pytest.mark.parametrize(
    ("method", "path", "body", "layer", "missing"),
    [
        ("POST", "", text("a", "1"), "global", "config:create:global"),
        ("PUT", "/a", {"configValue": "1", "version": 1}, "global", "config:update:global"),
        ("DELETE", "/a", None, "global", "config:delete:global"),
        ("POST", "/batch", {"configs": [text("a", "1", version=1)]}, "global", "config:update:global"),
        ("POST", "", text("a", "1"), "user", "config:create:own"),
        ("GET", "/a", None, "global", "config:read"),
    ],
)
def test_a_missing_permission_is_named_and_kept_in_the_audit(
    method: str, path: str, body: Any, layer: str, missing: str
) -> None:
    caller = a_principal("config:create", "config:update", "config:delete", user="mallory")
    status, code, details = refused(method, path, body, caller=caller, layer=layer)
    assert (status, code, details["permission"]) == (403, "40301", missing)
    (refusal,) = audit.refusals("acme", system_clock().strftime("%Y-%m-%d"))
    assert (refusal.user_id, refusal.error) == ("mallory", "FORBIDDEN")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_naming_a_foreign_tenant_is_refused_and_audited(method: str) -> None:
    body = text("a", "1") if method == "POST" else None
    path = "/a" if method == "DELETE" else ""
    assert refused(method, path, body, tenantId="globex")[:2] == (403, "40301")
    assert len(audit.refusals("acme", system_clock().strftime("%Y-%m-%d"))) == 1


def test_naming_the_own_tenant_is_fine() -> None:
    assert data("GET", tenantId="acme")["items"] == []


# --- create and validate (CFG-02) ---


def test_a_created_item_comes_back_with_everything() -> None:
    created = data("POST", body=SESSION_TIMEOUT | {"category": "security"})
    found = data("GET", "/session.timeout", layer="tenant")
    assert found == created
    assert {**SESSION_TIMEOUT, "category": "security"}.items() <= found.items()
    assert (found["version"], found["createdBy"], found["isActive"], found["isEncrypted"]) == (1, "admin", True, False)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (text("1st", "x"), "40002", "configKey"),
        (text("a/b", "x"), "40002", "configKey"),
        (text("a" * 256, "x"), "40002", "configKey"),
        (text("batch", "x"), "40002", "configKey"),
        (text("a", "ten", configType="NUMBER"), "40001", "configValue"),
        (text("a", "NaN", configType="NUMBER"), "40001", "configValue"),
        (text("a", "True", configType="BOOLEAN"), "40001", "configValue"),
        (text("a", "{", configType="JSON"), "40001", "configValue"),
        (text("a", '{"a":1,"a":2}', configType="JSON"), "40001", "configValue"),
        (text("a", "<a>", configType="XML"), "40001", "configValue"),
        (text("a", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', configType="XML"), "40001", "configValue"),
        (text("a", "x" * 32_769), "40001", "configValue"),
        (text("a", "bell\u0007"), "40001", "configValue"),
        (text("a", "x", effectiveMode="SCHEDULED"), "40001", "effectiveTime"),
        (text("a", "x", effectiveMode="SCHEDULED", effectiveTime="2020-01-01T00:00:00Z"), "40001", "effectiveTime"),
        (text("a", "x", effectiveMode="SCHEDULED", effectiveTime="2030-01-01T00:00:00"), "40001", "effectiveTime"),
        (text("a", "x", timeZone="Mars/Olympus"), "40001", "timeZone"),
        (text("a", "x", effectiveTime="2030-01-01T00:00:00Z"), "40001", "effectiveTime"),
        (text("a", "x", expireTime="2020-01-01T00:00:00Z"), "40001", "expireTime"),
        (text("a", "x", templateId="t"), "40001", "templateId"),
        (text("a", "x", configType="BINARY"), "40001", "configType"),
        (text("a", "x", validationRule={"type": "magic"}), "40001", "validationRule"),
        (text("a", "x", validationRule={"type": "pattern", "pattern": "(?=x)"}), "40001", "validationRule"),
        (text("a", "x", validationRule={"type": "range", "min": 1}), "40001", "validationRule"),
        (text("a", "x", validationRule={"type": "enum", "values": ["y"]}), "40003", "configValue"),
        (text("a", "5", configType="NUMBER", validationRule={"type": "range", "min": 6}), "40003", "configValue"),
        (text("a", "${b}"), "42201", None),
        (text("a", "${a}"), "42201", None),
    ],
)
def test_what_is_not_valid_is_refused_with_its_code_and_field(body: Any, code: str, field: str | None) -> None:
    _, found, details = refused("POST", body=body)
    assert (found, details.get("field")) == (code, field)
    assert data("GET")["total"] == 0


@pytest.mark.parametrize(
    ("config_type", "value", "rule"),
    [
        ("JSON", '{"retries": 3}', {"type": "schema", "schema": {"properties": {"retries": {"maximum": 5}}}}),
        ("XML", "<limits><retries>3</retries></limits>", None),
        ("STRING", "db.host=localhost\ndb.port = 5432\n", {"type": "properties", "required": ["db.host"]}),
        ("STRING", "  kept as it is  ", None),
        ("NUMBER", "0.1", {"type": "range", "min": 0.1}),
        ("STRING", "#1890ff", {"type": "pattern", "pattern": "^#[0-9A-Fa-f]{6}$"}),
    ],
)
def test_every_format_is_accepted_and_comes_back_unchanged(config_type: str, value: str, rule: Any) -> None:
    data("POST", body=text("a", value, configType=config_type, validationRule=rule))
    found = data("GET", "/a")
    assert (found["configValue"], found["validationRule"]) == (value, rule)


def test_a_key_is_unique_within_its_layer() -> None:
    data("POST", body=SESSION_TIMEOUT)
    other = a_principal("config:read", *EVERYTHING, user="somebody-else")
    status, code, details = refused("POST", body=SESSION_TIMEOUT, caller=other)
    assert (status, code, details["error"]) == (409, "40901", "CONFIG_EXISTS")
    assert refused("POST", body={**SESSION_TIMEOUT, "configValue": "301"})[1] == "40901"
    data("PATCH", "/session.timeout", {"configValue": "302", "version": 1})
    assert refused("POST", body=SESSION_TIMEOUT)[1] == "40901"


def test_a_creation_sent_again_because_its_answer_was_lost_gets_the_item() -> None:
    first = data("POST", body=SESSION_TIMEOUT)
    assert data("POST", body=SESSION_TIMEOUT) == first
    assert len(waiting()) == 1


def test_a_batch_sent_again_because_its_answer_was_lost_gets_what_it_made() -> None:
    data("POST", body=text("a", "1"))
    data("POST", body=text("b", "1"))
    batch = {"configs": [text("a", "2", version=1), text("b", "2", version=1)]}
    first = data("POST", "/batch", batch)
    assert data("POST", "/batch", batch) == first
    assert len(waiting()) == 4
    half = {"configs": [text("a", "2", version=1), text("b", "3", version=1)]}
    assert refused("POST", "/batch", half)[1] == "42201"
    other = a_principal("config:read", *EVERYTHING, user="somebody-else")
    assert refused("POST", "/batch", batch, caller=other)[1] == "42201"


def test_the_same_idempotency_key_gets_the_first_answer_again() -> None:
    first = data("POST", body=SESSION_TIMEOUT, headers={"Idempotency-Key": "k"})
    assert data("POST", body=SESSION_TIMEOUT, headers={"Idempotency-Key": "k"}) == first
    elsewhere = data("POST", body=SESSION_TIMEOUT, headers={"Idempotency-Key": "k"}, layer="global")
    assert elsewhere["layer"] == "global"


def test_two_users_with_the_same_idempotency_key_do_not_meet_in_their_own_layers() -> None:
    colleague = a_principal("config:read", *EVERYTHING, user="emp-002")
    data("POST", body=text("theme", "dark"), layer="user", headers={"Idempotency-Key": "k"})
    mine = data("POST", body=text("theme", "dark"), layer="user", headers={"Idempotency-Key": "k"}, caller=colleague)
    assert mine["createdBy"] == "emp-002"


# --- change on the version that was read (CFG-04) ---


def test_put_replaces_and_patch_keeps_what_is_left_out() -> None:
    data("POST", body=SESSION_TIMEOUT)
    patched = data("PATCH", "/session.timeout", {"configValue": "7200", "version": 1, "changeReason": "longer"})
    assert (patched["configValue"], patched["version"], patched["tags"]) == ("7200", 2, ["security", "session"])
    put = data("PUT", "/session.timeout", {"configValue": "600", "version": 2})
    assert (put["tags"], put["description"]) == ([], "")
    assert (put["configType"], put["validationRule"]["max"]) == ("NUMBER", 86400)
    without_rule = data("PUT", "/session.timeout", {"configValue": "1", "version": 3, "validationRule": None})
    assert without_rule["validationRule"] is None


def test_the_version_may_come_as_if_match() -> None:
    data("POST", body=SESSION_TIMEOUT)
    etag = answer("GET", "/session.timeout", layer="tenant")["multiValueHeaders"]["ETag"][0]
    assert data("PATCH", "/session.timeout", {"configValue": "301"}, headers={"If-Match": etag})["version"] == 2
    assert refused("PATCH", "/session.timeout", {"configValue": "302"}, headers={"If-Match": etag})[1] == "40902"


@pytest.mark.parametrize("headers", [{"If-Match": "*"}, {"If-Match": '"global.1"'}, {"If-Match": '"tenant.9"'}])
def test_a_change_without_a_clear_version_is_refused(headers: dict[str, str]) -> None:
    data("POST", body=SESSION_TIMEOUT)
    body = {"configValue": "301"} | ({"version": 1} if headers.get("If-Match") == '"tenant.9"' else {})
    assert refused("PATCH", "/session.timeout", body, headers=headers)[1] == "40001"
    assert data("GET", "/session.timeout")["version"] == 1


def test_a_conflict_shows_base_yours_theirs_and_a_merge_that_can_be_sent() -> None:
    document = '{"retries": 3, "timeout": 10}'
    data("POST", body=text("client", document, configType="JSON"))
    data("PATCH", "/client", {"configValue": '{"retries": 5, "timeout": 10}', "version": 1})
    colleague = a_principal("config:read", *EVERYTHING, user="emp-002")
    mine = {"configValue": '{"retries": 3, "timeout": 20}', "version": 1}
    status, code, details = refused("PATCH", "/client", mine, caller=colleague)
    assert (status, code, details["expected"], details["actual"]) == (409, "40902", 1, 2)
    values = [details[side]["configValue"] for side in ("base", "yours", "theirs")]
    assert values == [document, mine["configValue"], '{"retries": 5, "timeout": 10}']
    merge = details["merge"]
    assert (merge["clean"], merge["conflicts"]) == (True, [])
    assert json.loads(merge["proposal"]["configValue"]) == {"retries": 5, "timeout": 20}
    merged = data("PUT", "/client", {**merge["proposal"], "version": merge["version"]}, caller=colleague)
    assert merged["version"] == 3


def test_a_conflict_in_one_place_is_named() -> None:
    data("POST", body=text("client", '{"retries": 3}', configType="JSON"))
    data("PATCH", "/client", {"configValue": '{"retries": 5}', "version": 1})
    colleague = a_principal("config:read", *EVERYTHING, user="emp-002")
    details = refused("PATCH", "/client", {"configValue": '{"retries": 7}', "version": 1}, caller=colleague)[2]
    assert details["merge"]["conflicts"] == [
        {"path": "configValue/retries", "base": 3, "yours": 7, "theirs": 5, "absent": []}
    ]


def test_the_repeat_of_a_change_whose_answer_was_lost_gets_that_answer() -> None:
    data("POST", body=SESSION_TIMEOUT)
    body = {"configValue": "7200", "version": 1}
    first = data("PATCH", "/session.timeout", body)
    assert data("PATCH", "/session.timeout", body) == first
    gone = data("DELETE", "/session.timeout", version="2")
    assert data("DELETE", "/session.timeout", version="2") == gone


# --- delete, references (CFG-26) ---


def test_deletion_is_soft_and_a_new_item_goes_on_counting() -> None:
    data("POST", body=SESSION_TIMEOUT)
    assert data("DELETE", "/session.timeout", version="1", changeReason="unused")["isDeleted"]
    assert refused("GET", "/session.timeout")[:2] == (404, "40401")
    assert refused("PATCH", "/session.timeout", {"configValue": "400", "version": 2})[0] == 404
    assert data("GET")["total"] == 0
    assert data("POST", body=SESSION_TIMEOUT)["version"] == 3


def test_an_item_that_others_refer_to_is_not_deleted() -> None:
    data("POST", body=text("host", "plm.example"), layer="global")
    data("POST", body=text("url", "https://${host}/api"))
    status, code, details = refused("DELETE", "/host", layer="global", version="1")
    assert (status, code) == (409, "40901")
    assert details["dependants"] == [{"configKey": "url", "layer": "tenant", "userId": ""}]
    data("PATCH", "/url", {"configValue": "https://plm.example", "version": 1})
    data("DELETE", "/host", layer="global", version="1")


def test_references_never_go_in_a_circle() -> None:
    data("POST", body=text("a", "1"))
    data("POST", body=text("b", "${a}"))
    data("POST", body=text("c", "${b}"))
    assert refused("PATCH", "/a", {"configValue": "${c}", "version": 1})[1] == "42201"


# --- conditional reads ---


def test_an_unchanged_value_is_answered_without_a_body() -> None:
    data("POST", body=text("theme", "blue"))
    etag = answer("GET", "/theme")["multiValueHeaders"]["ETag"][0]
    again = answer("GET", "/theme", headers={"If-None-Match": f'"other", W/{etag}'})
    assert (again["statusCode"], again["body"]) == (304, "")
    data("POST", body=text("theme", "dark"), layer="user")
    assert answer("GET", "/theme", headers={"If-None-Match": etag})["statusCode"] == 200


# --- what goes with every change ---


def test_every_change_leaves_an_audit_entry_and_an_event() -> None:
    data("POST", body=SESSION_TIMEOUT)
    data("PATCH", "/session.timeout", {"configValue": "7200", "version": 1, "changeReason": "longer shifts"})
    data("DELETE", "/session.timeout", version="2")
    entries = audit.history("acme", "config/-/tenant/-/session.timeout")
    assert [entry.action for entry in entries] == ["config.created", "config.updated", "config.deleted"]
    assert audit.broken_at(entries) is None
    changed = entries[1]
    assert (changed.before["configValue"], changed.after["configValue"]) == ("3600", "7200")
    assert (changed.user_id, changed.reason, changed.source_ip) == ("admin", "longer shifts", "192.0.2.7")
    events = [json.loads(record.body) for record in waiting()]
    assert [(e["event_type"], e["data"]["operation"], e["data"]["version"]) for e in events] == [
        ("ConfigurationChanged", "CREATE", 1),
        ("ConfigurationChanged", "UPDATE", 2),
        ("ConfigurationChanged", "DELETE", 3),
    ]
    assert events[1]["data"]["fields"] == ["configValue"]
    assert "7200" not in json.dumps(events)


def test_a_change_of_the_global_layer_has_one_chain_whoever_makes_it() -> None:
    data("POST", body=text("theme", "grey"), layer="global")
    other = a_principal(*EVERYTHING, tenant="globex", user="admin")
    data("PATCH", "/theme", {"configValue": "white", "version": 1}, layer="global", caller=other)
    entries = audit.history("*", "config/-/global/-/theme")
    assert [entry.user_id for entry in entries] == ["acme/admin", "globex/admin"]
    assert audit.broken_at(entries) is None


def test_a_refused_change_leaves_nothing() -> None:
    data("POST", body=SESSION_TIMEOUT)
    refused("PATCH", "/session.timeout", {"configValue": "5", "version": 1})
    assert len(audit.history("acme", "config/-/tenant/-/session.timeout")) == 1
    assert len(waiting()) == 1


def test_the_admin_of_these_tests_writes_under_their_own_tenant() -> None:
    data("POST", body=SESSION_TIMEOUT)
    assert Record.read(key("T", ADMIN.tenant_id, "CONFIG", "tenant", "", "session.timeout"), "ITEM") is not None


def test_a_refusal_is_told_in_one_language() -> None:
    body = {**SESSION_TIMEOUT, "effectiveMode": "SCHEDULED"}
    status, answered = send("POST", body=body, headers={"Accept-Language": "zh-CN"})
    assert (status, answered["details"]["field"]) == (400, "effectiveTime")
    assert answered["message"] == "effectiveTime 无效：effectiveMode 为 SCHEDULED 时必须填写生效时间"
