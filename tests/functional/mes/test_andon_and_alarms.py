"""Calls for help with their clock, and what the floor tells by itself, through the functions (MES-19, MES-27)."""

from datetime import timedelta
from typing import Any

import pytest

from enghub.core import clock, dynamo
from enghub.core.clock import system_clock
from enghub.core.dynamo import Attr
from enghub.core.transactions import Update, transact
from enghub.mes.alarms.wiring import board_at
from enghub.mes.factories import Factory
from enghub.mes.plant.model import ReportingRules
from enghub.mes.watch import model
from enghub.mes.watch.dynamo import DynamoWatch
from enghub.mes.watch.model import Tally
from enghub.mes.watch.service import FloorWatch
from tests.factories.faults import counted
from tests.factories.http import NOW, Context, a_principal
from tests.factories.mes import FACTORY, Floor
from tests.factories.queues import a_batch, failed

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


# --- what is open, on the board ---


def hear(floor: Floor, *details: Any) -> None:
    assert failed(floor.handler("update_shift_board")(a_batch(*details), Context())) == []


def alarms(floor: Floor, at: Any = None) -> dict[str, int]:
    """Return the open alarms by line of the board of the shift that runs."""
    board = board_at(FACTORY, at or system_clock())
    assert board is not None
    query = {"date": board.shift_on.isoformat(), "shift": board.shift}
    body = floor.call("read_shift_board", "GET", "/api/v1/dashboard/shift-board", query=query)[1]
    return {line["line"]: line["openAlarms"] for line in body["data"]["lines"]}


def test_the_board_shows_calls_until_they_are_resolved_whatever_the_order_of_events(
    floor: Floor, envelopes: Any
) -> None:
    floor.plant()
    call(floor)
    call(floor, stationId="ST-SMT-01", kind="QUALITY", text="scratches", callId="tablet-2")
    raised = [one for one in envelopes() if one["event_type"] == "AndonRaised"]
    hear(floor, *raised, *raised)
    assert alarms(floor) == {"SMT-1": 2}
    call(floor, "/tablet-1/acknowledge", version=1)
    call(floor, "/tablet-1/resolve", version=2, remedy="feeder changed")
    heard = [one for one in envelopes() if one["event_type"].startswith("Andon")]
    hear(floor, *reversed(heard))
    hear(floor, *raised)
    assert alarms(floor) == {"SMT-1": 1}
    call(floor, "/tablet-2/resolve", version=1, remedy="cleaned")
    hear(floor, *heard)
    assert alarms(floor) == {}


def test_what_is_still_open_is_on_the_board_of_the_next_shift(floor: Floor, envelopes: Any) -> None:
    floor.plant()
    floor.started()
    floor.report()
    call(floor)
    hear(floor, *[one for one in envelopes() if one["event_type"] == "AndonRaised"])
    watch, later = DynamoWatch(), system_clock() + timedelta(hours=12)
    FloorWatch(watch, lambda: later).look()
    assert (alarms(floor), alarms(floor, later)) == ({"SMT-1": 1}, {"SMT-1": 1})


def test_an_order_that_is_stuck_is_on_the_board_until_it_is_not(floor: Floor) -> None:
    floor.plant()
    floor.started()
    floor.report()
    at = dynamo.key("T", "acme", "F", "sh-01", "WO", "WO-1"), "WO"
    transact(Update(at, [Attr("started_at").set(clock.to_text(system_clock() - timedelta(hours=25)))]))
    watch = floor.handler("watch_floor")
    watch({}, Context())
    with counted() as calls:
        watch({}, Context())
    assert alarms(floor) == {"SMT-1": 1}
    assert sum(calls[name] for name in ("PutItem", "UpdateItem")) + calls["TransactWriteItems"] <= 2
    version = floor.read("WO-1")[1]["data"]["version"]
    assert floor.step("WO-1", "complete", version)[0] == 200
    watch({}, Context())
    assert alarms(floor) == {}


def test_a_station_that_reports_more_than_it_can_is_told_once_and_a_reversal_ends_it(
    floor: Floor, envelopes: Any, told: Any
) -> None:
    """A shift of Shanghai has 11 hours: 110 % of it are 43,560 s, 1,452 pieces of 30 s."""
    floor.plant()
    floor.started(plannedQuantity=5000)
    now: dict[str, Any] = {"reportTime": clock.to_text(system_clock()), "shift": None, "shiftDate": None}
    floor.report(goodQty=1452, **now)
    watch = floor.handler("watch_floor")
    hear(floor, *[one for one in envelopes() if one["event_type"] == "ProductionReported"])
    assert (watch({}, Context())["told"], alarms(floor).get("SMT-1")) == (0, 0)
    wrong = floor.report(key="key-2", goodQty=0, defectQty=1, defectTypes=["scratch"], **now)[1]["data"]["reportId"]
    for _ in range(2):
        hear(floor, *[one for one in envelopes() if one["event_type"] == "ProductionReported"])
    assert [watch({}, Context())["told"], watch({}, Context())["told"]] == [1, 0]
    assert alarms(floor)["SMT-1"] == 1
    [asked] = [facts for kind, facts in told() if kind == "NoticeRequested"]
    assert (asked["notice_type"], asked["severity"], asked["roles"]) == (
        *("mes.over_capacity", "WARNING"),
        ["SHIFT_LEAD", "PLANNER"],
    )
    assert (asked["facts"]["percent"], asked["facts"]["limitPercent"]) == (110, 110)
    assert floor.reverse(wrong)[0] == 201
    hear(floor, *[one for one in envelopes() if one["event_type"] == "ReportReversed"])
    watch({}, Context())
    assert alarms(floor)["SMT-1"] == 0


def test_overtime_and_the_factorys_share_count_for_capacity(floor: Floor, envelopes: Any) -> None:
    floor.plant(reporting={"oldestHours": 8784, "mostOfCapacity": 0.5})
    floor.started(plannedQuantity=5000)
    now: dict[str, Any] = {"reportTime": clock.to_text(system_clock()), "shift": None, "shiftDate": None}
    floor.report(goodQty=700, **now)
    hear(floor, *[one for one in envelopes() if one["event_type"] == "ProductionReported"])
    board = board_at(FACTORY, system_clock())
    assert board is not None
    path = f"/api/v1/plant/stations/ST-SMT-01/capacity/{board.shift_on.isoformat()}"
    status, answer = floor.call("change_plant", "PUT", path, {"hours": 22, "reason": "overtime"})
    assert status == 200, answer
    assert floor.handler("watch_floor")({}, Context())["told"] == 0
    floor.call("change_plant", "PUT", path, {"hours": 11, "reason": "less", "version": 1})
    assert floor.handler("watch_floor")({}, Context())["told"] == 1
