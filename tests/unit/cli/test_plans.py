"""What a person reads below the steps of a plan."""

from typing import Any

import pytest
from rich.text import Text

from enghub_cli.plans import COLUMNS, remarks, step_cells

STEP: dict[str, Any] = {
    "step": "1.1.0/main",
    "name": "main",
    "estimatedSeconds": 60,
    "requiresConfirmation": True,
    "reversible": False,
    "undo": "no [b]way[/b]",
    "destructiveStatements": [{"danger": "drop", "script": "a.sql", "line": 3}],
    "longLocks": [
        {"script": "a.sql", "line": 4, "statement": "CREATE INDEX i", "instead": "CREATE INDEX CONCURRENTLY"}
    ],
    "rehearsedUpSeconds": None,
    "rehearsedDownSeconds": None,
    "elsewhere": {"sites": 3, "seconds": 12.0, "fastestSeconds": 8.0, "slowestSeconds": 30.0},
}
PLAN: dict[str, Any] = {
    "estimatedSeconds": 60,
    "pointOfNoReturn": None,
    "afterSuccess": "write the next version",
    "variables": [],
    "rehearsal": None,
    "requiredResources": [],
    "requiredComponents": [],
    "steps": [STEP],
    "forecast": None,
    "drift": {"state": "unrecorded"},
}
DRIFTED = {
    "state": "different",
    "version": "1.0.0",
    "count": 2,
    "digest": "3f2a9c41d07b",
    "differences": [
        {"said": "column orders.hack added", "was": None, "now": "TEXT [x] NULL"},
        {"said": "row currency code=EUR changed", "was": None, "now": None},
    ],
}


def said(**changes: Any) -> list[str]:
    return [Text.from_markup(line).plain for line in remarks({**PLAN, **changes})]


def test_a_step_shows_what_it_took_elsewhere() -> None:
    cells = step_cells(STEP)
    assert len(cells) == len(COLUMNS) + 1
    assert cells[3] == "12.0 s (8.0-30.0)"
    assert step_cells({**STEP, "elsewhere": None})[3] == "-"


def test_a_drifted_site_is_told_part_by_part_with_the_line_to_type() -> None:
    lines = said(drift=DRIFTED)
    assert "2 differences from what the upgrade to 1.0.0 left" in lines
    assert "  column orders.hack added: TEXT [x] NULL" in lines
    assert "  row currency code=EUR changed" in lines
    assert "accept it with: --accept-drift 3f2a9c41d07b --drift-reason 'why'" in lines


@pytest.mark.parametrize(
    ("drift", "line"),
    [
        ({"state": "unrecorded"}, "drift unknown: no upgrade here"),
        ({"state": "between versions"}, "not compared: an upgrade has written here"),
        ({"state": "same", "version": "1.0.0", "recordedAt": "today"}, "as the upgrade to 1.0.0 left it (today)"),
        (
            {"state": "unreadable", "version": "1.0.0", "reason": "away", "digest": "0123456789ab"},
            "not compared with what 1.0.0 should have: away",
        ),
    ],
)
def test_every_state_of_drift_is_told(drift: dict[str, Any], line: str) -> None:
    assert any(one.startswith(line) for one in said(drift=drift))


def test_the_forecast_names_its_spread_the_outage_and_what_is_only_estimated() -> None:
    forecast = {
        "sites": 3,
        "seconds": 120.0,
        "fastestSeconds": 90.0,
        "slowestSeconds": 300.4,
        "outageSeconds": 45.0,
        "unknownSteps": ["1.1.0/new"],
    }
    wanted = "forecast from 3 other sites: 120 s (90 to 300 s), of it 45 s in the outage; 1 steps by their estimate"
    assert wanted in said(forecast=forecast)


def test_statements_that_lock_long_are_told_with_the_way_that_does_not() -> None:
    assert "locks long: a.sql:4 CREATE INDEX i: CREATE INDEX CONCURRENTLY" in said()
