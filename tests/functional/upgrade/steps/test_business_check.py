"""Business checks: whom they are for, what they say, whom they ask how often (UPG-14)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from enghub.kit.databases.errors import DatabaseUnreachable
from enghub.kit.databases.session import DatabaseSessions
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.gateways.databases.kinds import databases_of
from enghub.upgrade.steps.business_check import BusinessCheck
from tests.functional.upgrade.steps.matrix import Place, run
from tests.functional.upgrade.steps.scenarios.scenario import ROWS

AMOUNTS = {"id": "amounts", "rule": "range", "table": "orders", "column": "amount", "minimum": 0}
NOTES = {"id": "notes", "rule": "not_null", "table": "orders", "column": "note"}


class Log(list[tuple[str, str]]):
    def __call__(self, level: str, text: str) -> None:
        self.append((level, text))


def test_a_resumed_upgrade_asks_the_repaired_data_again(small: Place) -> None:
    """The cursor of the failed run knows the first rule's finding; it must not be believed."""
    small.execute("UPDATE orders SET amount = -1 WHERE id = 3")
    with pytest.raises(WorkFailed, match="amounts: 1 > 0"):
        run(small, "enghub.BusinessCheck", {"checks": [AMOUNTS, {**NOTES, "severity": "warn"}]})
    small.execute("UPDATE orders SET amount = 1 WHERE id = 3")
    facts = replace(small.context({}).facts, run=2)
    found = run(small, "enghub.BusinessCheck", {"checks": [AMOUNTS, {**NOTES, "severity": "warn"}]}, facts=facts)
    assert [finding["outcome"] for finding in found.result["checks"]] == ["pass", "warning"]


def test_the_log_says_count_limit_and_advice_as_a_warning_or_an_error(small: Place) -> None:
    small.execute("UPDATE orders SET amount = -1 WHERE id = 3")
    checks = [
        {**NOTES, "severity": "warn", "threshold": 1, "advice": "write a note"},
        {**AMOUNTS, "advice": "correct the amounts"},
        {**AMOUNTS, "id": "later", "min_version": "3.0.0"},
    ]
    log = Log()
    with pytest.raises(WorkFailed) as failure:
        run(small, "enghub.BusinessCheck", {"checks": checks}, log=log)
    assert log == [
        ("warning", "check notes: warning, count 2, 1 allowed: write a note"),
        ("error", "check amounts: fail, count 1, 0 allowed: correct the amounts"),
        ("info", "check later is for versions 3.0.0 to ...: skipped"),
        ("info", "check later: skipped, count None"),
    ]
    assert failure.value.result["checkedTables"] == ["orders"]
    assert failure.value.result["totalRecords"] == ROWS
    assert failure.value.result["errorRecords"] == 3


@pytest.mark.parametrize(
    ("low", "high", "applied"),
    [
        ("2.16.5", "2.16.9", True),  # the target
        ("2.16.0", "2.16.4", True),  # the source
        ("2.16.4", "2.16.5", True),
        ("2.16.6", None, False),
        (None, "2.16.3", False),
        (None, None, True),
    ],
)
def test_a_rule_is_for_upgrades_from_or_to_a_version_of_its_range(
    small: Place, low: str | None, high: str | None, applied: bool
) -> None:
    rule = {**AMOUNTS, "min_version": low, "max_version": high}
    found = run(small, "enghub.BusinessCheck", {"checks": [rule]}).result["checks"][0]
    assert found["outcome"] == ("pass" if applied else "skipped")
    verified = run(small, "enghub.Verification", {"business_checks": [{**rule, "minimum": 5}]}) if not applied else None
    if verified is not None:
        assert "not for these versions" in verified.result["verification"][0]["detail"]


def test_times_have_a_range_too(place: Place) -> None:
    rule = {**AMOUNTS, "column": "changed", "minimum": "2026-01-03 00:00:00", "maximum": "2026-01-10 23:59:59"}
    found = run(place, "enghub.BusinessCheck", {"checks": [{**rule, "threshold": 99}]})
    assert found.result["checks"][0]["count"] == 3


class Breaking:
    """A database whose connection breaks while it is asked, some times."""

    def __init__(self, databases: DatabaseSessions, times: int) -> None:
        self.databases, self.times, self.asked = databases, times, 0

    @contextmanager
    def reader(self, timeout_seconds: int) -> Iterator[Any]:
        self.asked += 1
        with self.databases.reader(timeout_seconds) as session:
            yield session
            if self.asked <= self.times:
                raise DatabaseUnreachable("gone")


@pytest.mark.parametrize(("times", "passes"), [(2, True), (3, False)])
def test_a_connection_that_breaks_is_tried_three_times(small: Place, times: int, passes: bool) -> None:
    rule = {"id": "x", "sql": "SELECT 0"}
    databases = Breaking(databases_of(small.address, 1), times)
    if passes:
        run(small, "enghub.BusinessCheck", {"checks": [rule]}, databases=databases)
    else:
        with pytest.raises(WorkFailed, match="did not answer three times"):
            run(small, "enghub.BusinessCheck", {"checks": [rule]}, databases=databases)
    assert databases.asked == 3


def test_a_range_that_is_empty_is_refused_when_the_manifest_is_uploaded(small: Place) -> None:
    found = BusinessCheck().validate({"checks": [{**AMOUNTS, "min_version": "2.17.0", "max_version": "2.16.0"}]})
    assert [str(one) for one in found] == ["checks.0: min_version 2.17.0 is above max_version 2.16.0"]
