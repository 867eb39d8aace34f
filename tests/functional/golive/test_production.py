"""What of production stands still is in pages and incidents; calls of stations page who is on call (OPS-10, MES-27)."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from enghub.core.clock import to_text
from tests.factories import stored
from tests.factories.http import Context
from tests.factories.queues import a_batch, failed
from tests.functional.golive.conftest import Golive
from tests.functional.golive.test_incidents import declared, escalated

LINES = {"name": "ERP", "policyId": "standard", "lines": ["F1/SMT-1", "F2"], "version": 1}


def an_event(golive: Golive, event_type: str, data: dict[str, Any], factory: str = "F1") -> dict[str, Any]:
    return {
        "event_id": f"{event_type}/{factory}/{data}",
        "event_type": event_type,
        "timestamp": to_text(golive.now),
        "tenant_id": "acme",
        "factory_id": factory,
        "source_service": "enghub.mes",
        "data": data,
        "version": "1.0",
    }


def hear(golive: Golive, *events: dict[str, Any]) -> None:
    for one in events:
        assert failed(golive.handler("follow_production")(a_batch(one), Context())) == []


def a_stop(golive: Golive, line: str = "SMT-1", *, ago: float = 12, **more: Any) -> dict[str, Any]:
    began = golive.now - timedelta(minutes=ago)
    order = {"work_order_id": "WO-1", "started_at": to_text(began), "is_planned": False}
    return {"stop_id": f"stop-{line}", "line_id": line, "station_id": None, "reason": "BREAKDOWN", **order, **more}


def its_end(golive: Golive, stop: dict[str, Any]) -> dict[str, Any]:
    return {**stop, "ended_at": to_text(golive.now), "seconds": 720}


def page(golive: Golive) -> dict[str, Any]:
    """Return the facts of the latest page."""
    asked = [one["data"] for one in stored.events("NoticeRequested") if one["data"]["notice_type"] == "golive.page"]
    found: dict[str, Any] = max(asked, key=lambda one: str(one["dedupe_key"]))["facts"]
    return found


def test_a_page_says_which_lines_and_orders_stand_and_so_does_the_incident(staffed: Golive) -> None:
    hear(staffed, an_event(staffed, "LineStopped", a_stop(staffed)))
    hear(staffed, an_event(staffed, "LineStopped", a_stop(staffed, "A", ago=3, work_order_id=None), "F2"))
    incident = declared(staffed)
    said = "F1/SMT-1 WO-1 BREAKDOWN 12 min; F2/A BREAKDOWN 3 min"
    assert page(staffed)["stopped"] == said
    assert staffed.data("GET", f"/incidents/{incident}")["stopped"] == said
    hear(staffed, an_event(staffed, "LineStarted", its_end(staffed, a_stop(staffed))))
    escalated(staffed, incident)
    assert page(staffed)["stopped"] == "F2/A BREAKDOWN 18 min", "as it is when the next people are paged"
    staffed.data("POST", f"/incidents/{incident}/resolve", {"text": "restarted"})
    assert staffed.data("GET", f"/incidents/{incident}")["stopped"] is None


def test_only_what_a_service_is_for_and_nobody_planned(staffed: Golive) -> None:
    staffed.data("PUT", "/services/erp", LINES)
    for line, factory, more in (
        ("SMT-1", "F1", {}),
        ("SMT-2", "F1", {}),
        ("A", "F2", {}),
        ("B", "F2", {"is_planned": True}),
    ):
        hear(staffed, an_event(staffed, "LineStopped", a_stop(staffed, line, **more), factory))
    declared(staffed)
    assert page(staffed)["stopped"] == "F2/A WO-1 BREAKDOWN 12 min; F1/SMT-1 WO-1 BREAKDOWN 12 min"


def test_where_everything_runs_a_page_says_nothing_of_it(staffed: Golive) -> None:
    declared(staffed)
    assert "stopped" not in page(staffed)


def test_of_many_the_longest_are_named_and_the_rest_is_counted(staffed: Golive) -> None:
    for number in range(7):
        hear(staffed, an_event(staffed, "LineStopped", a_stop(staffed, f"L{number}", ago=10 + number)))
    declared(staffed)
    said = page(staffed)["stopped"].split("; ")
    assert [one.split()[0] for one in said] == ["F1/L6", "F1/L5", "F1/L4", "F1/L3", "F1/L2", "+2"]


def test_a_stop_whose_end_came_first_does_not_begin_anew(staffed: Golive) -> None:
    stop = a_stop(staffed)
    began, over = an_event(staffed, "LineStopped", stop), an_event(staffed, "LineStarted", its_end(staffed, stop))
    hear(staffed, over, began, began, over)
    declared(staffed)
    assert "stopped" not in page(staffed)


# --- calls of stations -----------------------------------------------------------------------------------------------


def a_call(golive: Golive, state: str, call: str = "call-1", line: str = "SMT-1") -> dict[str, Any]:
    said = {"call_id": call, "line_id": line, "station_id": "ST-1", "kind": "MAINTENANCE", "state": state}
    kind = "AndonRaised" if state == "OPEN" else "AndonChanged"
    return an_event(golive, kind, {**said, "raised_at": "2026-11-28T09:59:00.000000Z"})


@pytest.fixture
def serving(staffed: Golive) -> Golive:
    staffed.data("PUT", "/services/erp", LINES)
    return staffed


def test_a_call_pages_and_whoever_comes_stops_it(serving: Golive) -> None:
    call = a_call(serving, "OPEN")
    hear(serving, call, call)
    assert serving.pages() == [["ana"]]
    (incident,) = serving.data("GET", "/incidents")["items"]
    assert (incident["title"], incident["severity"]) == ("Andon MAINTENANCE: F1/SMT-1 ST-1", "P1")
    path = f"/incidents/{incident['incidentId']}"
    hear(serving, a_call(serving, "ACKNOWLEDGED"))
    assert serving.data("GET", path)["state"] == "ACKNOWLEDGED"
    assert serving.due(path[1:].replace("incidents", "incident"), "incident_escalate") is None
    hear(serving, a_call(serving, "RESOLVED"))
    assert serving.data("GET", path)["state"] == "RESOLVED"


@pytest.mark.parametrize("order", list(permutations(("OPEN", "ACKNOWLEDGED", "RESOLVED"))))
def test_in_any_order_a_call_is_over_in_the_end_and_pages_once_at_most(serving: Golive, order: tuple[str, ...]) -> None:
    for state in order:
        hear(serving, a_call(serving, state))
    assert {one["state"] for one in serving.data("GET", "/incidents")["items"]} <= {"RESOLVED"}
    assert len(serving.pages()) <= 1


def test_each_call_is_an_incident_and_a_line_of_nobodys_pages_nobody(serving: Golive) -> None:
    hear(serving, a_call(serving, "OPEN"), a_call(serving, "OPEN", "call-2"))
    hear(serving, a_call(serving, "OPEN", "call-3", "SMT-2"))
    assert len(serving.data("GET", "/incidents")["items"]) == 2


@pytest.mark.parametrize("line", ["", "F1/SMT-1/x", "F1/", "F 1", "a#b"])
def test_a_line_is_a_factory_and_a_line(staffed: Golive, line: str) -> None:
    status, details = staffed.refused("PUT", "/services/erp", {**LINES, "lines": [line]})
    assert (status, details["field"].split(".")[0]) == (400, "lines")
