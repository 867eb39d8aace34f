"""Databases and an account in memory for the upgrade's tests."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import sqlalchemy as sa

from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from enghub.upgrade.executions import wiring as executions
from enghub.upgrade.manifests import wiring as manifests
from enghub.upgrade.notices import wiring as notices
from enghub.upgrade.phases import STAGES
from enghub.upgrade.planning import wiring as planning
from enghub.upgrade.queue import wiring as queue
from enghub.upgrade.rehearsal import wiring as rehearsals
from enghub.upgrade.rollouts import wiring as rollouts
from enghub.upgrade.sites import wiring as sites
from tests import databases
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_principal, a_request
from tests.factories.upgrade import baseline
from tests.functional.upgrade.fleet import WORKS, Fleet

PERMISSIONS = ("upgrade:execute", "upgrade:read", "upgrade:manage")
STEPS = 400
"""More slices than any test needs: a loop that does not end fails."""


@pytest.fixture(params=databases.DIALECTS, ids=str)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    found: Dialect = request.param
    return found


@pytest.fixture
def address(dialect: Dialect, tmp_path: Path) -> Iterator[Address]:
    with databases.database(dialect, tmp_path) as found:
        yield found


class Upgrade:
    """The context as its callers see it: HTTP in front, the workflow's tasks behind."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self._handlers: dict[str, Any] = {}

    def send(self, function: str, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        caller = options.pop("caller", a_principal(*PERMISSIONS))
        event = a_request(method, path, body, caller=caller, **options)
        answer = self.handler(function)(event, Context())
        return answer["statusCode"], json.loads(answer["body"])

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        url = sa.URL.create("sqlite+pysqlite", database=str(self.database))
        return databases.sql(Address(Dialect.SQLITE, url), *statements)

    def site(self, site_id: str = "EU", **changes: Any) -> None:
        body = {"name": "Plant in Europe", "dialect": "sqlite", "version": "2.16.4", **changes}
        assert self.send("change_site", "PUT", f"/api/v1/upgrade/sites/{site_id}", body)[0] == 200
        artifacts = {"folder": str(self.database.parent / "artifacts")}
        secret = json.dumps({"url": f"sqlite:///{self.database}", "artifacts": artifacts})
        name = f"enghub/test/upgrade/site/acme/{site_id}"
        boto3.client("secretsmanager").create_secret(Name=name, SecretString=secret)

    def upload(self, document: dict[str, Any], scripts: dict[str, str] | None = None) -> None:
        body = {"manifest": document, "scripts": scripts or {}, "activate": True}
        status, answer = self.send("change_manifest", "POST", "/api/v1/upgrade/manifests", body)
        assert status == 201, answer

    def execute(self, target: str, source: str = "2.16.4", **options: Any) -> tuple[int, Any]:
        body = {"upgradeBeforeVersion": source, "upgradeAfterVersion": target, "siteId": "EU", "environment": "test"}
        body |= options.pop("body", {})
        return self.send("execute_upgrade", "POST", "/api/v1/upgrade/execute", body, **options)

    def started(self, target: str, source: str = "2.16.4", **body: Any) -> str:
        status, answer = self.execute(target, source, body=body)
        assert status == 202, answer
        execution_id: str = answer["data"]["executionId"]
        return execution_id

    def status(self, execution_id: str) -> dict[str, Any]:
        answer = self.send("read_upgrades", "GET", f"/api/v1/upgrade/status/{execution_id}")[1]
        data: dict[str, Any] = answer["data"]
        return data

    def report(self, execution_id: str) -> dict[str, Any]:
        data: dict[str, Any] = self.send("read_report", "GET", f"/api/v1/upgrade/report/{execution_id}")[1]["data"]
        return data

    def resume(self, execution_id: str, **body: Any) -> tuple[int, Any]:
        return self.send("control_upgrade", "POST", f"/api/v1/upgrade/resume/{execution_id}", body)

    def task(self, function: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.handler(function)({"tenantId": "acme", **arguments}, Context())
        return answer

    def handler(self, function: str) -> Any:
        """Keep the loaded handlers, as a warm Lambda does."""
        if function not in self._handlers:
            self._handlers[function] = load_handler("upgrade", function)
        return self._handlers[function]

    def work(self, execution_id: str, run: int = 1) -> str:
        """Call the tasks in the order of the state machine, without its waits; return the outcome that ends it."""
        who = {"executionId": execution_id, "run": run}
        for stage in STAGES:
            for _ in range(STEPS):
                outcome = self.task("run_slice", **who, stage=stage.value)["outcome"]
                if outcome != "more":
                    break
            if outcome in {"confirm", "superseded"}:
                return str(outcome)
            if outcome != "done":
                return str(self.task("finish_upgrade", **who, outcome="stopped", fault="")["status"])
        return str(self.task("finish_upgrade", **who, outcome="succeeded")["status"])

    def roll_back(self, execution_id: str) -> tuple[int, Any]:
        return self.send("control_upgrade", "POST", f"/api/v1/upgrade/rollback/{execution_id}")

    def work_back(self, execution_id: str, run: int = 2) -> str:
        """Call the tasks of the state machine roll_back_upgrade."""
        who = {"executionId": execution_id, "run": run}
        for _ in range(STEPS):
            outcome = self.task("run_slice", **who, stage="rollback")["outcome"]
            if outcome != "more":
                break
        if outcome == "superseded":
            return str(outcome)
        ending = {"outcome": "rolledBack"} if outcome == "done" else {"outcome": "stopped", "fault": ""}
        return str(self.task("finish_upgrade", **who, **ending)["status"])


@pytest.fixture
def upgrade(account: Callable[..., str], tmp_path: Path) -> Iterator[Upgrade]:
    machines = "arn:aws:states:eu-central-1:123456789012:stateMachine"
    account(
        "upgrade",
        STATE_MACHINE_ARN_UPGRADE_SITE=f"{machines}:upgrade",
        STATE_MACHINE_ARN_ROLL_BACK_UPGRADE=f"{machines}:rollback",
    )
    made = [
        manifests.manifests,
        sites.sites,
        planning.planner,
        executions.upgrades,
        executions.workflow,
        executions.reports,
        notices.notices,
        rehearsals.rehearsals,
        rehearsals.rehearsing,
    ]
    yield Upgrade(tmp_path / "site.db")
    for service in made:
        service.cache_clear()


@pytest.fixture
def fleet_of(upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    monkeypatch.setenv(
        "STATE_MACHINE_ARN_ROLL_OUT_FLEET", "arn:aws:states:eu-central-1:123456789012:stateMachine:fleet"
    )
    made = (queue.queue, executions.admission, rollouts.fleet, rollouts.rollouts)
    for service in made:
        service.cache_clear()
    upgrade.upload(baseline(upgrade_steps={"startup_pre_process": [WORKS]}), {"s.sql": "SELECT 1"})
    yield Fleet(upgrade)
    for service in made:
        service.cache_clear()


def items(entity: str) -> list[dict[str, Any]]:
    """Return every stored item of a kind."""
    table: Any = boto3.resource("dynamodb").Table("enghub-test-upgrade")
    return [item for item in table.scan()["Items"] if item["entity"] == entity]
