"""The built-in content against the source document: nothing left out, nothing made up, both languages whole."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from enghub.golive.content import model

FOLDER = Path(model.__file__).parent
SCHEMA = json.loads((FOLDER / "schema.json").read_text("utf-8"))
DOCUMENT = {
    int(number): text
    for number, _, text in (
        line.partition(": ")
        for line in Path(__file__).with_name("document_003_items.txt").read_text("utf-8").splitlines()
    )
}
"""The lines of document 003 that are items of a list (``- [ ]``), by their numbers."""
PARTS = {"readiness": (22, 160, 91), "cutover": (161, 223, 47), "after": (224, 246, 15), "handover": (693, 742, 32)}


def lines_of(kind: str) -> list[int]:
    found: dict[str, list[int]] = {
        "readiness": [item["line"] for _, _, item in model.readiness_items()],
        "cutover": [task["line"] for _, task in model.cutover_tasks()],
        "after": [check["line"] for _, check in model.checks_after()],
        "handover": [item["line"] for _, item in model.handover_items()],
    }
    return found[kind]


def entries(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from entries(inner)


@pytest.mark.parametrize("kind", model.KINDS)
def test_every_file_has_the_form_that_the_schema_says(kind: str) -> None:
    jsonschema_rs.validator_for(SCHEMA).validate(model.content(kind))


@pytest.mark.parametrize(("kind", "part"), PARTS.items())
def test_every_item_of_the_document_is_there_once(kind: str, part: tuple[int, int, int]) -> None:
    first, last, count = part
    expected = [line for line in DOCUMENT if first <= line <= last]
    assert len(expected) == count
    assert lines_of(kind) == expected


def test_the_four_lists_hold_every_item_of_the_document() -> None:
    assert sum(len(lines_of(kind)) for kind in PARTS) == len(DOCUMENT) == 185


def test_times_of_the_plan_are_the_documents() -> None:
    for _, task in model.cutover_tasks():
        said = re.search(r"\d\d:\d\d", DOCUMENT[task["line"]])
        assert said is None or said[0] == task["at"], task


def test_figures_of_the_document_are_criteria() -> None:
    wanted = {
        38: [("lag", "<", "1", "s")],
        41: [("rto", "<", "5", "min"), ("rpo", "<", "1", "min")],
        115: [("throughput", ">=", "1000", "1/s"), ("p99", "<", "200", "ms")],
        122: [("attendance", ">=", "80", "%")],
    }
    found = {
        item["line"]: [(one["measure"], one["operator"], one["value"], one["unit"]) for one in item.get("criteria", ())]
        for _, _, item in model.readiness_items()
    }
    assert {line: found[line] for line in wanted} == wanted


@pytest.mark.parametrize("kind", model.KINDS)
def test_both_languages_are_whole(kind: str) -> None:
    for entry in entries(model.content(kind)):
        assert ("en" in entry) == ("zh" in entry), entry
        if isinstance(entry.get("en"), str):
            assert re.search(r"[\u4e00-\u9fff]", entry["zh"]), entry
            assert not re.search(r"[\u4e00-\u9fff]", entry["en"]), entry
        if isinstance(entry.get("en"), list):
            assert len(entry["en"]) == len(entry["zh"])


@pytest.mark.parametrize("kind", model.KINDS)
def test_ids_are_unique(kind: str) -> None:
    ids = [entry["id"] for entry in entries(model.content(kind)) if "id" in entry]
    assert len(ids) == len(set(ids))


def test_four_severities_runbooks_and_drills() -> None:
    severities = {one["id"]: one for one in model.content("severities")["severities"]}
    assert [severities[name].get("respondMinutes") for name in ("P0", "P1", "P2")] == [5, 30, 120]
    assert (severities["P0"]["resolveMinutes"], severities["P0"]["updateMinutes"]) == (60, 15)
    assert (severities["P1"]["resolveMinutes"], severities["P1"]["workaroundMinutes"]) == (240, 60)
    assert [one["recoveryMinutes"] for one in model.content("runbooks")["runbooks"]] == [20, 45, 240, 60]
    drills = model.content("drills")
    assert [one["quarter"] for one in drills["drills"]] == [1, 2, 3, 4]
    known = {one["id"] for one in model.content("runbooks")["runbooks"]}
    assert {one["runbook"] for one in drills["drills"] if "runbook" in one} <= known
    assert len(drills["dimensions"]) == 4


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        model.content("../../secrets")
