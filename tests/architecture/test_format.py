"""One form for all code: what the formatter makes unreadable is written otherwise, not kept from it."""

from tests.architecture.source import ROOT

FOLDERS = ("bench", "cli", "clients", "functions", "infra", "layers", "sandbox", "tests", "tools")
MARK = "# fmt" + ": skip"
"""In two parts, so that this file does not hold it."""


def test_nothing_is_kept_from_the_formatter() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if MARK in line or MARK.replace("skip", "off") in line
    ]
    assert found == []
