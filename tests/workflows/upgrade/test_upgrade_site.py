"""Every path of the state machine upgrade_site, deployed, with IAM enforced, on a real SQLite file."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from enghub_cli.context import Cloud
from tests.factories.upgrade import baseline, step
from tests.waiting import until

pytestmark = pytest.mark.workflows
BASE = "/api/v1/upgrade"
MOVE = {
    "name": "items",
    "source": "items",
    "target": "items_v2",
    "mapping": {"id": "id", "name": {"column": "name", "transform": ["upper"]}},
}
SCRIPT = "CREATE TABLE items_v2 (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"


class Hub:
    """The deployed hub, as an administrator of a tenant of this test's own."""

    def __init__(self, cloud: Cloud, database: Path) -> None:
        self.tenant, self.database, self.site = f"t{uuid4().hex[:10]}", database, "EU"
        self.cloud = cloud
        self.token = cloud.token(
            tenant=self.tenant, factories=(), user=f"admin-{self.tenant}", roles=("UPGRADE_ADMIN",)
        )

    def call(self, method: str, path: str, body: Any = None, expect: int = 200, key: str | None = None) -> Any:
        with self.cloud.http(self.token) as client:
            answer = client.request(method, BASE + path, json=body, headers={"Idempotency-Key": key} if key else {})
        assert answer.status_code == expect, answer.text
        return answer.json()["data"] if answer.is_success else answer.json()

    def prepare(self, hooks: dict[str, str] | None = None, **steps: list[dict[str, Any]]) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
            connection.executemany("INSERT INTO items VALUES (?, ?)", [(n, f"n{n}") for n in range(1, 2001)])
        site = {"name": "Plant", "dialect": "sqlite", "hooks": hooks or {}, "version": "2.16.4"}
        found = self.call("PUT", f"/sites/{self.site}", site)
        secret = json.dumps(
            {"url": f"sqlite:///{self.database}", "artifacts": {"folder": str(self.database.parent / "artifacts")}}
        )
        self.cloud.client("secretsmanager").create_secret(Name=found["secretName"], SecretString=secret)
        document = {"manifest": baseline(upgrade_steps=steps), "scripts": {"v/1.sql": SCRIPT}, "activate": True}
        self.call("POST", "/manifests", document, 201)

    def sql(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.database, timeout=20)) as connection, connection:
            return list(connection.execute(statement))

    def execute(self, key: str | None = None, expect: int = 202) -> Any:
        wanted = {"upgradeBeforeVersion": "2.16.4", "upgradeAfterVersion": "2.16.5", "siteId": self.site}
        return self.call("POST", "/execute", wanted, expect, key)

    def comes_to(self, execution_id: str, *statuses: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.call("GET", f"/status/{execution_id}")
            return found if found["status"] in statuses else None

        return until(look, 90, 0.3)


@pytest.fixture
def hub(cloud: Cloud, tmp_path: Path) -> Hub:
    return Hub(cloud, tmp_path / "site.db")


class _Business(BaseHTTPRequestHandler):
    """A business system that can be stopped and started."""

    def do_POST(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(202)
        self.end_headers()

    def do_GET(self) -> None:
        stopped = self.server.asked[-1:] == ["/stop"]  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"status": "stopped" if stopped else "running"}).encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def business() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), _Business)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


MAIN = step("com.ft.upgrade.steps.StartupPreProcessStep", "main", sql_scripts=["v/1.sql"], migrations=[MOVE])
CHECK = step(
    "com.ft.upgrade.steps.PreBusinessCheckStep",
    "check",
    checks=[{"id": "names", "rule": "not_null", "table": "items", "column": "name"}],
)


