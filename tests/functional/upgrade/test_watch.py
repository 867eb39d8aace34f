"""How many upgrades are live, and how long the oldest of them runs, while it runs (UPG-20)."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.executions.live import Load, load_of
from enghub.upgrade.executions.model import Status
from tests.factories.handlers import sample_event
from tests.factories.http import Context
from tests.factories.upgrade import NOW, baseline, execution, step
from tests.functional.upgrade.conftest import Upgrade

CHECKS = [{"id": "names", "rule": "not_null", "table": "items", "column": "name"}]


def watched(upgrade: Upgrade) -> dict[str, Any]:
    found: dict[str, Any] = upgrade.handler("watch_upgrades")(sample_event("upgrade", "watch_upgrades"), Context())
    return found


def test_an_upgrade_is_counted_from_its_acceptance_to_its_end_and_again_when_it_is_resumed(
    upgrade: Upgrade, capsys: pytest.CaptureFixture[str]
) -> None:
    upgrade.sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO items VALUES (1, NULL)")
    check = step("com.ft.upgrade.steps.PreBusinessCheckStep", "check", checks=CHECKS)
    upgrade.upload(baseline(upgrade_steps={"pre_business_check": [check]}))
    upgrade.site()
    assert watched(upgrade) == {"count": 0, "longest_seconds": 0.0, "waiting_seconds": 0.0, "stuck_seconds": 0.0}
    execution_id = upgrade.started("2.16.5")
    assert watched(upgrade)["count"] == 1
    assert upgrade.work(execution_id) == "FAILED"
    assert watched(upgrade)["count"] == 0
    upgrade.sql("UPDATE items SET name = 'one'")
    assert upgrade.resume(execution_id)[0] == 202
    assert watched(upgrade)["count"] == 1
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED"
    assert watched(upgrade)["count"] == 0
    assert DynamoExecutions().live() == ((), 0), "what ended is not even looked at"
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [line["upgrade.active.count"] for line in written if "upgrade.active.count" in line][:2] == [[0.0], [1.0]]


def test_the_oldest_is_measured_from_its_first_step_or_else_from_its_acceptance() -> None:
    accepted = execution(1, status=Status.PENDING, created_at=NOW - timedelta(minutes=5))
    waiting = replace(accepted, status=Status.WAITING, started_at=NOW - timedelta(hours=2))
    ended = replace(accepted, status=Status.FAILED, started_at=NOW - timedelta(days=9))
    assert load_of([accepted, waiting, ended], NOW) == Load(2, 7200.0)
    assert load_of([accepted], NOW) == Load(1, 300.0)
    assert load_of([], NOW) == Load(0, 0.0)
