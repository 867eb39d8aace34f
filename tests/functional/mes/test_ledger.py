"""The ledger through its functions: operations, holds, reversals, batches (MES-01, 02, 06, 22, 23)."""

import json
from typing import Any

import pytest

from enghub.core import audit, clock
from enghub.core.clock import system_clock
from tests.factories.faults import answer_lost, counted, intercepted, throttled
from tests.factories.http import a_principal
from tests.factories.mes import PERMISSIONS, Floor


def error_of(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    return answer[0], answer[1]["details"]["error"]


def report_of(answer: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    assert answer[0] == 201, answer[1]
    data: dict[str, Any] = answer[1]["data"]
    return data


def order_of(floor: Floor) -> dict[str, Any]:
    data: dict[str, Any] = floor.read("WO-1")[1]["data"]
    return data


# --- routings ---


def test_an_order_takes_its_operations_from_the_routing_as_it_is_then(floor: Floor) -> None:
    floor.routing()
    floor.create()
    changed = floor.routing(operations=[{"operation": "OP-99"}], version=1)
    order = order_of(floor)
    assert (order["routingVersion"], [one["operation"] for one in order["operations"]]) == (1, ["OP-10", "OP-20"])
    assert (changed["version"], changed["operations"][0]["operation"]) == (2, "OP-99")
    old = floor.call("read_plant", "GET", "/api/v1/plant/routings/R-1", query={"version": "1"})[1]["data"]
    assert [one["operation"] for one in old["operations"]] == ["OP-10", "OP-20"]
    assert error_of(floor.call("read_plant", "GET", "/api/v1/plant/routings/R-1", query={"version": "9"})) == (
        404,
        "NO_SUCH_VERSION",
    )
    status, body = floor.edit("WO-1", routingId="R-1", version=1)
    assert (status, body["data"]["routingVersion"]) == (200, 2)


def test_a_routing_names_each_operation_once(floor: Floor) -> None:
    twice = {"name": "x", "operations": [{"operation": "OP-10"}, {"operation": "OP-10"}]}
    assert error_of(floor.call("change_plant", "PUT", "/api/v1/plant/routings/R-1", twice)) == (400, "OPERATION_TWICE")


def test_the_sequence_is_enforced_under_the_hood_too(floor: Floor) -> None:
    """Condition and counters are the table's: what the second operation may make follows in the same write."""
    floor.routing()
    floor.started()
    assert error_of(floor.report(operation="OP-20", goodQty=1)) == (422, "BEYOND_OPERATION")
    floor.report(goodQty=60, defectQty=5, reworkQty=2, defectTypes=["scratch"])
    assert floor.report(key="k-2", operation="OP-20", goodQty=60)[0] == 201
    assert error_of(floor.report(key="k-3", operation="OP-20", goodQty=1)) == (422, "BEYOND_OPERATION")
    first, second = order_of(floor)["operations"]
    assert (first["goodQuantity"], first["scrapQuantity"], first["reworkQuantity"], first["remaining"]) == (
        60,
        3,
        2,
        37,
    )
    assert (second["goodQuantity"], second["remaining"], order_of(floor)["goodQuantity"]) == (60, 0, 60)
    assert error_of(floor.report(key="k-4", operation="OP-30", goodQty=1)) == (422, "UNKNOWN_OPERATION")


def test_pieces_are_planned_and_reported_whole(floor: Floor) -> None:
    assert error_of(floor.create(plannedQuantity=10.5)) == (400, "FRACTIONAL_PLAN")
    floor.started()
    assert error_of(floor.report(goodQty=0.5)) == (422, "FRACTIONAL_PIECES")
    floor.started(workOrderId="WO-2", plannedQuantity=10.5, unit="kg")
    assert floor.report(key="k-2", workOrderId="WO-2", goodQty=0.5)[0] == 201


# --- holds ---


def test_a_hold_says_who_why_since_and_stops_the_order(floor: Floor, told: Any) -> None:
    floor.started()
    status, body = floor.hold("WO-1", 3, reason="capacitor changed", source="ecn/ECN-1")
    (held,) = body["data"]["holds"]
    assert (status, held["by"], held["reason"], held["source"]) == (200, "emp-001", "capacitor changed", "ecn/ECN-1")
    assert (told()[-1][0], told()[-1][1]["hold_source"]) == ("WorkOrderHeld", "ecn/ECN-1")
    assert error_of(floor.report(reportTime=None)) == (422, "ORDER_ON_HOLD")
    assert error_of(floor.step("WO-1", "complete", 4)) == (422, "ORDER_ON_HOLD")
    assert error_of(floor.hold("WO-1", 4, source="ecn/ECN-1")) == (409, "HELD_ALREADY")
    assert floor.report()[0] == 201  # made before the hold
    assert floor.hold("WO-1", 4, "lift-hold", source="ecn/ECN-1")[1]["data"]["holds"] == []
    assert (told()[-1][0], told()[-1][1]["holds"]) == ("WorkOrderHoldLifted", [])
    assert error_of(floor.hold("WO-1", 5, "lift-hold")) == (404, "NO_SUCH_HOLD")
    assert floor.report(key="k-2", reportTime=None)[0] == 201


def test_a_hold_whose_answer_got_lost_is_put_on_once(floor: Floor) -> None:
    floor.started()
    first, again = floor.hold("WO-1", 3), floor.hold("WO-1", 3)
    assert (first[0], again[0], first[1]["data"]) == (200, 200, again[1]["data"])


def test_orders_are_listed_by_the_station_that_began_them(floor: Floor) -> None:
    floor.create(workOrderId="WO-0")
    floor.started()
    query = {"startedAtStation": "ST-SMT-01"}
    found = floor.call("read_work_orders", "GET", "/api/v1/work-orders", query=query)[1]["data"]["items"]
    assert [one["workOrderId"] for one in found] == ["WO-1"]


# --- the factory's calendar and rules ---


def test_the_hot_path_stays_one_read_and_one_transaction_in_a_described_factory(floor: Floor) -> None:
    floor.plant()
    floor.routing()
    floor.started()
    assert floor.report(shift=None, shiftDate=None)[0] == 201
    with counted() as calls:
        assert floor.report(key="k-2", shift=None, shiftDate=None)[0] == 201
    assert calls == {"BatchGetItem": 1, "TransactWriteItems": 1}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"reportTime": "2026-03-02T23:30:00Z"}, ("night", "2026-03-02")),
        ({"reportTime": "2026-03-03T00:00:00Z"}, ("day", "2026-03-03")),
        ({"reportTime": "2026-03-02T23:30:00Z", "shift": "day"}, ("day", "2026-03-02")),
        ({"reportTime": "2026-03-02T23:30:00Z", "shift": "day", "shiftDate": "2026-03-01"}, ("day", "2026-03-01")),
    ],
)
def test_a_report_counts_to_the_factorys_shift_and_day(floor: Floor, fields: Any, place: tuple[str, str]) -> None:
    """C15: 07:30 of 3 March in Shanghai is the night shift that began on 2 March; 08:00 is the next day's."""
    floor.plant()
    floor.started()
    data = report_of(floor.report(**{"shift": None, "shiftDate": None, **fields}))
    assert (data["shift"], data["shiftDate"], data["line"]) == (*place, "SMT-1")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"station": "ST-9"}, "UNKNOWN_STATION"),
        ({"defectQty": 1, "defectTypes": ["magic"]}, "UNKNOWN_DEFECT_TYPE"),
        ({"shift": "noon"}, "UNKNOWN_SHIFT"),
        ({"reportTime": "2024-03-02T07:55:00Z"}, "REPORT_TOO_OLD"),
    ],
)
def test_what_the_factory_does_not_know_is_named(floor: Floor, fields: dict[str, Any], error: str) -> None:
    floor.plant(reporting={"oldestHours": 8784, "defectTypes": ["短路", "scratch"]})
    floor.started()
    assert error_of(floor.report(**fields)) == (422, error)
    assert order_of(floor)["goodQuantity"] == 0


