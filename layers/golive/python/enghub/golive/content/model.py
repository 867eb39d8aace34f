"""Built-in content: checklists, cut-over plan, checks after go-live, severities, runbooks, drills, hand-over lists.

Source document 003, sections 9 to 11, in our own words for any system; ``schema.json`` says the form, every entry names
the line of the document it comes from. Reads its own files only.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from enghub.core.i18n import Text

KINDS = ("readiness", "cutover", "after", "handover", "severities", "runbooks", "drills")
Entry = Mapping[str, Any]


@cache
def content(kind: str) -> Entry:
    """Return one of the built-in files as it stands.

    Raises:
        KeyError: there is none of this kind.
    """
    if kind not in KINDS:
        raise KeyError(kind)
    found: Entry = json.loads(Path(__file__).with_name(f"{kind}.json").read_text("utf-8"))
    return found


def said(entry: Entry) -> Text:
    """Return what an entry says, in both languages."""
    return Text(entry["en"], entry["zh"])


def readiness_items() -> Iterator[tuple[Entry, Entry, Entry]]:
    """Yield every item of the readiness checklist with its window and its section."""
    for window in content("readiness")["windows"]:
        for section in window["sections"]:
            for item in section["items"]:
                yield window, section, item


def cutover_tasks() -> Iterator[tuple[Entry, Entry]]:
    """Yield every task of the cut-over plan with its stage, in their order."""
    for stage in content("cutover")["stages"]:
        for task in stage["tasks"]:
            yield stage, task


def checks_after() -> Iterator[tuple[Entry, Entry]]:
    """Yield every check after go-live with its period."""
    for period in content("after")["periods"]:
        for check in period["checks"]:
            yield period, check


def handover_items() -> Iterator[tuple[Entry, Entry]]:
    """Yield every item of the hand-over lists with its list."""
    for found in content("handover")["lists"]:
        for item in found["items"]:
            yield found, item


def runbooks_for(title: str) -> tuple[str, ...]:
    """Return the built-in runbooks whose alert an incident's title names."""
    found = content("runbooks")["runbooks"]
    return tuple(one["id"] for one in found if one["alert"].lower() in title.lower())
