"""The way back as an operator sees it: policies, breakpoints, texts, the site afterwards (UPG-09, issue 3, line 6)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from enghub.core import secrets
from tests.factories.upgrade import baseline, step
from tests.functional.upgrade.conftest import Upgrade, items
from tests.functional.upgrade.test_upgrade import commands, events

UP = "CREATE TABLE items_v2 (id INTEGER PRIMARY KEY, name TEXT);\nINSERT INTO items_v2 SELECT id, name FROM items;"
DOWN = "DROP TABLE items_v2;"
BREAKS = "UPDATE items SET name = 'changed'; INSERT INTO missing VALUES (1);"
MAIN = step("enghub.SqlScripts", "main", sql_scripts=["up.sql"], rollback_scripts=["down.sql"])
COPY = step("enghub.Backup", "copy", backup={"tables": ["items"]})
CHANGE = step("enghub.SqlScripts", "change", sql_scripts=["change.sql"], rollback_scripts=["restored.sql"])
FAILS = step("enghub.SqlScripts", "fails", sql_scripts=["breaks.sql"], rollback_scripts=["down.sql"])
SCRIPTS = {
    "up.sql": UP,
    "down.sql": DOWN,
    "breaks.sql": BREAKS,
    "change.sql": "UPDATE items SET name = upper(name);",
    "restored.sql": "SELECT 1;",
}


def prepared(upgrade: Upgrade, *steps: dict[str, Any], scripts: dict[str, str] | None = None, **keys: Any) -> None:
    upgrade.sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO items VALUES (1, 'a'), (2, 'b')")
    document = baseline(upgrade_steps={"startup_pre_process": list(steps)}, **keys)
    upgrade.upload(document, {**SCRIPTS, **(scripts or {})})
    upgrade.site()


def tables(upgrade: Upgrade) -> set[str]:
    found = upgrade.sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'enghub%'")
    return {name for (name,) in found}


def site(upgrade: Upgrade) -> tuple[str, list[str]]:
    found = upgrade.send("read_sites", "GET", "/api/v1/upgrade/sites/EU")[1]["data"]
    return found["version"], found["appliedVersions"]


def test_a_failure_is_rolled_back_by_policy_and_the_site_is_as_before(upgrade: Upgrade) -> None:
    prepared(upgrade, COPY, MAIN, CHANGE, FAILS)
    before = upgrade.sql("SELECT * FROM items")
    execution_id = upgrade.started("2.16.5", onFailure="rollback")
    assert upgrade.work(execution_id) == "ROLLING_BACK"
    assert commands()[-1] == {"executionId": execution_id, "run": 2, "rollback": True}
    assert upgrade.execute("2.16.5")[0] == 409, "the site stays locked"
    assert upgrade.work_back(execution_id) == "ROLLED_BACK"
    seen = upgrade.status(execution_id)
    assert (seen["status"], seen["breakpoint"]["step"]) == ("ROLLED_BACK", "2.16.5/fails")
    assert "no such table: missing" in seen["error"]
    assert seen["summary"] == (
        "The upgrade stopped at 2.16.5/fails and is rolled back: the site runs 2.16.4 as before; 6 of 6 rollback steps "
        f"are done. Cause: {seen['error'].rstrip('.')}. Correct it, then: enghub upgrade execute --from 2.16.4 "
        "--to 2.16.5 --site EU --environment test --follow"
    )
    assert [(s["step"], s["status"]) for s in seen["rollback"]["steps"]] == [
        ("2.16.5/rollback_stop_service", "SUCCEEDED"),
        *((f"2.16.5/{name}", "SUCCEEDED") for name in ("fails", "change", "main", "copy")),
        ("2.16.5/rollback_start_service", "SUCCEEDED"),
    ]
    assert (upgrade.sql("SELECT * FROM items"), tables(upgrade)) == (before, {"items"})
    assert site(upgrade) == ("2.16.4", [])
    assert {"UpgradeFailed", "UpgradeRollbackStarted", "UpgradeStepRolledBack", "UpgradeRolledBack"} <= set(events())
    assert upgrade.report(execution_id)["rollback"]["completedSteps"] == 6
    assert upgrade.resume(execution_id)[0] == 409
    assert upgrade.roll_back(execution_id)[0] == 409


def test_after_the_rollback_the_repaired_upgrade_runs_from_the_start(upgrade: Upgrade) -> None:
    prepared(upgrade, MAIN, FAILS)
    first = upgrade.started("2.16.5", onFailure="rollback")
    upgrade.work(first)
    assert upgrade.work_back(first) == "ROLLED_BACK"
    upgrade.upload(baseline(upgrade_steps={"startup_pre_process": [MAIN]}), SCRIPTS)
    assert upgrade.work(upgrade.started("2.16.5")) == "SUCCEEDED"
    assert upgrade.sql("SELECT COUNT(*) FROM items_v2") == [(2,)]
    assert site(upgrade) == ("2.16.5", ["2.16.5"])


def test_an_operator_rolls_back_what_stopped(upgrade: Upgrade) -> None:
    prepared(upgrade, MAIN, FAILS)
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "FAILED"
    seen = upgrade.status(execution_id)
    assert seen["summary"] == (
        f"Stopped at 2.16.5/fails; 2 of 4 steps are done. Cause: {seen['error']}. Correct it, then: "
        f"enghub upgrade resume {execution_id} --follow. If the manifest or a script was wrong, push the corrected "
        f"one, then: enghub upgrade resume {execution_id} --revision active --follow. "
        f"Or go back: enghub upgrade rollback {execution_id} --follow"
    )
    assert upgrade.roll_back(execution_id)[0] == 202
    assert upgrade.work(execution_id) == "superseded"
    assert upgrade.work_back(execution_id) == "ROLLED_BACK"
    assert tables(upgrade) == {"items"}


def test_an_aborted_upgrade_says_so_and_can_be_rolled_back(upgrade: Upgrade) -> None:
    prepared(upgrade, MAIN, {**FAILS, "requires_confirmation": True})
    execution_id = upgrade.started("2.16.5", onFailure="rollback")
    assert upgrade.work(execution_id) == "confirm"
    assert upgrade.send("control_upgrade", "POST", f"/api/v1/upgrade/abort/{execution_id}")[0] == 202
    assert upgrade.work(execution_id) == "ABORTED"
    assert upgrade.status(execution_id)["summary"] == (
        "An operator stopped it at 2.16.5/fails; 2 of 4 steps are done. "
        f"Go on: enghub upgrade resume {execution_id} --follow. "
        f"Or go back: enghub upgrade rollback {execution_id} --follow"
    )
    assert upgrade.roll_back(execution_id)[0] == 202
    assert upgrade.work_back(execution_id) == "ROLLED_BACK"


def test_an_operator_is_asked_and_the_site_is_kept_for_the_answer(upgrade: Upgrade) -> None:
    prepared(upgrade, MAIN, FAILS)
    execution_id = upgrade.started("2.16.5", onFailure="confirm")
    assert upgrade.work(execution_id) == "FAILED"
    seen = upgrade.status(execution_id)
    assert f"2 of 4 steps are done. Cause: {seen['error']}. Roll back? Answer until " in seen["summary"]
    assert f": enghub upgrade confirm {execution_id} --follow." in seen["summary"]
    assert seen["nextAction"] == f"POST /api/v1/upgrade/confirm/{execution_id}"
    assert upgrade.execute("2.16.5")[0] == 409
    assert upgrade.send("control_upgrade", "POST", f"/api/v1/upgrade/confirm/{execution_id}", {})[0] == 202
    assert upgrade.work_back(execution_id) == "ROLLED_BACK"


def test_when_nobody_answered_in_time_the_summary_says_so_and_what_to_do(
    upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(upgrade, MAIN, FAILS)
    execution_id = upgrade.started("2.16.5", onFailure="confirm")
    assert upgrade.work(execution_id) == "FAILED"
    monkeypatch.setattr("enghub.core.calls.system_clock", lambda: datetime.now(UTC) + timedelta(hours=25))
    seen = upgrade.status(execution_id)
    assert "Nobody said until " in seen["summary"]
    assert "whether to roll back: nothing was undone" in seen["summary"]
    assert seen["summary"].endswith(
        f"Correct it, then: enghub upgrade resume {execution_id} --follow. "
        f"Or go back: enghub upgrade rollback {execution_id} --follow"
    )
    assert seen["nextAction"] == f"POST /api/v1/upgrade/resume/{execution_id}"
    status, answer = upgrade.send("control_upgrade", "POST", f"/api/v1/upgrade/confirm/{execution_id}", {})
    assert (status, answer["details"]["error"]) == (409, "UPGRADE_EXECUTION_ERROR")
    assert "that is over: resume it, or roll it back" in answer["message"]
    assert upgrade.roll_back(execution_id)[0] == 202
    assert upgrade.work_back(execution_id) == "ROLLED_BACK"


def test_what_cannot_be_undone_is_said_before_anything_is_undone(upgrade: Upgrade) -> None:
    one_way = step("enghub.SqlScripts", "one_way", sql_scripts=["change.sql"])
    prepared(upgrade, MAIN, one_way, FAILS)
    execution_id = upgrade.started("2.16.5", onFailure="rollback")
    assert upgrade.work(execution_id) == "FAILED"
    seen = upgrade.status(execution_id)
    why = "2.16.5/one_way: The step declares no rollback_scripts"
    assert (
        f"The rollback was not begun: Execution {execution_id} cannot be rolled back, nothing was undone: {why}"
        in (seen["summary"])
    )
    status, answer = upgrade.roll_back(execution_id)
    assert (status, answer["details"]["error"]) == (409, "UPGRADE_EXECUTION_ERROR")
    assert "items_v2" in tables(upgrade)


def test_a_failed_rollback_stops_keeps_the_site_and_is_taken_up_again(upgrade: Upgrade) -> None:
    prepared(upgrade, MAIN, FAILS)
    execution_id = upgrade.started("2.16.5", onFailure="rollback")
    upgrade.work(execution_id)
    upgrade.sql("ALTER TABLE items_v2 RENAME TO elsewhere")
    assert upgrade.work_back(execution_id) == "ROLLBACK_FAILED"
    seen = upgrade.status(execution_id)
    assert seen["summary"] == (
        "The rollback stopped at 2.16.5/main; 2 of 4 rollback steps are done; the site stays locked. "
        f"Cause: {seen['rollback']['error']}. Correct it, then: enghub upgrade resume {execution_id} --follow. "
        f"If you undid that step by hand: enghub upgrade resume {execution_id} --decision skip --follow"
    )
    assert "no such table: items_v2" in seen["rollback"]["error"]
    assert "no such table: missing" in seen["error"], "why the upgrade failed is still there"
    assert "UpgradeRollbackFailed" in events()
    assert upgrade.execute("2.16.5")[0] == 409
    assert upgrade.resume(execution_id)[0] == 202
    assert upgrade.work_back(execution_id, run=3) == "ROLLBACK_FAILED"
    upgrade.sql("ALTER TABLE elsewhere RENAME TO items_v2")
    upgrade.resume(execution_id)
    assert upgrade.work_back(execution_id, run=4) == "ROLLED_BACK"
    assert tables(upgrade) == {"items"}


def test_what_an_operator_undid_by_hand_is_passed_over(upgrade: Upgrade) -> None:
    prepared(upgrade, MAIN, FAILS)
    execution_id = upgrade.started("2.16.5", onFailure="rollback")
    upgrade.work(execution_id)
    upgrade.sql("DROP TABLE items_v2")
    assert upgrade.work_back(execution_id) == "ROLLBACK_FAILED"
    assert upgrade.resume(execution_id, decision="skip")[0] == 202
    assert upgrade.work_back(execution_id, run=3) == "ROLLED_BACK"


def test_a_site_that_another_execution_changed_is_not_rolled_back(upgrade: Upgrade) -> None:
    prepared(upgrade, MAIN, FAILS)
    first = upgrade.started("2.16.5")
    upgrade.work(first)
    upgrade.work(upgrade.started("2.16.5"))
    status, answer = upgrade.roll_back(first)
    assert (status, answer["message"]) == (
        409,
        f"Execution {first} cannot be rolled back: another execution has worked on site EU since",
    )


def test_declared_rollback_steps_run_around_and_the_same_scripts_run_once(upgrade: Upgrade) -> None:
    """The source document's patch declares its rollback scripts at the step and as `pre_rollback`."""
    pre = step("com.ft.upgrade.patch.PatchRollbackStep", "pre", rollback_scripts=["down.sql"])
    post = step("enghub.SqlScripts", "post", sql_scripts=["after.sql"])
    rollback = {"pre_rollback": [pre], "post_rollback": [post]}
    scripts = {"after.sql": "INSERT INTO items VALUES (9, 'rolled back')"}
    prepared(upgrade, MAIN, FAILS, scripts=scripts, rollback_steps=rollback)
    execution_id = upgrade.started("2.16.5", onFailure="rollback")
    upgrade.work(execution_id)
    upgrade.upload(baseline(upgrade_steps={"startup_pre_process": [MAIN]}), {**SCRIPTS, "down.sql": "broken"})
    assert upgrade.work_back(execution_id) == "ROLLED_BACK"
    order = [s["step"].split("/")[1] for s in upgrade.status(execution_id)["rollback"]["steps"]]
    assert order == ["rollback_stop_service", "pre", "fails", "main", "rollback_start_service", "post"]
    assert upgrade.sql("SELECT name FROM items WHERE id = 9") == [("rolled back",)]