def test_a_factory_chooses_how_long_a_moment_is(floor: Floor) -> None:
    floor.plant(reporting={"oldestHours": 8784, "conflictSeconds": 300})
    floor.started()
    first = report_of(floor.report())
    later = report_of(floor.report(key="k-2", goodQty=11, reportTime="2026-03-02T07:59:00Z"))
    assert later["conflictsWith"] == first["reportId"]


def test_a_shift_is_named_where_no_calendar_tells_it(floor: Floor) -> None:
    floor.started()
    assert error_of(floor.report(shift=None)) == (422, "NO_SHIFT_THEN")


# --- reversal ---


def test_a_report_is_reversed_with_everything_derived(floor: Floor, told: Any) -> None:
    floor.started()
    wrong = report_of(floor.report(goodQty=90, defectQty=10, reworkQty=4, defectTypes=["scratch"]))
    reversal = report_of(floor.reverse(wrong["reportId"]))
    assert (reversal["reverses"], reversal["goodQty"], reversal["correctedBy"]) == (wrong["reportId"], 90, "emp-001")
    assert (order_of(floor)["goodQuantity"], order_of(floor)["remaining"]) == (0, 100)
    kind, facts = told()[-1]
    assert (kind, facts["reverses"], facts["good_qty"]) == ("ReportReversed", wrong["reportId"], 90)
    (entry,) = audit.history("acme", f"report/sh-01/{reversal['reportId']}")
    assert (entry.action, entry.reason) == ("report.reversed", "miscounted")
    path = "/api/v1/production/reports"
    listed = floor.call("read_production_reports", "GET", path, query={"workOrderId": "WO-1"})[1]["data"]["items"]
    assert {one["reportId"]: one["reversedBy"] for one in listed}[wrong["reportId"]] == reversal["reportId"]
    assert report_of(floor.report(goodQty=90, defectQty=10, reworkQty=4, defectTypes=["scratch"])) == wrong


