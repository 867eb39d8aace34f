"""docs/cases.md and those of golive and mes: every case is there once, and every test that they name exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/cases.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in TEXT.splitlines()
    if re.match(r"\| [CSUN][0-9]+ \|", line)
]
ALL = {f"{letter}{n}" for letter, last in (("C", 20), ("S", 14), ("U", 15), ("N", 23)) for n in range(1, last + 1)}
OWNED = {"N3", "S14"}
"""Another issue owes the mend and its test."""
TRAPS = {
    letters: ((ROOT / f"docs/{page}-cases.md").read_text("utf-8"), count)
    for letters, page, count in (("GF", "golive", 22), ("MF", "mes", 23))
}
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", TEXT + "".join(page for page, _ in TRAPS.values()))))


@cache
def defined_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_case_is_on_the_page_once_with_its_kind_and_what_holds_it() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(ALL)
    assert all(len(row) == 4 and row[1] for row in ROWS)
    held = {row[0] for row in ROWS if "`tests/" in row[3] or "*F*" in row[3]}
    assert held == ALL - OWNED
    assert {row[0] for row in ROWS if "owner: " in row[3]} == {"C11", "C14", "C15", "C20", *OWNED}


@pytest.mark.parametrize("letters", TRAPS)
def test_every_trap_of_a_context_is_on_its_page_once_with_a_test(letters: str) -> None:
    page, count = TRAPS[letters]
    rows = [line.split("|") for line in page.splitlines() if re.match(rf"\| {letters}[0-9]+ \|", line)]
    assert [row[1].strip() for row in rows] == [f"{letters}{number}" for number in range(1, count + 1)]
    assert all("`tests/" in row[4] for row in rows)


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_the_page_names_exists(named: str) -> None:
    path, _, name = named.partition("::")
    assert (ROOT / path).is_file(), f"{path} is gone"
    if name:
        assert name in defined_in(path), f"{path} has no {name}"


def test_the_page_names_tests_and_not_only_files() -> None:
    assert [named for named in NAMED if "::" not in named] == [
        "tests/data/script_sessions.toml",
        "tests/unit/tools/test_cases.py",
    ]
