"""Business rules: kept with their tests, proved before they decide, told to those who decide by them (CFG-15)."""

import json
from typing import Any

import jsonschema_rs
import pytest

from enghub.core import audit, clock
from enghub.core.clock import system_clock
from enghub.settings import approval_wiring, rule_wiring
from enghub.settings.configs import wiring
from enghub.settings.published import BusinessRuleActivated
from tests.factories.handlers import ROOT
from tests.factories.http import a_principal
from tests.factories.rules import MANAGER, MANY, NIGHT, NOBODY, ROWS, a_rule, data, decides, sent
from tests.factories.stored import waiting

KEY = "/dispatch.night"
ACTIVATE = f"{KEY}/activate"


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")
    for made in (wiring.approving, rule_wiring.rules, rule_wiring.rule_reader, approval_wiring.approving):
        made.cache_clear()


def put(**fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = data("PUT", KEY, a_rule(**fields))
    return found


def events() -> list[dict[str, Any]]:
    sent_out = [json.loads(record.body) for record in waiting()]
    return [one["data"] for one in sent_out if one.get("event_type") == "BusinessRuleActivated"]


# --- versions ---


def test_a_rule_decides_nothing_before_it_is_activated() -> None:
    made = put()
    assert (made["version"], made["activeVersion"], made["shown"]["table"]["policy"]) == (1, 0, "UNIQUE")
    assert events() == []
    done = data("POST", ACTIVATE, {"version": 1, "changeReason": "first"})
    assert (done["activeVersion"], done["activatedBy"]) == (1, "manager")
    assert data("GET", KEY)["activeVersion"] == 1
    assert [one["ruleKey"] for one in data("GET", "")["items"]] == ["dispatch.night"]


def test_a_next_version_waits_beside_the_one_that_decides_and_an_earlier_one_can_come_back() -> None:
    put()
    data("POST", ACTIVATE, {"version": 1})
    other = [{**ROWS[0], "then": {"line": "'L9'", "hours": "1"}}, ROWS[1]]
    many = {**MANY, "expect": [{"line": "L9", "hours": 1}]}
    assert put(rows=other, tests=[many, NIGHT], version=1)["activeVersion"] == 1
    data("POST", ACTIVATE, {"version": 2})
    data("POST", ACTIVATE, {"version": 1})
    assert [one["version"] for one in data("GET", f"{KEY}/versions")["items"]] == [2, 1]
    assert data("GET", KEY, version="1")["shown"]["table"]["rows"] == ROWS
    assert data("POST", f"{KEY}/deactivate", {})["activeVersion"] == 0
    assert sorted((one["previous_version"], one["active_version"]) for one in events()) == [
        *[(0, 1), (1, 0), (1, 2), (2, 1)]
    ]


def test_a_repeat_makes_no_version_and_an_outdated_one_is_refused() -> None:
    assert put()["version"] == put()["version"] == 1
    put(name="Another", version=1)
    assert put(name="Another", version=1)["version"] == 2, "sent again"
    status, body = sent("PUT", KEY, a_rule(name="Third", version=1))
    assert (status, body["code"], body["details"]["actual"]) == (409, "40902", 2)


# --- what cannot be evaluated ---


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"when": {"qty": "> > 3"}, "then": ROWS[0]["then"]}], "row 1, column qty"),
        ([ROWS[0], {"when": {}, "then": {"line": "'L2'"}}], "row 2, column hours"),
        ([{"when": {"colour": "'red'"}, "then": ROWS[0]["then"]}], "row 1, column colour"),
        ([{"when": {}, "then": {"line": "rand(3)", "hours": "1"}}], "row 1, column line"),
    ],
)
def test_a_cell_that_cannot_be_used_is_named_by_row_and_column(rows: list[Any], said: str) -> None:
    status, body = sent("PUT", KEY, a_rule(rows=rows))
    assert (status, body["code"], body["details"]["field"]) == (422, "42201", said)
    assert sent("GET", KEY)[0] == 404, "nothing was written"


