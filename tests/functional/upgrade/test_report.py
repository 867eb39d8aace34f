"""The report as JSON and as a page; how long it is kept (UPG-07, UPG-13)."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from enghub.core.clock import from_text
from enghub.upgrade.executions.page import Bar, bar
from enghub.upgrade.phases import Stage
from tests.factories.http import Context, a_principal, a_request
from tests.factories.upgrade import NOW, baseline, execution, records, step
from tests.functional.upgrade.conftest import PERMISSIONS, Upgrade, items
from tests.functional.upgrade.test_upgrade import prepared

DAY = 86_400
NASTY = '<script>alert("x")</script>'


def page(upgrade: Upgrade, execution_id: str, *, query: bool = True, **headers: str) -> Any:
    event = a_request(
        "GET",
        f"/api/v1/upgrade/report/{execution_id}",
        caller=a_principal(*PERMISSIONS),
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        query={"format": "html"} if query else None,
    )
    return upgrade.handler("read_report")(event, Context())


def failed(upgrade: Upgrade) -> str:
    prepared(upgrade)
    upgrade.sql("UPDATE items SET name = NULL WHERE id = 7")
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "FAILED"
    return execution_id


def test_the_page_shows_phases_checks_and_migrations_without_any_other_file(upgrade: Upgrade) -> None:
    prepared(upgrade)
    execution_id = upgrade.started("2.16.5")
    upgrade.work(execution_id)
    answer = page(upgrade, execution_id)
    text = answer["body"]
    assert answer["multiValueHeaders"]["Content-Type"] == ["text/html; charset=utf-8"]
    assert text.startswith("<!doctype html>")
    for expected in (
        "EU: 2.16.4 → 2.16.5",
        "Succeeded",
        "Business check",
        "fill the names",
        "items → items_v2",
        ">50<",
    ):
        assert expected in text, expected
    assert not [word for word in ("http://", "https://", "<link", "@import", "url(") if word in text]
    assert "<script" not in text
    assert "src=" not in text
    assert "default-src 'none'" in answer["multiValueHeaders"]["Content-Security-Policy"][0]


def test_a_browser_gets_the_page_and_a_program_the_json(upgrade: Upgrade) -> None:
    execution_id = failed(upgrade)
    browser = page(upgrade, execution_id, query=False, accept="text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
    program = page(upgrade, execution_id, query=False, accept="application/json")
    assert browser["body"].startswith("<!doctype html>")
    assert json.loads(program["body"])["data"]["failedSteps"] == 1
    assert page(upgrade, "01NOWHERE")["statusCode"] == 404


def test_the_page_of_a_failure_says_why_what_to_type_and_shows_the_log(upgrade: Upgrade) -> None:
    execution_id = failed(upgrade)
    english, chinese = (page(upgrade, execution_id, accept_language=tag)["body"] for tag in ("en", "zh-CN,zh;q=0.9"))
    assert "names: 1 &gt; 0 (fill the names)" in english
    assert f"enghub upgrade resume {execution_id} --follow" in english
    assert "check names: fail, count 1" in english
    assert '<html lang="zh">' in chinese
    assert "前置业务检查未通过" in chinese
    assert "失败步骤日志" in chinese


def test_what_a_manifest_says_is_text_and_never_markup(upgrade: Upgrade) -> None:
    upgrade.sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
    checks = [{"id": "c", "name": NASTY, "rule": "not_null", "table": "items", "column": "name", "advice": NASTY}]
    check = {**step("com.ft.upgrade.steps.PreBusinessCheckStep", "check", checks=checks), "name": NASTY}
    upgrade.upload(baseline(upgrade_steps={"pre_business_check": [check]}))
    upgrade.site()
    upgrade.sql("INSERT INTO items VALUES (1, NULL)")
    execution_id = upgrade.started("2.16.5")
    upgrade.work(execution_id)
    text = page(upgrade, execution_id)["body"]
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 4


def test_a_report_is_kept_for_ninety_days_and_its_log_for_thirty(upgrade: Upgrade) -> None:
    execution_id = failed(upgrade)
    report = upgrade.report(execution_id)
    (execution,) = items("UPGRADE")
    ended = from_text(json.loads(execution["body"])["ended_at"].replace("+00:00", "Z")).timestamp()
    assert int(execution["expires_at"]) == int(ended) + 90 * DAY
    assert int(from_text(report["keptUntil"]).timestamp()) == int(ended) + 90 * DAY
    assert {int(item["expires_at"]) for item in items("UPGRADE_STEP")} == {int(ended) + 90 * DAY}
    for line in items("UPGRADE_LOG"):
        assert int(line["expires_at"]) == int(from_text(line["at"]).timestamp()) + 30 * DAY


def test_an_upgrade_that_goes_on_is_kept_with_all_its_steps(upgrade: Upgrade) -> None:
    execution_id = failed(upgrade)
    upgrade.resume(execution_id)
    assert [item.get("expires_at") for item in items("UPGRADE") + items("UPGRADE_STEP")] == [None] * 6
    upgrade.sql("UPDATE items SET name = 'seven' WHERE id = 7")
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED"
    assert len({item["expires_at"] for item in items("UPGRADE") + items("UPGRADE_STEP")}) == 1


@pytest.mark.parametrize("caller", [a_principal("upgrade:read", tenant="other"), a_principal("report:read")])
def test_a_report_is_for_its_tenant_and_for_those_who_may_read(upgrade: Upgrade, caller: Any) -> None:
    execution_id = failed(upgrade)
    status, _ = upgrade.send("read_report", "GET", f"/api/v1/upgrade/report/{execution_id}", caller=caller)
    assert status in (403, 404)


def test_the_page_of_a_failure_is_as_good_as_that_of_a_success(upgrade: Upgrade) -> None:
    """The cause once, all tries counted, work told apart from waiting, people named, times with their zone (N22)."""
    execution_id = failed(upgrade)
    for run in range(2, 5):
        upgrade.resume(execution_id)
        assert upgrade.work(execution_id, run=run) == "FAILED"
    text = page(upgrade, execution_id)["body"]
    assert text.count("names: 1 &gt; 0 (fill the names)") == 1
    (check,) = [one for one in upgrade.status(execution_id)["steps"] if one["step"] == "2.16.5/check"]
    assert (check["attempts"], check["tries"]) == (1, 4)
    assert '<td class="n opt">4</td>' in text
    assert re.search(r" · by [a-z0-9-]+</p>", text)
    assert not re.search(r"20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9:]{8}(?! UTC)", text)


def test_waiting_is_drawn_apart_from_work() -> None:
    begun = replace(
        records({Stage.POST_UPGRADE: [step("enghub.HealthChecks", "h")]}, {})[0],
        started_at=NOW,
        ended_at=NOW + timedelta(seconds=660),
        active_milliseconds=400,
    )
    whole = execution(1, started_at=NOW, ended_at=NOW + timedelta(seconds=1320))
    assert bar(begun, whole, NOW) == Bar(left=0, width=50, work=0.03)
