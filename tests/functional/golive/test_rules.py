"""A rule of the settings sets the clocks of incidents; it comes by event and is never a reason not to page (OPS-10)."""

import json
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from enghub.core.clock import from_text, to_text
from tests.factories.http import Context
from tests.factories.queues import a_batch, failed
from tests.functional.golive.conftest import Golive
from tests.functional.golive.test_incidents import declared

ROWS = [
    {"when": {"severity": "'P1'", "service": "'erp'"}, "then": {"respond": "10", "resolve": "2 * 60", "update": "20"}},
    {"when": {"severity": "'P0'"}, "then": {"respond": "3", "resolve": "null", "update": "null"}},
]


def activated(golive: Golive, version: int = 1, tenant: str = "acme", **fields: Any) -> dict[str, Any]:
    columns = {"inputs": ["severity", "service"], "outputs": ["respond", "resolve", "update"]}
    table = {**columns, "policy": "FIRST", "mayLack": [], "rows": fields.pop("rows", ROWS)}
    data = {"rule_key": "incident.targets", "name": "Agreed", "kind": "SLA", "layer": "tenant", "previous_version": 0}
    return {
        "event_id": f"01KK{version:04d}",
        "event_type": "BusinessRuleActivated",
        "timestamp": to_text(golive.now),
        "tenant_id": tenant,
        "factory_id": "",
        "source_service": "enghub.settings",
        "data": {**data, "active_version": version, "table": json.dumps(table) if version else "", **fields},
        "version": "1.0",
    }


def hear(golive: Golive, *events: dict[str, Any]) -> None:
    for one in events:
        assert failed(golive.handler("follow_production")(a_batch(one), Context())) == []


def clocks(golive: Golive, incident: str) -> dict[str, float]:
    found = golive.data("GET", f"/incidents/{incident}")
    begun = from_text(found["openedAt"])
    return {one["name"]: (from_text(one["dueAt"]) - begun) / timedelta(minutes=1) for one in found["clocks"]}


def noted(golive: Golive, incident: str, kind: str) -> list[dict[str, Any]]:
    entries = golive.data("GET", f"/incidents/{incident}/timeline")["items"]
    return [one["data"] for one in entries if one["kind"] == kind]


BUILT_IN = {"respond": 30, "diagnosis": 30, "workaround": 60, "resolve": 240}


def test_an_incident_has_the_clocks_that_the_active_rule_says_and_tells_its_version(staffed: Golive) -> None:
    hear(staffed, activated(staffed))
    incident = declared(staffed)
    assert clocks(staffed, incident) == {**BUILT_IN, "respond": 10, "resolve": 120, "update": 20}
    minutes = {"respond": 10, "resolve": 120, "update": 20}
    assert noted(staffed, incident, "targets") == [{"rule": "incident.targets", "version": 1, "minutes": minutes}]
    staffed.now += timedelta(minutes=7)
    staffed.data("POST", f"/incidents/{incident}/updates", {"text": "we look"})
    assert clocks(staffed, incident)["update"] == 27


def test_another_severity_is_asked_for_anew_and_what_the_rule_leaves_out_is_built_in(staffed: Golive) -> None:
    hear(staffed, activated(staffed))
    incident = declared(staffed)
    staffed.data("POST", f"/incidents/{incident}/severity", {"severity": "P0"})
    assert clocks(staffed, incident) == {"respond": 3, "meeting": 5, "update": 15, "resolve": 60}


def test_without_a_fitting_row_the_built_in_targets_count(staffed: Golive) -> None:
    rows = [{"when": {"service": "'shop'"}, "then": {"respond": "1", "resolve": "1", "update": "1"}}]
    hear(staffed, activated(staffed, rows=rows))
    incident = declared(staffed)
    assert clocks(staffed, incident) == BUILT_IN
    assert noted(staffed, incident, "targets") == []


@pytest.mark.parametrize("said", ["0", "1.5", "'soon'", "true", "-3", "10 ** 9", "service + 1"])
def test_a_rule_that_cannot_decide_is_told_and_people_are_paged_as_built_in(staffed: Golive, said: str) -> None:
    hear(
        staffed, activated(staffed, rows=[{"when": {}, "then": {"respond": said, "resolve": "null", "update": "null"}}])
    )
    incident = declared(staffed)
    assert clocks(staffed, incident) == BUILT_IN
    (problem,) = noted(staffed, incident, "rule_failed")
    assert problem["version"] == 1
    assert "respond" in problem["problem"]
    assert staffed.pages() == [["ana"]]


def test_a_tenants_rule_hides_everybodys_until_it_is_deactivated(staffed: Golive) -> None:
    everybodys = [{"when": {}, "then": {"respond": "25", "resolve": "null", "update": "null"}}]
    hear(staffed, activated(staffed, 1, tenant="*", rows=everybodys), activated(staffed, 2))
    assert clocks(staffed, declared(staffed))["respond"] == 10
    hear(staffed, {**activated(staffed, 0), "event_id": "01KK0003"})
    assert clocks(staffed, declared(staffed))["respond"] == 25


def test_in_whatever_order_activations_come_and_however_often_the_latest_decides(staffed: Golive) -> None:
    said = [[{"when": {}, "then": {"respond": str(n), "resolve": "null", "update": "null"}}] for n in (11, 12, 13)]
    events = [activated(staffed, n, rows=rows) for n, rows in enumerate(said, 1)]
    for order in permutations(events):
        hear(staffed, *order, *order)
        assert clocks(staffed, declared(staffed))["respond"] == 13


@pytest.mark.parametrize("other", [{"rule_key": "dispatch.night"}, {"kind": "DISPATCH"}])
def test_rules_that_nothing_here_asks_are_passed_over(staffed: Golive, other: dict[str, Any]) -> None:
    hear(staffed, activated(staffed, **other))
    assert clocks(staffed, declared(staffed)) == BUILT_IN