def test_a_reversal_happens_once_also_when_its_answer_is_lost(floor: Floor) -> None:
    floor.started()
    wrong = report_of(floor.report())
    with intercepted("TransactWriteItems", answer_lost(1)):
        first = report_of(floor.reverse(wrong["reportId"]))
    assert report_of(floor.reverse(wrong["reportId"])) == first
    assert error_of(floor.reverse(wrong["reportId"], "another")) == (409, "REVERSED_ALREADY")
    assert order_of(floor)["goodQuantity"] == 0


def test_a_reversal_needs_its_right_and_a_report(floor: Floor) -> None:
    floor.started()
    wrong = report_of(floor.report())
    operator = a_principal(*(set(PERMISSIONS) - {"report:reverse"}))
    assert floor.reverse(wrong["reportId"], caller=operator)[0] == 403
    stranger = a_principal(*PERMISSIONS, tenant="globex")
    assert error_of(floor.reverse(wrong["reportId"], caller=stranger)) == (404, "REPORT_NOT_FOUND")
    assert floor.reverse("nothing")[0] == 404


def test_what_was_passed_on_and_used_is_named(floor: Floor) -> None:
    floor.routing()
    floor.started()
    first = report_of(floor.report(goodQty=60))
    floor.report(key="k-2", operation="OP-20", goodQty=50)
    status, body = floor.reverse(first["reportId"])
    assert (status, body["details"]["error"]) == (422, "REPORT_IN_USE")
    assert "OP-20 has used 50 of the 60" in body["message"]


def test_reports_are_listed_by_shift_and_station(floor: Floor) -> None:
    floor.started()
    floor.report()
    floor.report(key="k-2", station="ST-2")
    path, day = "/api/v1/production/reports", {"date": "2026-03-02", "shift": "day"}
    both = floor.call("read_production_reports", "GET", path, query=day)[1]["data"]["items"]
    one = floor.call("read_production_reports", "GET", path, query={**day, "station": "ST-2"})[1]["data"]["items"]
    assert ([found["station"] for found in both], len(one)) == (["ST-2", "ST-SMT-01"], 1)
    for wrong in ({}, {"date": "2026-03-02"}, {"workOrderId": "WO-1", "station": "ST-2"}):
        assert floor.call("read_production_reports", "GET", path, query=wrong)[0] == 400


# --- offline batches ---


def outcome(answer: tuple[int, dict[str, Any]]) -> list[tuple[str, int, bool]]:
    assert answer[0] == 200, answer[1]
    return [(one["key"], one["status"], one["isReplayed"]) for one in answer[1]["data"]["items"]]