def test_before_the_outage_no_backup_is_brought_back(upgrade: Upgrade) -> None:
    """The system was writing on: its new rows must stay."""
    prepared(upgrade, MAIN)
    config = step("enghub.SqlScripts", "early", sql_scripts=["breaks.sql"], rollback_scripts=["down.sql"])
    steps = {"pre_upgrade_process": [COPY, config], "startup_pre_process": [MAIN]}
    upgrade.upload(baseline(upgrade_steps=steps), SCRIPTS)
    execution_id = upgrade.started("2.16.5", onFailure="rollback")
    assert upgrade.work(execution_id) == "ROLLING_BACK"
    upgrade.sql("INSERT INTO items VALUES (3, 'written meanwhile')")
    assert upgrade.work_back(execution_id) == "ROLLED_BACK"
    assert upgrade.sql("SELECT COUNT(*) FROM items") == [(3,)]


def test_wrong_credentials_are_named_and_the_upgrade_goes_on_with_the_right_ones(
    upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(upgrade, MAIN)
    name = "enghub/test/upgrade/site/acme/EU"
    manager = boto3.client("secretsmanager")
    right = manager.get_secret_value(SecretId=name)["SecretString"]
    manager.put_secret_value(SecretId=name, SecretString=json.dumps({"url": "postgresql://nobody:wrong@127.0.0.1/x"}))
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "FAILED"
    seen = upgrade.status(execution_id)
    assert seen["error"] == "The site's database secret is for postgresql, the site is declared as sqlite"
    assert f"enghub upgrade resume {execution_id} --follow" in seen["summary"]
    manager.put_secret_value(SecretId=name, SecretString=right)
    monkeypatch.setattr(secrets, "secret", lambda _: json.loads(right))
    upgrade.resume(execution_id)
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED"


def test_a_backup_of_the_outage_is_brought_back_and_one_from_before_it_is_not(upgrade: Upgrade) -> None:
    upgrade.sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO items VALUES (1, 'a')")
    upgrade.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO notes VALUES (1, 'a')")
    early = step("enghub.Backup", "early", backup={"tables": ["notes"]}, requires_confirmation=True)
    later = step("enghub.ServiceCheck", "later", services=[], requires_confirmation=True)
    changes = step("enghub.SqlScripts", "change", sql_scripts=["change.sql"], rollback_scripts=["restored.sql"])
    phases = {"pre_upgrade_process": [early, later], "startup_pre_process": [COPY, changes, FAILS]}
    upgrade.upload(baseline(upgrade_steps=phases), SCRIPTS)
    upgrade.site()
    execution_id = upgrade.started("2.16.5", onFailure="rollback")
    for _ in range(2):
        assert upgrade.work(execution_id) == "confirm"
        upgrade.sql("INSERT INTO notes (name) VALUES ('written while the system runs')")
        assert upgrade.send("control_upgrade", "POST", f"/api/v1/upgrade/confirm/{execution_id}", {})[0] == 202
    assert upgrade.work(execution_id) == "ROLLING_BACK"
    assert upgrade.work_back(execution_id) == "ROLLED_BACK"
    assert upgrade.sql("SELECT name FROM items") == [("a",)]
    assert upgrade.sql("SELECT COUNT(*) FROM notes") == [(3,)], "nothing written before the outage is lost"


def test_an_ended_rollback_is_forgotten_with_its_execution(upgrade: Upgrade) -> None:
    prepared(upgrade, MAIN, FAILS)
    execution_id = upgrade.started("2.16.5", onFailure="rollback")
    upgrade.work(execution_id)
    assert upgrade.work_back(execution_id) == "ROLLED_BACK"
    steps, execution = items("UPGRADE_STEP"), items("UPGRADE")[0]
    assert {item["sk"].split("#")[0] for item in steps} == {"STEP", "UNDO"}
    assert {item.get("expires_at") for item in steps} == {execution["expires_at"]}


def test_the_step_that_failed_is_forgotten_with_its_execution(upgrade: Upgrade) -> None:
    prepared(upgrade, MAIN, FAILS)
    assert upgrade.work(upgrade.started("2.16.5")) == "FAILED"
    assert {item.get("expires_at") for item in items("UPGRADE_STEP")} == {items("UPGRADE")[0].get("expires_at")}
