"""An upgrade as CI/CD sees it: HTTP, the workflow's tasks, a real SQLite database (UPG-01 to UPG-08, UPG-12)."""

import json
from typing import Any

import boto3

from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_principal
from tests.factories.upgrade import baseline, patch, step
from tests.functional.upgrade.conftest import Upgrade

SCRIPT = "CREATE TABLE items_v2 (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\nUPDATE items SET name = trim(name);"
CHECKS = [{"id": "names", "rule": "not_null", "table": "items", "column": "name", "advice": "fill the names"}]
MOVE = {"name": "items", "source": "items", "target": "items_v2", "mapping": {"id": "id", "name": "name"}}


def documents() -> tuple[dict[str, Any], dict[str, Any]]:
    main = step("com.ft.upgrade.steps.StartupPreProcessStep", "main", sql_scripts=["v/1.sql"], migrations=[MOVE])
    check = step("com.ft.upgrade.steps.PreBusinessCheckStep", "check", checks=CHECKS)
    verify = step(
        "com.ft.upgrade.patch.PatchVerifierStep",
        "verify",
        comparisons=[{"name": "rows", "left": {"table": "items"}, "right": {"table": "items_v2", "where": "id > 0"}}],
    )
    only_us = step("enghub.SqlScripts", "us", is_common=False, site_ids=["US"], sql_scripts=["v/1.sql"])
    first = baseline(
        upgrade_steps={
            "pre_business_check": [check],
            "startup_pre_process": [main, only_us],
            "startup_post_process": [verify],
        }
    )
    fix = step("com.ft.upgrade.patch.PatchSqlExecutorStep", "fix", sql_scripts=["p/1.sql"])
    return first, patch(upgrade_steps={"startup_pre_process": [fix]})


def prepared(upgrade: Upgrade, **site: Any) -> None:
    upgrade.sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
    upgrade.sql(
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 50) "
        "INSERT INTO items SELECT n, ' n' || n FROM c"
    )
    first, second = documents()
    upgrade.upload(first, {"v/1.sql": SCRIPT})
    upgrade.upload(second, {"p/1.sql": "INSERT INTO items_v2 VALUES (0, 'patched');"})
    upgrade.site(**site)


def commands() -> list[dict[str, Any]]:
    table: Any = boto3.resource("dynamodb").Table("enghub-test-upgrade")
    found = [item for item in table.scan()["Items"] if item["entity"] == "OUTBOX" and item["channel"] != "bus"]
    return [json.loads(item["body"])["payload"] for item in sorted(found, key=lambda item: item["message_id"])]


def events() -> list[str]:
    table: Any = boto3.resource("dynamodb").Table("enghub-test-upgrade")
    found = [item for item in table.scan()["Items"] if item["entity"] == "OUTBOX" and item["channel"] == "bus"]
    return [item["message_type"] for item in sorted(found, key=lambda item: item["created_at"])]


def test_a_site_is_upgraded_over_a_baseline_and_its_patch(upgrade: Upgrade) -> None:
    prepared(upgrade)
    execution_id = upgrade.started("2.16.5.1")
    assert upgrade.work(execution_id) == "SUCCEEDED"
    assert upgrade.sql("SELECT COUNT(*), MIN(name), MAX(id) FROM items_v2") == [(51, "n1", 50)]
    seen = upgrade.status(execution_id)
    assert (seen["status"], seen["completedSteps"], seen["totalSteps"]) == ("SUCCEEDED", 6, 6)
    assert [s["step"] for s in seen["steps"]] == [
        "2.16.5/check",
        "2.16.5.1/stop_service",
        "2.16.5/main",
        "2.16.5.1/fix",
        "2.16.5.1/start_service",
        "2.16.5/verify",
    ]
    site = upgrade.send("read_sites", "GET", "/api/v1/upgrade/sites/EU")[1]["data"]
    assert (site["version"], site["appliedVersions"]) == ("2.16.5.1", ["2.16.5", "2.16.5.1"])
    assert upgrade.execute("2.16.5.1", "2.16.4")[0] == 422
    expected = {
        *("ManifestChanged", "UpgradeRequested", "UpgradeStarted", "UpgradeStepCompleted", "UpgradeSucceeded"),
        "UpgradeReadyToStop",
    }
    assert set(events()) == expected
    assert events().count("UpgradeStepCompleted") == 6


