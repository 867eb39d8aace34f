"""Feature flags through their functions, down to the table (CFG-09, CFG-29, CFG-30; REQ-008 8.2.3)."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from enghub.core import audit, dynamo
from enghub.core.clock import system_clock
from enghub.settings.evaluations import wiring as evaluation_wiring
from enghub.settings.flags import wiring as flag_wiring
from enghub.settings.flags.model import Environment, FlagSet
from tests.factories.flags import OFREP, a_rule_asked, answer, data, evaluated, refused
from tests.factories.http import a_principal
from tests.factories.stored import waiting

OTHERS = a_principal("flag:read", "flag:evaluate", "flag:change", user="boss", tenant="globex")
DOCUMENTED = {"isEnabled": True, "targetRules": {"tenants": ["tenant1"], "users": ["user1", "user2"], "percentage": 50}}


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")
    for made in (evaluation_wiring.snapshots, evaluation_wiring.usage, evaluation_wiring.evaluations):
        made.cache_clear()


def a_new(flag_key: str = "new-ui", **fields: Any) -> dict[str, Any]:
    return data("POST", body={"flagKey": flag_key, "isEnabled": True, **fields})


# --- the document's own requests ---


def test_the_documented_update_and_list() -> None:
    data("POST", body={"flagKey": "new-ui"})
    found = data("PUT", "/new-ui", DOCUMENTED)
    assert (found["isEnabled"], found["flagType"], found["version"]) == (True, "TARGETING", 2)
    assert found["targetRules"] == {"tenants": ["tenant1"], "users": ["user1", "user2"], "percentage": 50}
    listed = data("GET", environment="PROD", enabled="true", flagType="TARGETING")
    assert [one["flagKey"] for one in listed["items"]] == ["new-ui"]
    assert data("GET", enabled="false")["total"] == 0
    assert data("GET", environment="DEV")["total"] == 0
    assert evaluated("new-ui", targetingKey="user1")["reason"] == "TARGETING_MATCH"


def test_types_follow_from_the_rules() -> None:
    assert a_new("a")["flagType"] == "BOOLEAN"
    assert a_new("b", targetRules={"percentage": 12.5})["flagType"] == "PERCENTAGE"
    assert (
        a_new("c", targetRules={"rules": [a_rule_asked("r", ("x", "IN", ["1"]), variant="on")]})["flagType"]
        == "TARGETING"
    )
    status, code, details = refused(
        "POST", body={"flagKey": "d", "flagType": "BOOLEAN", "targetRules": {"percentage": 5}}
    )
    assert (status, code, details["field"]) == (400, "40001", "flagType")
    assert data("PUT", "/b", {"flagType": "BOOLEAN"})["targetRules"]["percentage"] == 100


def test_variants_of_every_type_keep_their_numbers() -> None:
    values: dict[str, list[Any]] = {
        "INTEGER": [1, 10],
        "FLOAT": [1.0, 0.25],
        "STRING": ["a", "7"],
        "OBJECT": [{"rows": 3}, {"rows": 2.5}],
    }
    for kind, (one, other) in values.items():
        variants = [{"name": "one", "value": one}, {"name": "other", "value": other}]
        key = kind.lower()
        a_new(key, valueType=kind, variants=variants, defaultValue="other", targetRules={"variant": "one"})
        found = evaluated(key)
        assert (found["value"], type(found["value"])) == (one, type(one))
    raw = answer("POST", f"{OFREP}/float", {"context": {}})["body"]
    assert '"value":1.0' in raw, "a provider that wants a float refuses 1"
    status, _, details = refused(
        "POST", body={"flagKey": "big", "valueType": "INTEGER", "variants": [{"name": "a", "value": 9007199254740993}]}
    )
    assert (status, details["field"]) == (400, "variants.0.value")


# --- changes ---


def test_a_change_is_one_transaction_with_version_audit_and_event() -> None:
    a_new()
    data("PUT", "/new-ui", {**DOCUMENTED, "version": 1, "changeReason": "pilot"}, headers={"Idempotency-Key": "k-1"})
    again = answer(
        "PUT", "/new-ui", {**DOCUMENTED, "version": 1, "changeReason": "pilot"}, headers={"Idempotency-Key": "k-1"}
    )
    assert json.loads(again["body"])["data"]["version"] == 2
    kept = flag_wiring.flags().repository.get(FlagSet("acme", Environment.PROD), "new-ui")
    assert kept is not None
    entry = audit.entry("acme", "feature_flag/-/PROD/new-ui", 2)
    assert entry is not None
    assert (entry.action, entry.reason, entry.user_id) == ("feature_flag.updated", "pilot", "manager")
    assert [(json.loads(one.body)["data"]["operation"]) for one in waiting()] == ["CREATE", "UPDATE"]
    assert [one["version"] for one in data("GET", "/new-ui/versions")["items"]] == [2, 1]


def test_a_change_on_an_old_version_is_refused_and_one_without_version_is_noted() -> None:
    a_new()
    data("PUT", "/new-ui", {"isEnabled": False, "version": 1})
    assert refused("PUT", "/new-ui", {"description": "x", "version": 1})[:2] == (409, "40902")
    assert refused("PUT", "/new-ui", {"description": "x"}, headers={"If-Match": '"1"'})[:2] == (409, "40902")
    assert data("PUT", "/new-ui", {"description": "x"})["version"] == 3
    entry = audit.entry("acme", "feature_flag/-/PROD/new-ui", 3)
    assert entry is not None
    assert "no version named" in entry.reason
    assert data("PUT", "/new-ui", {"description": "x"})["version"] == 3, "what is so already stays"


def test_rolling_back_restores_exactly() -> None:
    first = a_new(targetRules={"percentage": 5})
    data(
        "PUT",
        "/new-ui",
        {"targetRules": {"percentage": 100}, "variants": [{"name": "x", "value": True}], "defaultValue": "x"},
    )
    back = data("POST", "/new-ui/rollback", {"toVersion": 1})
    shown = ("flagName", "definition", "targetRules", "ownerId")
    assert {**{name: back[name] for name in shown}, "version": 0} == {
        **{name: first[name] for name in shown},
        "definition": {**first["definition"], "version": 3},
        "version": 0,
    }
    assert refused("POST", "/new-ui/rollback", {"toVersion": 9})[0] == 404


def test_a_batch_switches_all_or_none() -> None:
    for key in ("a", "b"):
        a_new(key)
    status, code, details = refused(
        "POST", "/batch", {"flags": [{"flagKey": "a", "isEnabled": False}, {"flagKey": "zz", "isEnabled": False}]}
    )
    assert (status, code) == (422, "42201")
    assert [(one["flagKey"], one["error"]) for one in details["errors"]] == [("zz", "FLAG_NOT_FOUND")]
    assert data("GET", "/a")["isEnabled"] is True
    done = data("POST", "/batch", {"flags": [{"flagKey": key, "isEnabled": False} for key in ("a", "b")]})
    assert [(one["flagKey"], one["isEnabled"], one["version"]) for one in done["items"]] == [
        ("a", False, 2),
        ("b", False, 2),
    ]
    assert (evaluated("a")["reason"], evaluated("a")["value"]) == ("DISABLED", False)


def test_what_others_need_stays() -> None:
    a_new("base")
    a_new("child", prerequisites=[{"flag": "base", "variants": ["on"]}])
    status, code, details = refused("DELETE", "/base")
    assert (status, code, details["dependants"]) == (409, "40901", ["child"])
    assert refused("PUT", "/base", {"prerequisites": [{"flag": "child", "variants": ["on"]}]})[:2] == (422, "42201")
    assert refused("PUT", "/base", {"prerequisites": [{"flag": "gone", "variants": ["on"]}]})[0] == 422
    assert answer("DELETE", "/child", version="1")["statusCode"] == 204
    assert answer("DELETE", "/child", version="1")["statusCode"] == 204, "a repeat finds it done"
    assert answer("DELETE", "/base")["statusCode"] == 204
    assert refused("GET", "/base")[:2] == (404, "40401")
    assert a_new("base")["version"] == 3, "versions go on after a deletion"


def test_segments_are_used_and_kept_while_they_are() -> None:
    pilots = {"included": ["u-1"], "rules": [[{"attribute": "site", "operator": "IN", "values": ["sh-01"]}]]}
    assert data("PUT", "/segments/pilots", pilots)["version"] == 1
    a_new(targetRules={"rules": [a_rule_asked("p", ("", "IN_SEGMENT", ["pilots"]), variant="on")]})
    assert [evaluated("new-ui", targetingKey=user)["value"] for user in ("u-1", "u-2")] == [True, False]
    assert evaluated("new-ui", targetingKey="u-2", site="sh-01")["value"] is True
    assert refused("DELETE", "/segments/pilots")[2]["dependants"] == ["new-ui"]
    data("PUT", "/segments/pilots", {"included": ["u-2"], "version": 1})
    assert evaluated("new-ui", targetingKey="u-2")["value"] is True
    assert [one["segmentKey"] for one in data("GET", "/segments")["items"]] == ["pilots"]
    nested = {"rules": [[{"operator": "IN_SEGMENT", "values": ["pilots"]}]]}
    assert refused("PUT", "/segments/other", nested)[0] == 400


def test_the_global_layer_is_everybodys_and_the_tenants_own_flag_hides_it() -> None:
    data("POST", body={"flagKey": "new-ui", "isEnabled": True}, layer="global")
    assert evaluated("new-ui", caller=OTHERS)["value"] is True
    a_new(targetRules={"percentage": 0})
    assert evaluated("new-ui", targetingKey="u")["value"] is False
    assert evaluated("new-ui", caller=OTHERS)["value"] is True
    assert (
        refused("PUT", "/new-ui", {"isEnabled": False}, caller=OTHERS, layer="global")[2]["permission"]
        == "flag:change:global"
    )
    assert refused("GET", "/new-ui", caller=OTHERS)[0] == 404
    entry = audit.entry("*", "feature_flag/-/PROD/new-ui", 1)
    assert entry is not None
    assert entry.user_id == "acme/manager"


def test_the_tenant_is_who_signed_in_whatever_the_context_says() -> None:
    a_new(targetRules={"tenants": ["globex"]})
    assert evaluated("new-ui", tenantId="globex")["value"] is False


@pytest.mark.parametrize("key", ["1a", "a b", "batch", "RuleSet", "a" * 101, "ä"])
def test_keys_that_no_flag_can_have(key: str) -> None:
    assert refused("POST", body={"flagKey": key})[:2] == (400, "40002")


def test_a_full_set_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enghub.settings.flags.dynamo.MAX_FLAGS", 1)
    a_new("a")
    assert refused("POST", body={"flagKey": "b"})[:2] == (422, "42201")
    data("PUT", "/a", {"description": "still changes"})


# --- OFREP ---


def test_ofrep_answers_what_published_clients_need() -> None:
    a_new(targetRules={"percentage": 50, "bucketBy": "companyId"})
    found = evaluated("new-ui", targetingKey="u-1004", companyId="")
    assert found["metadata"] == {"version": 1, "reason": "NO_BUCKETING_ATTRIBUTE", "attribute": "companyId"}
    assert (found["value"], found["variant"], found["reason"]) == (False, "off", "UNKNOWN")
    missing = evaluated("nope")
    assert (missing["status"], missing["key"], missing["errorCode"]) == (404, "nope", "FLAG_NOT_FOUND")
    assert missing["errorDetails"]
    bad = answer("POST", f"{OFREP}/new-ui", {"context": 7})
    assert bad["statusCode"] == 400
    assert set(json.loads(bad["body"])) == {"key", "errorCode", "errorDetails"}
    nobody = answer("POST", f"{OFREP}/new-ui", {"context": {}}, caller=a_principal("flag:read"))
    assert (nobody["statusCode"], json.loads(nobody["body"])["errorCode"]) == (403, "GENERAL")


def test_a_second_bulk_read_is_304_until_flags_or_context_change() -> None:
    a_new("a")
    a_new("b", targetRules={"percentage": 0.001})
    body = {"context": {"targetingKey": "u-1"}}
    first = answer("POST", OFREP, body)
    (tag,) = first["multiValueHeaders"]["ETag"]
    assert [one["key"] for one in json.loads(first["body"])["flags"]] == ["a", "b"]
    same = answer("POST", OFREP, body, headers={"If-None-Match": tag}, flagConfigEtag=tag)
    assert (same["statusCode"], same["body"]) == (304, "")
    assert (
        answer("POST", OFREP, {"context": {"targetingKey": "u-2"}}, headers={"If-None-Match": tag})["statusCode"] == 200
    )
    data("PUT", "/a", {"isEnabled": False})
    evaluation_wiring.snapshots().forget()
    assert answer("POST", OFREP, body, headers={"If-None-Match": tag})["statusCode"] == 200


def test_environments_are_apart() -> None:
    data("POST", body={"flagKey": "new-ui", "isEnabled": True, "environment": "TEST"})
    assert evaluated("new-ui", environment="TEST")["value"] is True
    assert evaluated("new-ui")["status"] == 404
    assert evaluated("new-ui", environment="MARS")["status"] == 400


def test_a_warm_function_looks_once_a_second_and_goes_on_without_the_table() -> None:
    a_new()
    assert evaluated("new-ui")["value"] is True
    calls = calls_of(lambda: [answer("POST", f"{OFREP}/new-ui", {"context": {}}) for _ in range(20)])
    assert sum(calls.values()) <= 2, calls


def calls_of(act: Any) -> Counter[str]:
    calls: Counter[str] = Counter()

    def note(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    events = dynamo.connection().client.meta.events
    events.register_first("before-call.dynamodb", note)
    act()
    events.unregister("before-call.dynamodb", note)
    return calls


def test_a_client_gets_all_rules_with_an_etag() -> None:
    a_new("b")
    data("POST", body={"flagKey": "a", "isEnabled": True}, layer="global")
    data("PUT", "/segments/pilots", {"included": ["u-1"]})
    evaluation_wiring.snapshots().forget()
    first = answer("GET", "/ruleset")
    found = json.loads(first["body"])["data"]
    assert ([one["key"] for one in found["flags"]], found["tenantId"]) == (["a", "b"], "acme")
    assert found["segments"] == [{"key": "pilots", "included": ["u-1"]}]
    (tag,) = first["multiValueHeaders"]["ETag"]
    assert answer("GET", "/ruleset", headers={"If-None-Match": tag})["statusCode"] == 304


# --- why, whom, how often ---


def test_why_somebody_gets_it_now_and_why_they_did_then() -> None:
    a_new(targetRules={"rules": [a_rule_asked("cn", ("country", "IN", ["CN"]), variant="on", percentage=50)]})
    then = system_clock()
    data("PUT", "/new-ui", {"targetRules": {"percentage": 0}})
    evaluation_wiring.snapshots().forget()
    context = {"targetingKey": "u-7", "country": "CN"}
    now = data("POST", "/new-ui/explain", {"context": context})
    assert (now["value"], now["version"], now["steps"][-1]["stage"]) == (False, 2, "fallthrough")
    assert now["steps"][-1]["draw"]["limit"] == 0
    before = data("POST", "/new-ui/explain", {"context": context, "at": then.isoformat()})
    assert (before["version"], before["steps"][-1]["name"], before["changedBy"]) == (1, "cn", "manager")
    (clause,) = before["steps"][-1]["clauses"]
    assert (clause["actual"], clause["holds"]) == ("CN", True)
    assert (before["steps"][-1]["draw"]["position"] < 50_000) is before["value"]
    assert refused("POST", "/new-ui/explain", {"at": (then - timedelta(days=1)).isoformat()})[0] == 404


def test_whom_a_change_would_hit() -> None:
    a_new(targetRules={"percentage": 0})
    a_new("child", prerequisites=[{"flag": "new-ui", "variants": ["on"]}])
    for number in range(40):
        evaluated("new-ui", targetingKey=f"u-{number}")
    evaluation_wiring.usage().flush()
    wanted = {"targetRules": {"percentage": 50}}
    found = data("POST", "/new-ui/impact", wanted)
    assert found["isSample"] is True
    assert 5 <= found["subjects"] <= 40
    assert (found["percentageBefore"], found["percentageAfter"], found["dependants"]) == (0, 50, ["child"])
    given = [{"targetingKey": f"u-{number}"} for number in range(200)]
    exact = data("POST", "/new-ui/impact", {**wanted, "contexts": given})
    data("PUT", "/new-ui", wanted)
    really = sum(evaluated("new-ui", targetingKey=one["targetingKey"])["value"] for one in given[:50])
    assert sum(one["context"] in given[:50] for one in exact["examples"]) <= really
    assert 70 < exact["changedSubjects"] < 130
    assert exact["moves"] == [{"variant": "off", "toVariant": "on", "subjects": exact["changedSubjects"]}]


def test_counts_by_day_and_variant_also_of_clients_in_process() -> None:
    a_new()
    for _ in range(3):
        evaluated("new-ui", targetingKey="u")
    evaluation_wiring.usage().flush()
    assert data("POST", "/statistics", {"counts": {"new-ui": {"on": 5, "zz": 1}, "gone": {"on": 9}}}) == {"counted": 5}
    found = data("GET", "/new-ui/statistics")
    assert (found["total"], found["variants"], len(found["days"])) == (8, {"on": 8}, 1)


def test_stale_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    a_new("used", targetRules={"percentage": 5})
    a_new("unused", ownerId="emp-7", targetRules={"percentage": 5})
    a_new("everybody")
    later = system_clock() + timedelta(days=40)
    assert data("GET", "/stale")["items"] == []
    monkeypatch.setattr("enghub.core.calls.system_clock", lambda: later)
    monkeypatch.setattr(evaluation_wiring.usage(), "now", lambda: later)
    for key in ("used", "everybody"):
        evaluated(key, targetingKey="u")
    evaluation_wiring.usage().flush()
    found = {one["flagKey"]: one for one in data("GET", "/stale", days="30")["items"]}
    assert {key: one["reasons"] for key, one in found.items()} == {
        "unused": ["NOT_EVALUATED"],
        "everybody": ["SAME_FOR_ALL"],
    }
    assert found["unused"]["ownerId"] == "emp-7"
