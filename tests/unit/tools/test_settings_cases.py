"""docs/settings-cases.md: every trap is there once, with a test or with what it is missing, and every test exists."""

import re

import pytest

from tests.unit.tools.test_cases import ROOT, defined_in

PAGE = (ROOT / "docs/settings-cases.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if re.match(r"\| SF\d+ ", line)]
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE)) - {"tests/unit/tools/test_settings_cases.py"})


def test_every_trap_is_on_the_page_once_with_a_test_or_its_owner() -> None:
    assert [row[0] for row in ROWS] == [f"SF{number}" for number in range(1, 22)]
    assert all(len(row) == 4 for row in ROWS)
    assert [row[0] for row in ROWS if "`tests/" not in row[3]] == ["SF17"]
    assert all("missing: belongs to CFG-" in row[3] for row in ROWS if "`tests/" not in row[3])


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_the_page_names_exists(named: str) -> None:
    path, _, name = named.partition("::")
    assert name in defined_in(path), f"{path} has no {name}"
