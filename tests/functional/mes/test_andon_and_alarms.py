"""Calls for help with their clock, and what the floor tells by itself, through the functions (MES-19, MES-27)."""

from datetime import timedelta
from typing import Any

import pytest

from enghub.core import clock, dynamo
from enghub.core.clock import system_clock
from enghub.core.dynamo import Attr
from enghub.core.transactions import Update, transact
from enghub.mes.factories import Factory
from enghub.mes.plant.model import ReportingRules
from enghub.mes.watch import model
from enghub.mes.watch.model import Tally
from tests.factories.http import NOW, Context, a_principal
from tests.factories.mes import FACTORY, Floor

CALL = {"stationId": "ST-SMT-01", "kind": "MAINTENANCE", "text": "feeder jam", "callId": "tablet-1"}


def call(floor: Floor, path: str = "", **body: Any) -> tuple[int, dict[str, Any]]:
    return floor.call("change_andon_calls", "POST", f"/api/v1/plant/andon-calls{path}", body or CALL)


def listed(floor: Floor, state: str) -> list[str]:
    query = {"state": state}
    body = floor.call("read_andon_calls", "GET", "/api/v1/plant/andon-calls", query=query)[1]
    return [one["callId"] for one in body["data"]["items"]]


def test_a_call_tells_who_can_help_and_has_a_clock(floor: Floor, told: Any) -> None:
    assert call(floor)[0] == 404
    floor.plant()
    raised = call(floor)
    assert (raised[0], raised[1]["data"]["state"], call(floor)[1]["data"]) == (201, "OPEN", raised[1]["data"])
    asked = [facts for kind, facts in told() if kind == "NoticeRequested"]
    assert [(one["notice_type"], one["roles"]) for one in asked] == [
        ("mes.andon_raised", ["MAINTENANCE", "SHIFT_LEAD"])
    ]
    assert listed(floor, "OPEN") == ["tablet-1"]
    came = call(floor, "/tablet-1/acknowledge", version=1)[1]["data"]
    assert (came["state"], came["acknowledgedBy"], came["secondsUntilAcknowledged"] >= 0) == (
        "ACKNOWLEDGED",
        "emp-001",
        True,
    )
    assert call(floor, "/tablet-1/acknowledge", version=2)[1]["details"]["error"] == "CALL_NOT_OPEN"
    solved = call(floor, "/tablet-1/resolve", version=2, remedy="feeder changed")[1]["data"]
    assert (solved["state"], solved["remedy"]) == ("RESOLVED", "feeder changed")
    assert (listed(floor, "OPEN"), listed(floor, "RESOLVED")) == ([], ["tablet-1"])
    assert [kind for kind, _ in told()].count("AndonChanged") == 2


def test_answering_a_call_needs_its_right(floor: Floor) -> None:
    floor.plant()
    call(floor)
    caller = a_principal("stop:report", "plant:read")
    path = "/api/v1/plant/andon-calls/tablet-1/acknowledge"
    assert floor.call("change_andon_calls", "POST", path, {"version": 1}, caller=caller)[0] == 403


def notices(told: Any) -> list[tuple[str, str]]:
    return [(facts["notice_type"], facts["severity"]) for kind, facts in told() if kind == "NoticeRequested"]


def test_an_order_in_production_for_a_day_is_told_once(floor: Floor, told: Any) -> None:
    floor.started()
    floor.report()
    watch = floor.handler("watch_floor")
    assert watch({}, Context()) == {"factories": 1, "told": 0}
    at = dynamo.key("T", "acme", "F", "sh-01", "WO", "WO-1"), "WO"
    yesterday = clock.to_text(system_clock() - timedelta(hours=25))
    transact(Update(at, [Attr("started_at").set(yesterday)]))
    assert [watch({}, Context())["told"], watch({}, Context())["told"]] == [1, 0]
    assert notices(told) == [("mes.work_order_stuck", "CRITICAL")]


@pytest.mark.parametrize(("reports", "seconds", "is_told"), [(100, 60, False), (101, 60, True), (200, 120, False)])
def test_more_reports_than_a_factory_makes_are_told(reports: int, seconds: int, is_told: bool) -> None:
    before = Tally(Factory("acme", "sh-01"), 1000, NOW)
    now = Tally(FACTORY, 1000 + reports, NOW + timedelta(seconds=seconds))
    assert (model.throughput(before, now, ReportingRules()) is not None) is is_told
    assert model.throughput(None, now, ReportingRules()) is None
    assert model.throughput(before, now, ReportingRules(most_a_minute=300)) is None


def test_a_factory_says_what_is_much_and_what_is_long(floor: Floor, told: Any) -> None:
    floor.plant(reporting={"oldestHours": 8784, "mostAMinute": 1, "stuckHours": 48})
    shown = floor.call("read_plant", "GET", "/api/v1/plant/factory")[1]["data"]["reporting"]
    assert (shown["mostAMinute"], shown["stuckHours"]) == (1, 48)
    floor.started()
    floor.report()
    watch = floor.handler("watch_floor")
    watch({}, Context())
    at = dynamo.key("T", "acme", "F", "sh-01", "WO", "WO-1"), "WO"
    for hours, found in ((47, 0), (49, 1)):
        transact(Update(at, [Attr("started_at").set(clock.to_text(system_clock() - timedelta(hours=hours)))]))
        assert watch({}, Context())["told"] == found
    assert notices(told) == [("mes.work_order_stuck", "CRITICAL")]
