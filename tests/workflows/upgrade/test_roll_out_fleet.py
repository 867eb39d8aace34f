"""The state machine roll_out_fleet, deployed, with IAM enforced, on real SQLite files (UPG-11)."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from enghub_cli.context import Cloud
from tests.factories.upgrade import baseline, step
from tests.waiting import until
from tests.workflows.upgrade.test_upgrade_site import Hub

pytestmark = pytest.mark.workflows
INSERT = "INSERT INTO wanted VALUES (1);"


class Fleet(Hub):
    """Sites with a database each; those of `ready` have the table that the upgrade wants."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        super().__init__(cloud, folder / "unused.db")
        self.folder = folder
        steps = {"startup_pre_process": [step("enghub.SqlScripts", "s", sql_scripts=["v/1.sql"])]}
        document = {"manifest": baseline(upgrade_steps=steps), "scripts": {"v/1.sql": INSERT}, "activate": True}
        self.call("POST", "/manifests", document, 201)

    def add(self, site_id: str, *, ready: bool = True) -> None:
        if ready:
            self.make_ready(site_id)
        site = {"name": site_id, "dialect": "sqlite", "version": "2.16.4", "tags": {"region": "eu"}}
        found = self.call("PUT", f"/sites/{site_id}", site)
        secret = json.dumps({"url": f"sqlite:///{self.folder / site_id}.db"})
        self.cloud.client("secretsmanager").create_secret(Name=found["secretName"], SecretString=secret)

    def make_ready(self, site_id: str) -> None:
        with closing(sqlite3.connect(self.folder / f"{site_id}.db", timeout=20)) as connection, connection:
            connection.execute("CREATE TABLE wanted (n INTEGER)")

    def rows(self, site_id: str) -> int:
        with closing(sqlite3.connect(self.folder / f"{site_id}.db", timeout=20)) as connection:
            return int(connection.execute("SELECT COUNT(*) FROM wanted").fetchone()[0])

    def start(self, **changes: Any) -> str:
        body = {"name": "Europe", "upgradeAfterVersion": "2.16.5", "tags": {"region": "eu"}, **changes}
        rollout_id: str = self.call("POST", "/rollouts", body, 202)["rolloutId"]
        return rollout_id

    def rests(self, rollout_id: str, *statuses: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.call("GET", f"/rollouts/{rollout_id}")
            return found if found["status"] in statuses else None

        return until(look, 150, 0.5)


@pytest.fixture
def fleet(cloud: Cloud, tmp_path: Path) -> Fleet:
    return Fleet(cloud, tmp_path)


def test_a_canary_then_a_wave_after_a_confirmation(fleet: Fleet) -> None:
    for site_id in ("A", "B", "C"):
        fleet.add(site_id)
    rollout_id = fleet.start(canaries=["B"], waveSize=2, requiresConfirmation=True)
    seen = fleet.rests(rollout_id, "WAITING", "STOPPED", "SUCCEEDED")
    assert (seen["status"], [row["status"] for row in seen["siteProgress"]]) == (
        "WAITING",
        ["SUCCEEDED", "PENDING", "PENDING"],
    ), seen
    fleet.call("POST", f"/rollouts/{rollout_id}/confirm", None, 202)
    assert fleet.rests(rollout_id, "STOPPED", "SUCCEEDED")["status"] == "SUCCEEDED"
    assert [fleet.rows(site_id) for site_id in ("A", "B", "C")] == [1, 1, 1]
    assert [fleet.call("GET", f"/sites/{site_id}")["version"] for site_id in ("A", "B", "C")] == ["2.16.5"] * 3


def test_a_failed_canary_stops_and_the_resumed_rollout_goes_on(fleet: Fleet) -> None:
    fleet.add("A", ready=False)
    fleet.add("B")
    rollout_id = fleet.start(canaries=["A"])
    seen = fleet.rests(rollout_id, "STOPPED", "SUCCEEDED")
    assert seen["reason"] == "Wave 1: 1 of 1 sites failed (100%, limit 0%): A"
    assert fleet.rows("B") == 0
    fleet.make_ready("A")
    fleet.call("POST", f"/rollouts/{rollout_id}/resume", None, 202)
    assert fleet.rests(rollout_id, "STOPPED", "SUCCEEDED")["status"] == "SUCCEEDED"
    assert [fleet.rows("A"), fleet.rows("B")] == [1, 1]


def lose(fleet: Fleet, rollout_id: str) -> None:
    """End the workflow as an outage would, and let the lease that it leaves be over."""
    machine = f"arn:aws:states:us-east-1:000000000000:execution:enghub-local-upgrade-roll-out-fleet:{rollout_id}-1"
    fleet.cloud.client("stepfunctions").stop_execution(executionArn=machine)
    table = fleet.cloud.client("dynamodb")
    keys = {"pk": {"S": f"T#{fleet.tenant}#ROLLOUT#{rollout_id}"}, "sk": {"S": "ROLLOUT"}}
    item = table.get_item(TableName="enghub-local-upgrade", Key=keys)["Item"]
    body = {**json.loads(item["body"]["S"]), "alive_until": "2026-01-01T00:00:00Z"}
    table.put_item(TableName="enghub-local-upgrade", Item={**item, "body": {"S": json.dumps(body)}})


def test_a_lost_workflow_is_replaced_by_the_sweep(fleet: Fleet) -> None:
    fleet.add("A")
    fleet.add("B")
    rollout_id = fleet.start(waveSize=1, pauseSeconds=25)
    until(lambda: fleet.call("GET", f"/rollouts/{rollout_id}")["wave"] == 2, 150, 0.5)
    lose(fleet, rollout_id)
    answer = fleet.cloud.client("lambda").invoke(FunctionName="enghub-local-upgrade-sweep-rollouts", Payload=b"{}")
    assert json.loads(answer["Payload"].read())["given_up"] == 0
    seen = fleet.rests(rollout_id, "STOPPED", "SUCCEEDED")
    assert (seen["status"], seen["run"]) == ("SUCCEEDED", 2)
