"""What was wrong in a manifest or a script is corrected, and the upgrade goes on with it (UPG-08)."""

from typing import Any

import pytest

from enghub.upgrade.executions import wiring
from tests.factories.upgrade import baseline, step
from tests.functional.upgrade.conftest import Upgrade

WRONG = "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);"
RIGHT = WRONG.replace("nowhere", "a")
FIRST = step("enghub.SqlScripts", "first", sql_scripts=["1.sql"])
MAIN = step("enghub.SqlScripts", "main", sql_scripts=["2.sql"], transaction="statement")
LAST = step("enghub.SqlScripts", "last", sql_scripts=["3.sql"], dependencies=["main"])


def push(upgrade: Upgrade, script: str, *steps: dict[str, Any], first: str = "CREATE TABLE f (id INTEGER);") -> None:
    document = baseline(upgrade_steps={"startup_pre_process": list(steps or (FIRST, MAIN, LAST))})
    upgrade.upload(document, {"1.sql": first, "2.sql": script, "3.sql": "INSERT INTO a VALUES (3);"})


@pytest.fixture
def stopped(upgrade: Upgrade) -> str:
    upgrade.site()
    push(upgrade, WRONG)
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "FAILED"
    return execution_id


def test_a_corrected_script_goes_on_behind_what_is_committed(upgrade: Upgrade, stopped: str) -> None:
    assert (
        f"push the corrected one, then: enghub upgrade resume {stopped} --revision active"
        in (upgrade.status(stopped)["summary"])
    )
    push(upgrade, RIGHT)
    status, answer = upgrade.resume(stopped, revision="active")
    assert (status, answer["data"]["status"]) == (202, "PENDING")
    assert upgrade.work(stopped, run=2) == "SUCCEEDED"
    assert upgrade.sql("SELECT id FROM a ORDER BY rowid") == [(1,), (1,), (3,)]
    assert [one["attempts"] for one in upgrade.status(stopped)["steps"]] == [1, 1, 1, 1, 1]


def test_without_it_the_pinned_script_runs_again(upgrade: Upgrade, stopped: str) -> None:
    push(upgrade, RIGHT)
    upgrade.resume(stopped)
    assert upgrade.work(stopped, run=2) == "FAILED"


def test_what_is_finished_stays_as_it_ran(upgrade: Upgrade, stopped: str) -> None:
    push(upgrade, RIGHT, first="CREATE TABLE other (id INTEGER);")
    upgrade.resume(stopped, revision="active")
    assert upgrade.work(stopped, run=2) == "SUCCEEDED"
    assert upgrade.sql("SELECT name FROM sqlite_master WHERE name = 'other'") == []


@pytest.mark.parametrize(
    "steps",
    [
        (FIRST, MAIN),
        (FIRST, MAIN, LAST, step("enghub.SqlScripts", "more", sql_scripts=["3.sql"])),
        (FIRST, {**MAIN, "id": "other"}, {**LAST, "dependencies": []}),
        (FIRST, {**MAIN, "class_name": "enghub.RollbackScripts", "sql_scripts": ["2.sql"], "x": 0}, LAST)[:2],
        (MAIN, {**FIRST, "priority": 200}, LAST),
    ],
)
def test_other_steps_are_no_correction(upgrade: Upgrade, stopped: str, steps: tuple[dict[str, Any], ...]) -> None:
    known = [{k: v for k, v in one.items() if k != "x"} for one in steps]
    if any(one["class_name"] == "enghub.RollbackScripts" for one in known):
        known[1] = {"id": "main", "name": "main", "class_name": "enghub.RollbackScripts", "rollback_scripts": ["2.sql"]}
    push(upgrade, RIGHT, *known)
    status, answer = upgrade.resume(stopped, revision="active")
    assert status == 409
    assert "its steps would be other ones, or in another order" in answer["message"]
    assert "start the upgrade again with execute, which goes on behind what is committed" in answer["message"]
    assert upgrade.status(stopped)["status"] == "FAILED"
    again = upgrade.started("2.16.5")
    assert upgrade.work(again) in {"SUCCEEDED", "FAILED"}


def test_only_what_stopped_on_its_way_forward_is_corrected(upgrade: Upgrade, stopped: str) -> None:
    push(upgrade, RIGHT)
    upgrade.resume(stopped, revision="active")
    status, answer = upgrade.resume(stopped, revision="active")
    assert (status, answer["details"]["error"]) == (409, "UPGRADE_EXECUTION_ERROR")
    assert "it is PENDING" in answer["message"]


def test_the_same_key_resumes_once(upgrade: Upgrade, stopped: str) -> None:
    push(upgrade, RIGHT)
    path, body = f"/api/v1/upgrade/resume/{stopped}", {"revision": "active"}
    answers = [
        upgrade.send("control_upgrade", "POST", path, body, headers={"Idempotency-Key": "again-1"}) for _ in range(2)
    ]
    assert [status for status, _ in answers] == [202, 202]
    assert {answer["data"]["run"] for _, answer in answers} == {2}


def test_an_exchange_that_was_interrupted_lets_nothing_else_go_on(
    upgrade: Upgrade, stopped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(upgrade, RIGHT)
    store = wiring.upgrades()._executions

    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def save_step(self, *_: object) -> None:
            raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(wiring.upgrades(), "_executions", Broken())
        assert upgrade.resume(stopped, revision="active")[0] >= 500
    status, answer = upgrade.resume(stopped)
    assert (status, "resume it with revision active" in answer["message"]) == (409, True)
    assert upgrade.resume(stopped, revision="active")[0] == 202
    assert upgrade.work(stopped, run=2) == "SUCCEEDED"


def test_in_production_a_correction_wants_its_own_proof(upgrade: Upgrade) -> None:
    upgrade.site()
    push(upgrade, WRONG)
    waiver = {"environment": "prod", "promotionWaiver": "stops the line, tried by hand"}
    execution_id = upgrade.started("2.16.5", **waiver)
    assert upgrade.work(execution_id) == "FAILED"
    push(upgrade, RIGHT)
    status, answer = upgrade.resume(execution_id, revision="active")
    assert (status, "2.16.5" in answer["message"]) == (422, True)
    why = "the corrected statement was tried by hand"
    assert upgrade.resume(execution_id, revision="active", promotionWaiver=why)[0] == 202
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED"
    assert upgrade.report(execution_id)["promotionWaiver"]["reason"] == why


def test_a_success_is_not_undone_and_the_plan_says_so_before(upgrade: Upgrade) -> None:
    upgrade.site()
    push(upgrade, RIGHT)
    body = {"upgradeBeforeVersion": "2.16.4", "upgradeAfterVersion": "2.16.5", "siteId": "EU"}
    plan = upgrade.send("plan_upgrade", "POST", "/api/v1/upgrade/plan", body)[1]["data"]
    assert plan["afterSuccess"].startswith("not undone by a command")
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "SUCCEEDED"
    status, answer = upgrade.roll_back(execution_id)
    assert (status, "Write the next version, or restore the backup" in answer["message"]) == (409, True)
