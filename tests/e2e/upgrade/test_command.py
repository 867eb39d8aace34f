"""`enghub upgrade` as a pipeline uses it: 0 done, 1 failed, 2 refused (UPG-22)."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from enghub_cli.context import Cloud
from enghub_cli.main import app
from tests.factories.upgrade import baseline, step
from tests.workflows.upgrade.test_upgrade_site import CHECK, MAIN, Hub

pytestmark = pytest.mark.e2e


@pytest.fixture
def hub(cloud: Cloud, tmp_path: Path) -> Hub:
    made = Hub(cloud, tmp_path / "site.db")
    made.prepare(pre_business_check=[CHECK], startup_pre_process=[MAIN])
    return made


def enghub(hub: Hub, *arguments: str) -> Result:
    access = {"ENGHUB_API": hub.cloud.api_base, "ENGHUB_TOKEN": hub.token}
    return CliRunner().invoke(app, ["upgrade", *arguments], env={**access, "COLUMNS": "200"})


WANTED = ("--from", "2.16.4", "--to", "2.16.5", "--site", "EU", "--environment", "test")

TABLE = "CREATE TABLE items_v2 (id INTEGER PRIMARY KEY);"
UP = step("enghub.SqlScripts", "up", sql_scripts=["v/up.sql"], rollback_scripts=["v/down.sql"])
BREAKS = step("enghub.SqlScripts", "breaks", sql_scripts=["v/breaks.sql"], rollback_scripts=["v/down.sql"])


def test_a_pipeline_follows_an_upgrade_to_its_failure_repairs_and_resumes_it(hub: Hub) -> None:
    planned = enghub(hub, "plan", *WANTED)
    assert planned.exit_code == 0, planned.output
    assert "point of no return: 2.16.5/main" in planned.output
    hub.sql("UPDATE items SET name = NULL WHERE id = 5")
    failed = enghub(hub, "execute", *WANTED, "--follow")
    assert failed.exit_code == 1, failed.output
    assert "names: 1 > 0" in failed.output
    assert "check names: fail, count 1" in failed.output
    execution_id = hub.call("GET", "/executions")["items"][0]["executionId"]
    assert f"enghub upgrade resume {execution_id}" in failed.output
    assert enghub(hub, "status", execution_id).exit_code == 1
    hub.sql("UPDATE items SET name = 'five' WHERE id = 5")
    resumed = enghub(hub, "resume", execution_id, "--follow")
    assert resumed.exit_code == 0, resumed.output
    report = enghub(hub, "report", execution_id, "--json")
    assert json.loads(report.output)["succeededSteps"] == 4


def test_what_cannot_be_done_is_refused_in_one_line(hub: Hub) -> None:
    downgrade = enghub(hub, "execute", "--from", "2.16.5", "--to", "2.16.4", "--site", "EU")
    assert downgrade.exit_code == 2
    assert downgrade.output.splitlines() == [
        "enghub: 2.16.4 is older than 2.16.5: an upgrade only goes up, use the rollback to go back"
    ]
    unknown = enghub(hub, "status", "01NOWHERE")
    assert (unknown.exit_code, unknown.output.strip()) == (2, "enghub: Upgrade execution 01NOWHERE does not exist")


def _changed(hub: Hub, *steps: dict[str, Any], **scripts: str) -> None:
    named = {f"v/{name}.sql": text for name, text in scripts.items()}
    document = baseline(upgrade_steps={"startup_pre_process": list(steps)})
    hub.call("POST", "/manifests", {"manifest": document, "scripts": named, "activate": True}, 201)


def _copies(hub: Hub) -> list[Any]:
    return hub.sql("SELECT name FROM sqlite_master WHERE name = 'items_v2'")


def test_a_pipeline_sees_the_upgrade_roll_itself_back(hub: Hub) -> None:
    _changed(hub, UP, BREAKS, up=TABLE, down="DROP TABLE items_v2;", breaks="INSERT INTO missing VALUES (1);")
    rolled_back = enghub(hub, "execute", *WANTED, "--on-failure", "rollback", "--follow")
    assert rolled_back.exit_code == 1, rolled_back.output
    said = " ".join(rolled_back.output.split())
    assert "The upgrade stopped at 2.16.5/breaks and is rolled back: the site runs 2.16.4 as before;" in said
    assert "no such table: missing" in said
    assert f"Correct it, then: enghub upgrade execute {' '.join(WANTED)} --follow" in said
    assert _copies(hub) == []


def test_an_operator_goes_back_by_the_command_that_status_names(hub: Hub) -> None:
    _changed(hub, UP, BREAKS, up=TABLE, down="DROP TABLE items_v2;", breaks="INSERT INTO missing VALUES (1);")
    failed = enghub(hub, "execute", *WANTED, "--follow")
    execution_id = hub.call("GET", "/executions")["items"][0]["executionId"]
    assert failed.exit_code == 1, failed.output
    assert f"enghub upgrade rollback {execution_id} --follow" in " ".join(failed.output.split())
    assert _copies(hub) == [("items_v2",)]
    back = enghub(hub, "rollback", execution_id, "--follow")
    assert back.exit_code == 0, back.output
    assert "rolled back: the site runs 2.16.4 as before" in " ".join(back.output.split())
    assert _copies(hub) == []
    again = enghub(hub, "rollback", execution_id)
    assert again.exit_code == 2
    assert "only a failed or aborted one can be rolled back" in " ".join(again.output.split())