def offline(key: str, minute: int, **fields: Any) -> dict[str, Any]:
    return {"key": key, "goodQty": 2, "shift": None, "reportTime": f"2026-03-02T07:{minute:02d}:00Z", **fields}


def only(key: str, answer: Any) -> Any:
    """Let ``answer`` meet the writes of one report alone."""
    return lambda request: answer(request) if f"REPORT#{key}" in _text(request.body) else None


def _text(body: Any) -> str:
    return body if isinstance(body, str) else body.decode()


def test_one_report_of_a_batch_keeps_no_other_back_and_the_batch_may_come_again(floor: Floor) -> None:
    """MF22: 201, 422, 503, 422 named, 201; then replay, 422, 201, 422, replay."""
    floor.plant()
    floor.started()
    sent = [
        offline("k1", 30),
        offline("k2", 10, station="ST-9"),
        offline("k3", 20),
        offline("k1", 40, goodQty=9),
        offline("k4", 5),
    ]
    with intercepted("TransactWriteItems", only("k3", throttled(99))):
        first = floor.batch(*sent)
    assert outcome(first) == [
        ("k1", 201, False),
        ("k2", 422, False),
        ("k3", 503, False),
        ("k1", 422, False),
        ("k4", 201, False),
    ]
    assert [one["error"] for one in first[1]["data"]["items"]] == [
        None,
        "UNKNOWN_STATION",
        "UNAVAILABLE",
        "KEY_TWICE_IN_BATCH",
        None,
    ]
    again = floor.batch(*sent)
    assert outcome(again) == [
        ("k1", 201, True),
        ("k2", 422, False),
        ("k3", 201, False),
        ("k1", 422, False),
        ("k4", 201, True),
    ]
    assert order_of(floor)["goodQuantity"] == 6
    assert (again[1]["data"]["stored"], again[1]["data"]["refused"]) == (3, 2)


def test_a_batch_is_stored_in_the_order_in_which_things_were_made(floor: Floor) -> None:
    floor.routing()
    floor.started()
    answer = floor.batch(offline("k1", 40, operation="OP-20", shift="day"), offline("k2", 10, shift="day"))
    assert outcome(answer) == [("k1", 201, False), ("k2", 201, False)]


def test_a_single_report_is_known_again_in_a_batch(floor: Floor) -> None:
    floor.started()
    report_of(floor.report(key="k1", goodQty=2))
    assert outcome(floor.batch({"key": "k1", "goodQty": 2}, {"key": "k1", "goodQty": 2})) == [
        ("k1", 201, True),
        ("k1", 422, False),
    ]
    assert outcome(floor.batch({"key": "k1", "goodQty": 3})) == [("k1", 409, False)]


def test_what_is_wrong_with_a_report_of_a_batch_is_said_about_it(floor: Floor) -> None:
    floor.started()
    status, body = floor.batch({"goodQty": -1, "key": "k1"}, {"key": "k2", "colour": "red"}, {"key": "k 3"}, {"key": 4})
    items = body["data"]["items"]
    assert (status, [one["status"] for one in items]) == (200, [400] * 4)
    assert [one["details"]["field"] for one in items] == ["goodQty", "colour", "Idempotency-Key", "key"]


def test_a_batch_of_201_is_refused_whole(floor: Floor) -> None:
    floor.started()
    status, body = floor.batch(*({"key": f"k{number}", "goodQty": 1} for number in range(201)))
    assert (status, body["details"]["field"]) == (400, "reports")
    assert order_of(floor)["goodQuantity"] == 0


def test_each_report_of_a_batch_costs_one_of_the_callers_minute(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = system_clock()
    monkeypatch.setattr(clock, "_now", lambda _: now)  # or the minute gives one back while a slow batch is stored
    account("mes", RATE_LIMITS="report=10 batch=60")
    floor = Floor()
    floor.started()
    answer = floor.batch(*({"key": f"k{number}", "goodQty": 1, "station": f"S{number}"} for number in range(12)))
    statuses = [one["status"] for one in answer[1]["data"]["items"]]
    assert (statuses.count(201), statuses.count(429)) == (10, 2)
    assert json.dumps(answer[1]).count("retryAfterSeconds") == 2
