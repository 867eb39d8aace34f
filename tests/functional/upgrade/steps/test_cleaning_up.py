"""Log clean-up and release of resources: what is never touched, what is named (UPG-18)."""

from typing import Any

import pytest

from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.stepping.ports import Ports
from enghub.upgrade.steps.registry import step_class
from tests.functional.upgrade.steps.doubles import FULL
from tests.functional.upgrade.steps.matrix import Place, run
from tests.functional.upgrade.steps.scenarios import upkeep


def test_a_log_that_cannot_be_removed_is_passed_over_and_named(small: Place) -> None:
    upkeep.logged(small)

    class Stuck:
        def __getattr__(self, name: str) -> Any:
            return getattr(small.files, name)

        def delete(self, path: str) -> None:
            if path.endswith("a.log"):
                raise FULL
            small.files.delete(path)

    ports = Ports(files=Stuck(), artifacts=small.artifacts)
    result = run(small, "enghub.LogCleanup", upkeep.LOGS, ports=ports).result
    assert result["failed"] == [{"file": "logs/access/a.log", "reason": "The store is full"}]
    assert (result["removed"], result["archived"]) == (2, 2)
    assert "logs/access/a.log" in result["attention"][0]["en"]
    assert "请手工处理：logs/access/a.log" in result["attention"][0]["zh"]
    assert small.files.info("logs/access/a.log") is not None


def test_logs_of_the_last_seven_days_are_never_touched() -> None:
    found = step_class("enghub.LogCleanup")().validate({"log_cleanup": [{"folder": "logs", "keep_days": 6}]})
    assert [str(one) for one in found] == ["log_cleanup.0.keep_days: write 7 or more"]


def test_what_is_released_is_told_in_bytes(place: Place) -> None:
    upkeep.with_scraps(place)
    cache = place.cache("orders")
    for generation in ("old", "live", "half"):
        cache.put(generation, {"k": b"v"}, None)
    cache.activate("live")
    temporary = {**upkeep.TEMPORARY["temporary"], "caches": ["orders"]}
    result = run(place, "enghub.ResourceRelease", {"temporary": temporary}).result
    assert result["tables"] == ["scrap", "scrap2"]
    assert result["files"] == 3
    assert cache.generations() == ("live",)
    assert sorted(result["caches cleared"]) == ["orders: half", "orders: old"]
    empty_tables = {Dialect.SQLITE: 0, Dialect.MARIADB: 2 * 16_384}.get(place.dialect, 0)
    assert result["freedBytes"] == 3 + empty_tables


def test_the_journal_is_never_released(small: Place) -> None:
    with pytest.raises(WorkFailed, match="a table of this software"):
        run(small, "enghub.ResourceRelease", {"temporary": {"tables": ["enghub_upgrade_statement"]}})
    assert step_class("enghub.ResourceRelease")().validate({"temporary": {"paths": [".enghub/history"]}})


def test_a_log_that_comes_back_is_no_success(small: Place) -> None:
    upkeep.logged(small)

    def again(point: str) -> None:
        if point == "file removed":
            small.files.write("logs/access/a.log", b"new line")

    result = run(small, "enghub.LogCleanup", upkeep.LOGS, point=again).result
    assert result["failed"] == [{"file": "logs/access/a.log", "reason": "it is still there"}]
    assert (result["removed"], result["freedBytes"]) == (2, 50 + 10_000)
