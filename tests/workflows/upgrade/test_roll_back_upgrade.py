"""The state machine roll_back_upgrade, deployed, with IAM enforced, on a real SQLite file (UPG-09)."""

from pathlib import Path

import pytest

from enghub_cli.context import Cloud
from tests.factories.upgrade import baseline, step
from tests.workflows.upgrade.test_upgrade_site import Hub

STOPPED = ("SUCCEEDED", "FAILED", "ROLLED_BACK", "ROLLBACK_FAILED")
FAILS = step("enghub.SqlScripts", "fails", sql_scripts=["v/2.sql"], rollback_scripts=["v/undo.sql"])
MAIN = step("enghub.SqlScripts", "main", sql_scripts=["v/1.sql"], rollback_scripts=["v/undo.sql"])


@pytest.fixture
def hub(cloud: Cloud, tmp_path: Path) -> Hub:
    made = Hub(cloud, tmp_path / "site.db")
    made.prepare()
    document = baseline(upgrade_steps={"startup_pre_process": [MAIN, FAILS]})
    scripts = {
        "v/1.sql": "CREATE TABLE items_v2 (id INTEGER);",
        "v/2.sql": "INSERT INTO missing VALUES (1);",
        "v/undo.sql": "DROP TABLE items_v2;",
    }
    made.call("POST", "/manifests", {"manifest": document, "scripts": scripts, "activate": True}, 201)
    return made


def test_a_failed_upgrade_rolls_itself_back(hub: Hub) -> None:
    wanted = {
        "upgradeBeforeVersion": "2.16.4",
        "upgradeAfterVersion": "2.16.5",
        "siteId": "EU",
        "onFailure": "rollback",
    }
    execution_id = hub.call("POST", "/execute", wanted, 202)["executionId"]
    seen = hub.comes_to(execution_id, *STOPPED)
    assert seen["status"] == "ROLLED_BACK", seen["summary"]
    assert hub.sql("SELECT name FROM sqlite_master WHERE name = 'items_v2'") == []


def test_a_failed_rollback_keeps_its_breakpoint_and_is_resumed(hub: Hub) -> None:
    execution_id = hub.execute()["executionId"]
    assert hub.comes_to(execution_id, *STOPPED)["status"] == "FAILED"
    hub.sql("ALTER TABLE items_v2 RENAME TO elsewhere")
    hub.call("POST", f"/rollback/{execution_id}", None, 202)
    seen = hub.comes_to(execution_id, "ROLLED_BACK", "ROLLBACK_FAILED")
    assert (seen["status"], seen["rollback"]["breakpoint"]["step"]) == ("ROLLBACK_FAILED", "2.16.5/main")
    hub.sql("ALTER TABLE elsewhere RENAME TO items_v2")
    hub.call("POST", f"/resume/{execution_id}", {}, 202)
    assert hub.comes_to(execution_id, "ROLLED_BACK", "ROLLBACK_FAILED")["status"] == "ROLLED_BACK"