def test_the_report_tells_what_was_checked_and_moved(upgrade: Upgrade) -> None:
    prepared(upgrade)
    execution_id = upgrade.started("2.16.5")
    upgrade.work(execution_id)
    report = upgrade.report(execution_id)
    assert [(check["id"], check["outcome"], check["count"]) for check in report["checks"]] == [("names", "pass", 0)]
    assert [(m["moved"], m["failed"], m["total"]) for m in report["migrations"]] == [(50, 0, 50)]
    assert report["succeededSteps"] == 5
    assert report["durationSeconds"] >= 0
    lines = upgrade.send("read_upgrades", "GET", f"/api/v1/upgrade/log/{execution_id}")[1]["data"]["items"]
    assert "check names: pass, count 0" in [line["message"] for line in lines]
    first = lines[0]
    assert set(first) == {"stepId", "level", "message", "timestamp", "metadata"}
    assert set(first["metadata"]) == {"phase", "version", "run", "attempt"}


def test_bad_data_stops_the_upgrade_at_a_breakpoint_and_it_resumes_after_the_repair(upgrade: Upgrade) -> None:
    prepared(upgrade)
    upgrade.sql("UPDATE items SET name = NULL WHERE id = 7")
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "FAILED"
    seen = upgrade.status(execution_id)
    assert seen["breakpoint"]["step"] == "2.16.5/check"
    assert seen["error"] == "The business check found what blocks the upgrade: names: 1 > 0 (fill the names)"
    assert seen["nextAction"] == f"POST /api/v1/upgrade/resume/{execution_id}"
    assert upgrade.sql("SELECT name FROM sqlite_master WHERE name = 'items_v2'") == []
    upgrade.sql("UPDATE items SET name = 'seven' WHERE id = 7")
    status, answer = upgrade.resume(execution_id)
    assert (status, answer["data"]["run"]) == (202, 2)
    assert upgrade.work(execution_id, run=1) == "superseded"
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED"
    assert upgrade.resume(execution_id)[0] == 409


def test_a_failing_script_names_the_statement_and_goes_on_after_the_cause_is_gone(upgrade: Upgrade) -> None:
    prepared(upgrade)
    upgrade.sql("CREATE TABLE items_v2 (id INTEGER)")
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "FAILED"
    assert (
        "v/1.sql, statement 1 of 2 (line 1) failed: table items_v2 already exists"
        in upgrade.status(execution_id)["error"]
    )
    upgrade.sql("DROP TABLE items_v2")
    upgrade.resume(execution_id)
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED"
    done = [s["step"] for s in upgrade.status(execution_id)["steps"] if s["attempts"] == 1]
    assert "2.16.5/check" in done


def test_the_same_key_starts_one_execution(upgrade: Upgrade) -> None:
    prepared(upgrade)
    answers = [upgrade.execute("2.16.5", headers={"Idempotency-Key": "pipeline-42"}) for _ in range(3)]
    assert {status for status, _ in answers} == {202}
    assert len({answer["data"]["executionId"] for _, answer in answers}) == 1
    assert len(commands()) == 1