def test_all_five_phases_run_and_the_system_is_stopped_only_for_the_outage(hub: Hub, business: HTTPServer) -> None:
    url = f"http://127.0.0.1:{business.server_port}"
    health = {"name": "api", "url": f"{url}/health"}
    hub.prepare(
        {name: f"{url}/{name}" for name in ("stop", "start", "status")},
        pre_business_check=[CHECK],
        pre_upgrade_process=[step("enghub.Backup", "backup", backup={"tables": ["items"]})],
        startup_pre_process=[MAIN],
        startup_post_process=[step("enghub.HealthChecks", "health", health_checks=[health])],
        post_upgrade=[step("enghub.Verification", "verify", tables={"items_v2": ["id", "name"]})],
    )
    execution_id = hub.execute()["executionId"]
    seen = hub.comes_to(execution_id, "SUCCEEDED", "FAILED")
    assert seen["status"] == "SUCCEEDED", seen["error"]
    assert seen["completedSteps"] == 7
    assert hub.sql("SELECT COUNT(*), MIN(name) FROM items_v2") == [(2000, "N1")]
    assert list((hub.database.parent / "artifacts").rglob("manifest.json"))
    assert business.asked == ["/stop", "/start"]  # type: ignore[attr-defined]
    assert hub.call("GET", f"/sites/{hub.site}")["version"] == "2.16.5"


def test_a_failure_leaves_a_breakpoint_and_the_upgrade_resumes_from_it(hub: Hub) -> None:
    hub.prepare(pre_business_check=[CHECK], startup_pre_process=[MAIN])
    hub.sql("UPDATE items SET name = NULL WHERE id = 5")
    execution_id = hub.execute()["executionId"]
    seen = hub.comes_to(execution_id, "SUCCEEDED", "FAILED")
    assert (seen["status"], seen["breakpoint"]["step"]) == ("FAILED", "2.16.5/check")
    hub.sql("UPDATE items SET name = 'five' WHERE id = 5")
    hub.call("POST", f"/resume/{execution_id}", {}, 202)
    seen = hub.comes_to(execution_id, "SUCCEEDED", "FAILED")
    assert (seen["status"], seen["run"]) == ("SUCCEEDED", 2), seen["error"]
    assert hub.sql("SELECT name FROM items_v2 WHERE id = 5") == [("FIVE",)]


def test_an_operator_confirms_a_step_and_the_upgrade_goes_on(hub: Hub) -> None:
    hub.prepare(startup_pre_process=[{**MAIN, "requires_confirmation": True}])
    execution_id = hub.execute()["executionId"]
    seen = hub.comes_to(execution_id, "WAITING", "FAILED")
    assert (seen["status"], seen["currentStep"]) == ("WAITING", "2.16.5/main")
    assert hub.sql("SELECT name FROM sqlite_master WHERE name = 'items_v2'") == []
    hub.call("POST", f"/confirm/{execution_id}", {}, 202)
    assert hub.comes_to(execution_id, "SUCCEEDED", "FAILED")["status"] == "SUCCEEDED"


def test_an_upgrade_that_waits_can_be_aborted_and_resumed(hub: Hub) -> None:
    hub.prepare(startup_pre_process=[{**MAIN, "requires_confirmation": True}])
    execution_id = hub.execute()["executionId"]
    hub.comes_to(execution_id, "WAITING")
    hub.call("POST", f"/abort/{execution_id}", None, 202)
    assert hub.comes_to(execution_id, "ABORTED", "FAILED")["status"] == "ABORTED"
    hub.call("POST", f"/resume/{execution_id}", {}, 202)
    hub.comes_to(execution_id, "WAITING")
    hub.call("POST", f"/confirm/{execution_id}", {}, 202)
    assert hub.comes_to(execution_id, "SUCCEEDED", "FAILED")["status"] == "SUCCEEDED"


def test_the_same_request_twice_starts_one_execution_and_a_busy_site_refuses_others(hub: Hub) -> None:
    hub.prepare(startup_pre_process=[{**MAIN, "requires_confirmation": True}])
    first, second = (hub.execute(key="pipeline-7")["executionId"] for _ in range(2))
    assert first == second
    assert hub.execute(expect=409)["details"]["owner"] == first
    hub.comes_to(first, "WAITING")
