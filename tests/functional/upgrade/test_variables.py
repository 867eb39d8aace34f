"""One manifest, other values in TEST, in PROD and at a site (UPG-01, UPG-16)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from enghub.upgrade.manifests.variables import Variable, VariableValue, filled, filled_in, values_of
from tests.factories.upgrade import baseline, step
from tests.functional.upgrade.conftest import Upgrade

SCRIPT = "CREATE TABLE t (who TEXT, kept TEXT);\nINSERT INTO t VALUES ('${owner}', '${other}');"
OWNER = {"owner": {"default": "app", "environments": {"prod": "app_prod"}}}
WAIVER = "the values of production are tried here"


def push(upgrade: Upgrade, variables: dict[str, Any], **more: Any) -> None:
    steps = [
        step("enghub.SqlScripts", "s", sql_scripts=["s.sql"], rollback_scripts=["back.sql"]),
        *more.get("steps", ()),
    ]
    document = baseline(variables=variables, upgrade_steps={"startup_pre_process": steps})
    upgrade.upload(document, {"s.sql": SCRIPT, "back.sql": "DROP TABLE t; CREATE TABLE gone_${owner} (id INTEGER);"})


@pytest.mark.parametrize(
    ("environment", "own", "expected"),
    [
        ("test", {}, "app"),
        ("prod", {}, "app_prod"),
        ("prod", {"owner": "app_eu", "unused": "x"}, "app_eu"),
    ],
)
def test_the_site_comes_before_the_environment_and_that_before_the_default(
    upgrade: Upgrade, environment: str, own: dict[str, str], expected: str
) -> None:
    upgrade.site(variables=own)
    push(upgrade, OWNER)
    execution_id = upgrade.started("2.16.5", environment=environment, promotionWaiver=WAIVER)
    assert upgrade.work(execution_id) == "SUCCEEDED"
    assert upgrade.sql("SELECT who, kept FROM t") == [(expected, "${other}")]


def test_a_plan_shows_the_values_and_a_rollback_has_them_too(upgrade: Upgrade) -> None:
    upgrade.site()
    broken = step("enghub.SqlScripts", "z", sql_scripts=["s.sql"], dependencies=["s"])
    push(upgrade, OWNER, steps=[broken])
    body = {"upgradeBeforeVersion": "2.16.4", "upgradeAfterVersion": "2.16.5", "siteId": "EU", "environment": "prod"}
    plan = upgrade.send("plan_upgrade", "POST", "/api/v1/upgrade/plan", body)[1]["data"]
    assert plan["variables"] == [{"version": "2.16.5", "name": "owner", "value": "app_prod"}]
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "FAILED"
    assert upgrade.roll_back(execution_id)[0] == 202
    assert upgrade.work_back(execution_id) == "ROLLED_BACK"
    assert upgrade.sql("SELECT name FROM sqlite_master WHERE name LIKE 'gone%'") == [("gone_app",)]


def test_a_variable_without_a_value_is_refused_before_anything_runs(upgrade: Upgrade) -> None:
    upgrade.site()
    push(upgrade, {"owner": {"environments": {"prod": "x"}}})
    status, answer = upgrade.execute("2.16.5")
    assert status == 422
    assert "These variables have no value for site EU in test: 2.16.5: owner" in answer["message"]


def test_parameters_are_filled_and_judged_as_they_will_be(upgrade: Upgrade) -> None:
    upgrade.site(variables={"owner": "app", "host": "no host"})
    declared: dict[str, Any] = {**OWNER, "host": {"default": "mq.example"}}
    check = {"name": "up", "url": "https://${host}/health"}
    push(upgrade, declared, steps=[step("enghub.HealthChecks", "h", health_checks=[check])])
    status, answer = upgrade.execute("2.16.5")
    assert status == 422
    assert "With the variables of site EU in test these steps do not fit: 2.16.5/h" in answer["message"]


@pytest.mark.parametrize("value", ["a'b", 'a"b', "a`b", "a;b", "a--b", "a/*b", "a\nb", "a\\b", "${x}", "x" * 201, "é"])
def test_a_value_cannot_leave_its_place(upgrade: Upgrade, value: str) -> None:
    with pytest.raises(ValidationError):
        Variable.model_validate({"default": value})
    body = {"name": "x", "dialect": "sqlite", "variables": {"owner": value}}
    status, answer = upgrade.send("change_site", "PUT", "/api/v1/upgrade/sites/EU", body)
    assert (status, answer["details"]["field"]) == (400, "variables.owner")


@given(value=st.from_regex(r"[A-Za-z0-9_.:/@+=, -]{0,50}", fullmatch=True), text=st.text(max_size=50))
def test_only_declared_names_are_replaced(value: str, text: str) -> None:
    try:
        TypeAdapter(VariableValue).validate_python(value)
    except ValidationError:
        assert "--" in value
        return
    values, missing = values_of({"a": Variable(default=value)}, "test", {"b": "never"})
    assert missing == ()
    plain = text.replace("${a}", "")
    assert filled(f"${{a}}{plain}${{b}}$${{a}}", values) == f"{value}{plain}${{b}}${value}"
    assert filled_in({"${a}": ["${a}", 1, None]}, values) == {"${a}": [value, 1, None]}
