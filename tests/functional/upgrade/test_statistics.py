"""Figures over many executions: what succeeds, how long it takes, where it stops (UPG-13)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from enghub.upgrade.executions import reading
from enghub.upgrade.executions.model import Breakpoint, Status
from enghub.upgrade.executions.statistics import statistics_of
from tests.factories.upgrade import NOW, baseline, execution, step
from tests.functional.upgrade.conftest import Upgrade

PATH = "/api/v1/upgrade/statistics"


def ended(status: Status, seconds: float = 10, **changes: Any) -> Any:
    times = {"started_at": NOW, "ended_at": NOW + timedelta(seconds=seconds)}
    return execution(3, status=status, **times, **changes)


def test_rates_are_of_what_has_ended_and_times_of_what_succeeded() -> None:
    stopped = Breakpoint("startup_pre_process", "2.16.6/main", 2, 1, {}, NOW)
    found = statistics_of(
        [
            ended(Status.SUCCEEDED, 10),
            ended(Status.SUCCEEDED, 30, site_id="US"),
            replace(ended(Status.FAILED, 900, target_version="2.16.6"), breakpoint=stopped),
            replace(ended(Status.ROLLED_BACK, 900, target_version="2.16.6"), breakpoint=stopped),
            execution(3, status=Status.RUNNING),
        ],
        NOW - timedelta(days=30),
        NOW,
        is_complete=True,
    )
    whole = found.whole
    assert (whole.executions, whole.ended, whole.succeeded, whole.rolled_back) == (5, 4, 2, 1)
    assert (whole.success_rate, whole.median_seconds, whole.slowest_seconds) == (0.5, 20, 30)
    assert found.by_status == {"FAILED": 1, "ROLLED_BACK": 1, "RUNNING": 1, "SUCCEEDED": 2}
    assert [(one.name, one.executions, one.success_rate) for one in found.by_version] == [
        ("2.16.5", 3, 1.0),
        ("2.16.6", 2, 0.0),
    ]
    assert [(one.name, one.executions) for one in found.by_site] == [("EU", 4), ("US", 1)]
    assert found.stopped_at == (("2.16.6/main", 2),)


def test_without_executions_nothing_is_claimed() -> None:
    found = statistics_of([], NOW - timedelta(days=1), NOW, is_complete=True)
    assert (found.whole.executions, found.whole.success_rate, found.whole.median_seconds) == (0, None, None)


def asked(hub: Upgrade, **query: str) -> tuple[int, Any]:
    return hub.send("read_upgrades", "GET", PATH, query=query)


def test_the_route_counts_pages_of_the_tenants_executions(upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch) -> None:
    main = step("enghub.SqlScripts", "main", sql_scripts=["a.sql"])
    document = baseline("2.16.5", upgrade_steps={"startup_pre_process": [main]})
    upgrade.upload(document, {"a.sql": "INSERT INTO missing VALUES (1)"})
    upgrade.site()
    for _ in range(3):
        assert upgrade.work(upgrade.started("2.16.5")) == "FAILED"
    monkeypatch.setattr(reading, "PAGE", 2)
    status, answer = asked(upgrade)
    found = answer["data"]
    assert status == 200
    assert (found["whole"]["executions"], found["whole"]["successRate"], found["isComplete"]) == (3, 0.0, True)
    assert found["stoppedAt"] == [{"step": "2.16.5/main", "executions": 3}]
    monkeypatch.setattr(reading, "PAGES", 1)
    some = asked(upgrade)[1]["data"]
    assert (some["whole"]["executions"], some["isComplete"]) == (2, False)


@pytest.mark.parametrize("days", ["0", "91", "many"])
def test_a_period_that_nobody_keeps_is_refused(upgrade: Upgrade, days: str) -> None:
    status, answer = asked(upgrade, days=days)
    assert (status, answer["details"]["field"]) == (400, "days")