def test_a_launch_command_that_comes_twice_starts_one_workflow(upgrade: Upgrade) -> None:
    prepared(upgrade)
    upgrade.started("2.16.5")
    machines = boto3.client("stepfunctions")
    definition = json.dumps({"StartAt": "End here", "States": {"End here": {"Type": "Succeed"}}})
    machines.create_state_machine(name="upgrade", definition=definition, roleArn="arn:aws:iam::123456789012:role/x")
    body = json.dumps({"message_id": "1", "tenant_id": "acme", "payload": commands()[0]})
    record = {"messageId": "1", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
    for _ in range(2):
        assert load_handler("upgrade", "launch_upgrade")({"Records": [record]}, Context()) == {"batchItemFailures": []}
    arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:upgrade"
    assert len(machines.list_executions(stateMachineArn=arn)["executions"]) == 1


def test_one_upgrade_per_site(upgrade: Upgrade) -> None:
    prepared(upgrade)
    first = upgrade.started("2.16.5")
    status, answer = upgrade.execute("2.16.5")
    assert (status, answer["details"]["error"], answer["details"]["owner"]) == (409, "UPGRADE_EXECUTION_ERROR", first)
    upgrade.work(first)
    upgrade.started("2.16.5.1", "2.16.5")


def test_a_confirmation_gate_holds_the_upgrade_until_an_operator_answers(upgrade: Upgrade) -> None:
    prepared(upgrade)
    gate = step("enghub.SqlScripts", "gate", sql_scripts=["g.sql"], requires_confirmation=True)
    document = baseline("2.16.6", upgrade_steps={"startup_pre_process": [gate]})
    upgrade.upload(document, {"g.sql": "INSERT INTO items_v2 VALUES (-1, 'gate');"})
    execution_id = upgrade.started("2.16.6")
    assert upgrade.work(execution_id) == "confirm"
    seen = upgrade.status(execution_id)
    assert (seen["status"], seen["currentStep"]) == ("WAITING", "2.16.6/gate")
    sequence = next(i for i, s in enumerate(seen["steps"], 1) if s["step"] == "2.16.6/gate")
    waiting = upgrade.task("await_confirmation", executionId=execution_id, run=1, sequence=sequence, token="token-1")
    assert waiting == {"answered": False}
    wrong = upgrade.send("control_upgrade", "POST", f"/api/v1/upgrade/confirm/{execution_id}", {"step": "2.16.5/main"})
    assert wrong[0] == 409
    assert upgrade.send("control_upgrade", "POST", f"/api/v1/upgrade/confirm/{execution_id}", {})[0] == 202
    assert commands()[-1] == {"executionId": execution_id, "sequence": sequence}
    assert upgrade.work(execution_id) == "SUCCEEDED"
    assert upgrade.sql("SELECT name FROM items_v2 WHERE id = -1") == [("gate",)]


def test_an_upgrade_aborted_at_its_gate_waits_there_again_after_the_resume(upgrade: Upgrade) -> None:
    prepared(upgrade)
    first, _ = documents()
    first["upgrade_steps"]["startup_pre_process"][0]["requires_confirmation"] = True
    upgrade.upload(first, {"v/1.sql": SCRIPT})
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "confirm"
    assert upgrade.send("control_upgrade", "POST", f"/api/v1/upgrade/abort/{execution_id}")[0] == 202
    assert upgrade.work(execution_id) == "ABORTED"
    upgrade.resume(execution_id)
    assert upgrade.work(execution_id, run=2) == "confirm"
    assert upgrade.status(execution_id)["status"] == "WAITING"
    upgrade.send("control_upgrade", "POST", f"/api/v1/upgrade/confirm/{execution_id}", {})
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED"


def test_an_aborted_upgrade_stops_at_the_next_slice_and_can_be_resumed(upgrade: Upgrade) -> None:
    prepared(upgrade)
    execution_id = upgrade.started("2.16.5")
    upgrade.task("run_slice", executionId=execution_id, run=1, stage="pre_business_check")
    assert upgrade.send("control_upgrade", "POST", f"/api/v1/upgrade/abort/{execution_id}")[0] == 202
    assert upgrade.work(execution_id) == "ABORTED"
    assert upgrade.sql("SELECT name FROM sqlite_master WHERE name = 'items_v2'") == []
    upgrade.resume(execution_id)
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED"


def test_a_new_upload_never_changes_an_execution_under_way(upgrade: Upgrade) -> None:
    prepared(upgrade)
    execution_id = upgrade.started("2.16.5")
    first, _ = documents()
    upgrade.upload(first, {"v/1.sql": "DROP TABLE items;"})
    assert upgrade.work(execution_id) == "SUCCEEDED"
    assert upgrade.sql("SELECT COUNT(*) FROM items") == [(50,)]


def test_a_script_edited_after_it_ran_is_an_error_that_says_so(upgrade: Upgrade) -> None:
    prepared(upgrade)
    first, _ = documents()
    upgrade.upload(first, {"v/1.sql": SCRIPT + "\nINSERT INTO missing VALUES (1);"})
    upgrade.sql("CREATE TABLE other (id INTEGER)")
    document = json.loads(json.dumps(first))
    document["upgrade_steps"]["startup_pre_process"][0]["transaction"] = "statement"
    upgrade.upload(document, {"v/1.sql": SCRIPT + "\nINSERT INTO missing VALUES (1);"})
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "FAILED"
    upgrade.upload(document, {"v/1.sql": SCRIPT.replace("trim", "upper")})
    assert upgrade.work(upgrade.started("2.16.5")) == "FAILED"
    latest = upgrade.send("read_upgrades", "GET", "/api/v1/upgrade/executions")[1]["data"]["items"][0]
    assert "was edited after it ran: statement 2" in upgrade.status(latest["executionId"])["error"]
    upgrade.upload(document, {"v/1.sql": SCRIPT})
    assert upgrade.work(upgrade.started("2.16.5")) == "SUCCEEDED"


def test_a_step_that_is_not_required_may_fail(upgrade: Upgrade) -> None:
    prepared(upgrade)
    optional = step("enghub.SqlScripts", "optional", sql_scripts=["o.sql"], required=False)
    document = baseline("2.16.6", upgrade_steps={"post_upgrade": [optional]})
    upgrade.upload(document, {"o.sql": "INSERT INTO nowhere VALUES (1)"})
    execution_id = upgrade.started("2.16.6")
    assert upgrade.work(execution_id) == "SUCCEEDED"
    report = upgrade.report(execution_id)
    assert (report["skippedSteps"], report["steps"][-1]["status"]) == (1, "SKIPPED")


def test_another_tenant_sees_nothing(upgrade: Upgrade) -> None:
    prepared(upgrade)
    execution_id = upgrade.started("2.16.5")
    stranger = a_principal("upgrade:execute", "upgrade:read", "upgrade:manage", tenant="rival")
    for function, method, path in (
        ("read_upgrades", "GET", f"/api/v1/upgrade/status/{execution_id}"),
        ("read_upgrades", "GET", f"/api/v1/upgrade/log/{execution_id}"),
        ("control_upgrade", "POST", f"/api/v1/upgrade/abort/{execution_id}"),
        ("read_sites", "GET", "/api/v1/upgrade/sites/EU"),
        ("read_manifests", "GET", "/api/v1/upgrade/manifests/2.16.5"),
    ):
        assert upgrade.send(function, method, path, caller=stranger)[0] == 404
    assert upgrade.execute("2.16.5", caller=stranger)[0] == 404


def test_only_who_may_executes(upgrade: Upgrade) -> None:
    prepared(upgrade)
    assert upgrade.execute("2.16.5", caller=a_principal("upgrade:read"))[0] == 403


def test_missing_and_wrong_credentials_say_what_to_do(upgrade: Upgrade) -> None:
    prepared(upgrade)
    secrets = boto3.client("secretsmanager")
    secrets.delete_secret(SecretId="enghub/test/upgrade/site/acme/EU", ForceDeleteWithoutRecovery=True)
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "FAILED"
    assert (
        "has no database secret: store it as enghub/test/upgrade/site/acme/EU" in upgrade.status(execution_id)["error"]
    )


def test_the_plan_shows_everything_and_changes_nothing(upgrade: Upgrade) -> None:
    prepared(upgrade)
    upgrade.upload(baseline("2.17.0", dependencies={"min_source_version": "2.16.5"}))
    body = {"upgradeBeforeVersion": "2.16.4", "upgradeAfterVersion": "2.16.5.1", "siteId": "EU"}
    status, answer = upgrade.send("plan_upgrade", "POST", "/api/v1/upgrade/plan", body)
    assert status == 200, answer
    plan = answer["data"]
    assert plan["versions"] == ["2.16.5", "2.16.5.1"]
    assert {v["version"]: v["included"] for v in plan["verdicts"]} == {
        "2.16.5": True,
        "2.16.5.1": True,
        "2.17.0": False,
    }
    assert plan["skippedSteps"] == ["2.16.5/us"]
    dangers = [d for s in plan["steps"] for d in s["destructiveStatements"]]
    assert [(d["script"], d["line"], d["danger"]) for d in dangers] == [("v/1.sql", 2, "rewrites every row")]
    assert plan["pointOfNoReturn"] == "2.16.5/main"
    assert plan["requiredResources"] == []
    assert commands() == []
