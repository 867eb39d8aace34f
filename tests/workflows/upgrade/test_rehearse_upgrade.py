"""The state machine rehearse_upgrade, deployed, with IAM enforced, on real SQLite files (UPG-09)."""

import json
from pathlib import Path
from typing import Any

import pytest

from enghub_cli.context import Cloud
from tests.factories.upgrade import baseline, step
from tests.waiting import until
from tests.workflows.upgrade.test_upgrade_site import CHECK, MAIN, Hub

pytestmark = pytest.mark.workflows
WANTED = {"upgradeBeforeVersion": "2.16.4", "upgradeAfterVersion": "2.16.5", "siteId": "EU", "environment": "test"}
UP = step("enghub.SqlScripts", "up", sql_scripts=["v/up.sql"], rollback_scripts=["v/down.sql"])
SCRIPTS = {"v/up.sql": "CREATE TABLE added (id INTEGER PRIMARY KEY);", "v/down.sql": "DROP TABLE added;"}


class Rehearsals(Hub):
    """A site with a scratch database."""

    def ready(self, *steps: dict[str, Any]) -> None:
        self.prepare(pre_business_check=[CHECK], startup_pre_process=[MAIN])
        secret = {"url": f"sqlite:///{self.database}", "scratch": {"url": f"sqlite:///{self.database}.scratch"}}
        name = self.call("GET", f"/sites/{self.site}")["secretName"]
        self.cloud.client("secretsmanager").put_secret_value(SecretId=name, SecretString=json.dumps(secret))
        if steps:
            document = baseline(upgrade_steps={"startup_pre_process": list(steps)})
            self.call("POST", "/manifests", {"manifest": document, "scripts": SCRIPTS, "activate": True}, 201)

    def rehearsed(self) -> dict[str, Any]:
        rehearsal_id = self.call("POST", "/rehearsals", WANTED, 202)["rehearsalId"]

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.call("GET", f"/rehearsals/{rehearsal_id}")
            return found if found["status"] != "RUNNING" else None

        return until(look, 90, 0.3)


@pytest.fixture
def hub(cloud: Cloud, tmp_path: Path) -> Rehearsals:
    return Rehearsals(cloud, tmp_path / "site.db")


def test_up_down_and_up_on_a_copy_while_the_site_stays_as_it_is(hub: Rehearsals) -> None:
    hub.ready(UP)
    found = hub.rehearsed()
    assert (found["status"], found["error"], found["rows"]) == ("SUCCEEDED", None, 2000)
    (up,) = found["steps"]
    assert None not in (up["upSeconds"], up["downSeconds"], up["againSeconds"])
    assert hub.sql("SELECT name FROM sqlite_master WHERE name = 'added' OR name LIKE 'enghub%'") == []
    plan = hub.call("POST", "/plan", WANTED)
    assert plan["rehearsal"]["rehearsalId"] == found["rehearsalId"]


def test_the_point_of_no_return_is_found_on_the_copy(hub: Rehearsals) -> None:
    hub.ready()
    found = hub.rehearsed()
    assert (found["status"], found["part"]) == ("FAILED", "down")
    assert "2.16.5/main" in found["error"]
    assert hub.sql("SELECT name FROM sqlite_master WHERE name = 'items_v2'") == []