def test_a_simulation_names_the_cell_that_fails_and_stores_nothing() -> None:
    put()
    cases = [{"qty": 150, "shift": "day"}, {"qty": "many", "shift": "day"}, {"shift": "day"}, NOBODY["inputs"]]
    found = data("POST", f"{KEY}/simulate", {"cases": cases})["outcomes"]
    assert (found[0]["rows"], found[0]["results"], found[0]["problem"]) == ([1], [{"line": "L1", "hours": 3}], "")
    assert "row 1, column qty" in found[1]["problem"]
    assert "row 1, column qty" in found[2]["problem"]
    assert (found[3]["rows"], found[3]["results"]) == ([], [])
    thought = {
        "inputs": ["qty"],
        "outputs": ["fit"],
        "policy": "COLLECT",
        "rows": [{"when": {"qty": "> 1"}, "then": {"fit": "'a'"}}, {"when": {"qty": "> 2"}, "then": {"fit": "'b'"}}],
    }
    (case,) = data("POST", f"{KEY}/simulate", {"cases": [{"qty": 3}], "table": thought})["outcomes"]
    assert case["results"] == [{"fit": "a"}, {"fit": "b"}]
    assert data("GET", KEY)["version"] == 1


# --- proof ---


@pytest.mark.parametrize(
    ("tests", "failures", "rows"),
    [
        ([], 0, "1, 2"),
        ([MANY], 0, "2"),
        ([MANY, {**NIGHT, "expect": [{"line": "L3", "hours": 8}]}], 1, "-"),
        ([MANY, NIGHT, {**NOBODY, "expect": [{"line": "L1", "hours": 1}]}], 1, "-"),
        ([MANY, NIGHT, {**MANY, "name": "none fits", "expect": []}], 1, "-"),
        ([MANY, NIGHT, {**NOBODY, "inputs": {"qty": "few", "shift": "day"}}], 1, "-"),
        ([MANY, {**NIGHT, "expect": [{"line": "L2", "hours": True}]}], 1, "-"),
    ],
)
def test_only_what_its_tests_prove_in_every_row_may_decide(tests: list[Any], failures: int, rows: str) -> None:
    put(tests=tests)
    proof = data("POST", f"{KEY}/test")
    assert (proof["proved"], proof["failed"]) == (False, failures)
    status, body = sent("POST", ACTIVATE, {"version": 1})
    assert (status, body["code"]) == (422, "42201")
    assert (body["details"]["failures"], body["details"]["rows"]) == (failures, rows)
    assert rows == (", ".join(map(str, body["details"]["neverReached"])) or "-")
    assert len(body["details"]["failed"]) == failures
    assert data("GET", KEY)["activeVersion"] == 0


def test_a_proof_tells_what_each_test_expected_and_got() -> None:
    put(tests=[MANY, {**NIGHT, "expect": [{"line": "L3", "hours": 8}]}])
    first, second = data("POST", f"{KEY}/test")["tested"]
    assert (first["passed"], first["rows"]) == (True, [1])
    assert (second["passed"], second["expect"], second["results"]) == (
        *(False, [{"line": "L3", "hours": 8}]),
        [{"line": "L2", "hours": 8}],
    )


# --- told, audited, approved ---


def test_who_decides_by_it_is_told_the_whole_rule() -> None:
    put()
    data("POST", ACTIVATE, {"version": 1})
    (event,) = events()
    schema = json.loads((ROOT / "events/published/BusinessRuleActivated.1.0.schema.json").read_text("utf-8"))
    assert schema == {"$schema": schema["$schema"], **BusinessRuleActivated.model_json_schema()}
    jsonschema_rs.validate(schema, event)
    assert json.loads(event["table"])["rows"] == ROWS
    entries = audit.history("acme", "business_rule/-/dispatch.night")
    assert [one.action for one in entries] == ["business_rule.created", "business_rule.activated"]


