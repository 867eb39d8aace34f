"""`enghub upgrade` as a pipeline uses it: 0 done, 1 failed, 2 refused (UPG-22)."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from enghub_cli.context import Cloud
from enghub_cli.main import app
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


def test_a_pipeline_follows_an_upgrade_to_its_failure_repairs_and_resumes_it(hub: Hub) -> None:
    planned = enghub(hub, "plan", *WANTED)
    assert planned.exit_code == 0, planned.output
    assert "point of no return: 2.16.5/main" in planned.output
    hub.sql("UPDATE items SET name = NULL WHERE id = 5")
    failed = enghub(hub, "execute", *WANTED, "--follow")
    assert failed.exit_code == 1, failed.output
    assert "names: 1 > 0" in failed.output
    assert "check names: fail, count 1" in failed.output
    execution_id = hub.call("GET", "/executions")["executions"][0]["executionId"]
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