def test_an_activation_waits_for_others_where_a_rule_of_approval_says_so() -> None:
    put()
    rule = {"stages": [{"name": "second", "roles": ["SECOND"]}], "kinds": ["rule"], "categories": ["DISPATCH"]}
    decides("PUT", "/api/v1/settings/approval-rules/dispatch", rule)
    status, body = sent("POST", ACTIVATE, {"version": 1}, headers={"Idempotency-Key": "k-1"})
    assert status == 202
    again = sent("POST", ACTIVATE, {"version": 1}, headers={"Idempotency-Key": "k-1"})
    request = body["data"]
    assert again[0] == 202
    assert again[1]["data"]["requestId"] == request["requestId"]
    assert request["preview"][0]["after"] == {"activeVersion": 1}
    assert data("GET", KEY)["activeVersion"] == 0
    path = f"/api/v1/settings/change-requests/{request['requestId']}/approve"
    decides("POST", path, {"seen": request["seen"]})
    found = data("GET", KEY)
    assert (found["activeVersion"], found["activatedBy"], found["changeRequestId"]) == (
        1,
        "manager",
        request["requestId"],
    )
    assert [one["active_version"] for one in events()] == [1]


def test_a_change_made_at_once_goes_back_when_it_is_not_approved() -> None:
    put()
    rule = {"stages": [{"name": "second", "roles": ["SECOND"]}], "kinds": ["rule"]}
    decides("PUT", "/api/v1/settings/approval-rules/all", rule)
    data("POST", ACTIVATE, {"version": 1, "breakGlass": True, "changeReason": "the line stands"})
    assert data("GET", KEY)["activeVersion"] == 1
    (request,) = decides("GET", "/api/v1/settings/change-requests")["items"]
    path = f"/api/v1/settings/change-requests/{request['requestId']}/reject"
    decides("POST", path, {"seen": request["seen"], "comment": "no"})
    assert data("GET", KEY)["activeVersion"] == 0


def test_each_layer_and_tenant_has_its_own() -> None:
    put()
    data("PUT", KEY, a_rule(name="For everybody"), layer="global")
    assert data("GET", KEY, layer="global")["name"] == "For everybody"
    other = a_principal(*MANAGER.permissions, tenant="globex")
    assert sent("GET", KEY, caller=other)[0] == 404
    reader = a_principal("business_rule:read")
    assert sent("PUT", KEY, a_rule(), caller=reader)[1]["details"]["permission"] == "business_rule:change"


def test_an_explanation_says_whose_version_decides_and_what_each_cell_saw() -> None:
    data("PUT", "/dispatch.night", a_rule(changeReason="first"))
    data("POST", "/dispatch.night/activate", {"version": 1})
    then = clock.to_text(system_clock())
    data("PUT", "/dispatch.night", a_rule(name="of all", tests=[MANY, NIGHT]), layer="global")
    data("POST", "/dispatch.night/activate", {"version": 1}, layer="global")
    why = data("POST", "/dispatch.night/explain", {"inputs": {"qty": 5, "shift": "night"}})
    assert (why["layer"], why["version"], why["writtenBy"], why["changeReason"]) == ("tenant", 1, "manager", "first")
    assert why["outcome"]["results"] == [{"line": "L2", "hours": 8}]
    assert [(one["row"], one["fits"]) for one in why["rows"]] == [(2, True), (1, False)]
    assert why["rows"][1]["cells"] == [{"column": "qty", "test": "> 100", "actual": 5, "holds": False, "problem": ""}]
    data("POST", "/dispatch.night/deactivate", {})
    now = data("POST", "/dispatch.night/explain", {"inputs": {"qty": 5}})
    assert (now["layer"], now["writtenBy"]) == ("global", "acme/manager")
    assert "shift" in now["rows"][1]["cells"][-1]["problem"], "the cell that could not judge names its column"
    past = data("POST", "/dispatch.night/explain", {"inputs": {"qty": 5, "shift": "night"}, "at": then})
    assert (past["layer"], past["activatedBy"]) == ("tenant", "manager")
    assert sent("POST", "/other/explain", {"inputs": {}})[0] == 404
    early = {"inputs": {}, "at": "2020-01-01T00:00:00Z"}
    assert sent("POST", "/dispatch.night/explain", early)[0] == 404
