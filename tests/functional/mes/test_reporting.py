"""Production reporting through its function, down to the table (MES-02, MES-03)."""

from datetime import timedelta
from typing import Any

import pytest

from enghub.core import audit, clock
from enghub.core.clock import system_clock
from tests.factories.faults import Crash, answer_lost, counted, crash, intercepted, throttled
from tests.factories.http import a_principal
from tests.factories.mes import PERMISSIONS, Floor


def progress(floor: Floor, number: str = "WO-1") -> tuple[float, float, float]:
    """Return good, defect and remaining quantity of an order."""
    data = floor.read(number)[1]["data"]
    return data["goodQuantity"], data["defectQuantity"], data["remaining"]


def reports(floor: Floor, number: str = "WO-1") -> list[dict[str, Any]]:
    status, body = floor.call(
        "read_production_reports", "GET", "/api/v1/production/reports", query={"workOrderId": number}
    )
    assert status == 200, body
    items: list[dict[str, Any]] = body["data"]["items"]
    return items


def test_a_report_is_stored_counted_and_announced(floor: Floor, told: Any) -> None:
    floor.started()
    status, body = floor.report(goodQty=10, defectQty=2, defectTypes=["短路", "漏焊"])
    assert status == 201, body
    assert (body["data"]["goodQty"], body["data"]["defectQty"], body["data"]["conflictsWith"]) == (10, 2, None)
    assert progress(floor) == (10, 2, 88)
    assert reports(floor) == [body["data"]]
    announced = dict(told()[-2:])
    assert announced["ProductionReported"] == {
        "report_id": body["data"]["reportId"],
        "work_order_id": "WO-1",
        "product_id": "PROD-A001",
        "good_qty": 10,
        "defect_qty": 2,
        "rework_qty": 0,
        "defect_types": ["短路", "漏焊"],
        "produced_by": "emp-001",
        "operation": "OP-10",
        "station_id": "ST-SMT-01",
        "line_id": "SMT-1",
        "shift_date": "2026-03-02",
        "shift": "day",
        "report_time": "2026-03-02T07:55:00.000000Z",
        "planned_qty": 100,
        "standard_seconds": 30,
    }
    assert announced["DefectReported"]["defect_types"] == ["短路", "漏焊"]


def test_a_report_leaves_an_audit_entry(floor: Floor) -> None:
    floor.started()
    report_id = floor.report()[1]["data"]["reportId"]
    (entry,) = audit.history("acme", f"report/sh-01/{report_id}")
    assert (entry.action, entry.user_id, entry.after["good"]) == ("report.recorded", "emp-001", 10)


def test_the_normal_path_is_one_read_and_one_transaction(floor: Floor) -> None:
    floor.started()
    with counted() as calls:
        assert floor.report(defectQty=1, defectTypes=["scratch"])[0] == 201
    assert calls == {"BatchGetItem": 1, "TransactWriteItems": 1}


def test_who_and_when_default_to_the_caller_and_now(floor: Floor) -> None:
    floor.started()
    before = system_clock()
    data = floor.report(producedBy=None, reportTime=None)[1]["data"]
    assert data["producedBy"] == "emp-001"
    assert before <= clock.from_text(data["reportTime"]) <= system_clock()


def test_a_report_needs_its_key(floor: Floor) -> None:
    floor.started()
    status, body = floor.report(key=None)
    assert (status, body["details"]["field"]) == (400, "Idempotency-Key")
    assert progress(floor) == (0, 0, 100)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"goodQty": 0}, "at least one piece"),
        ({"goodQty": -1}, "write 0 or more"),
        ({"goodQty": "10"}, "JSON number"),
        ({"goodQty": True}, "JSON number"),
        ({"goodQty": 1.00001}, "at most 4 decimals"),
        ({"defectQty": 1}, "required when defectQty is above 0"),
        ({"defectTypes": ["scratch"]}, "goes with"),
        ({"defectQty": 1, "defectTypes": ["scratch", "scratch"]}, "twice"),
        ({"reportTime": "2026-03-02T07:55:00"}, "offset"),
        ({"station": None}, "required"),
        ({"tenantId": "globex"}, "not known"),
    ],
)
def test_a_bad_report_is_refused(floor: Floor, fields: dict[str, Any], problem: str) -> None:
    floor.started()
    status, body = floor.report(**fields)
    assert status == 400
    assert problem in body["message"]
    assert progress(floor) == (0, 0, 100)


def test_a_report_from_the_future_is_refused(floor: Floor) -> None:
    floor.started()
    late = clock.to_text(system_clock() + timedelta(minutes=6))
    status, body = floor.report(reportTime=late)
    assert (status, body["details"]["error"]) == (400, "REPORT_TIME_IN_FUTURE")


def test_a_repeated_report_gets_the_first_answer_and_counts_once(floor: Floor, told: Any) -> None:
    floor.started()
    first, again = floor.report(), floor.report()
    assert (first[0], first[1]["data"]) == (again[0], again[1]["data"])
    assert progress(floor) == (10, 0, 90)
    assert [kind for kind, _ in told()].count("ProductionReported") == 1


def test_a_repeat_is_answered_even_when_the_order_is_finished(floor: Floor) -> None:
    floor.started(plannedQuantity=10)
    first = floor.report()
    floor.step("WO-1", "complete", 3)
    again = floor.report()
    assert (again[0], again[1]["data"]) == (201, first[1]["data"])


def test_the_same_key_with_other_numbers_is_a_conflict(floor: Floor) -> None:
    floor.started()
    floor.report()
    status, body = floor.report(goodQty=11)
    assert (status, body["details"]["error"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert progress(floor) == (10, 0, 90)


def test_the_same_key_elsewhere_is_another_key(floor: Floor) -> None:
    floor.started()
    floor.report()
    for stranger in (a_principal(*PERMISSIONS, tenant="globex"), a_principal(*PERMISSIONS, factories=("bj-01",))):
        status, body = floor.report(caller=stranger)
        assert (status, body["details"]["error"]) == (404, "WORK_ORDER_NOT_FOUND")


def test_nothing_beyond_the_plan_and_what_is_left_is_named(floor: Floor) -> None:
    floor.started()
    floor.report(goodQty=95)
    status, body = floor.report(key="key-2", goodQty=3, defectQty=3, defectTypes=["scratch"])
    assert (status, body["code"], body["details"]["error"]) == (422, "42201", "BEYOND_PLAN")
    assert (body["details"]["remaining"], body["details"]["quantity"]) == (5, 6)
    assert progress(floor) == (95, 0, 5)
    assert floor.report(key="key-3", goodQty=5)[0] == 201


def test_an_allowance_lets_a_little_more_through(floor: Floor) -> None:
    floor.started(overReportAllowance=0.05)
    assert floor.report(goodQty=105)[0] == 201
    assert floor.report(key="key-2", goodQty=1)[0] == 422


@pytest.mark.parametrize("steps", [(), ("release",), ("release", "start", "pause")])
def test_only_an_order_in_progress_takes_reports(floor: Floor, steps: tuple[str, ...]) -> None:
    floor.create()
    for version, step in enumerate(steps, start=1):
        floor.step("WO-1", step, version)
    status, body = floor.report()
    assert (status, body["details"]["error"]) == (422, "NOT_IN_PRODUCTION")
    assert progress(floor) == (0, 0, 100)


def test_an_unknown_order_takes_no_report(floor: Floor) -> None:
    assert floor.report()[0] == 404


@pytest.mark.parametrize(
    ("fields", "flagged"),
    [
        ({"goodQty": 11}, True),
        ({"goodQty": 11, "reportTime": "2026-03-02T07:55:59Z"}, True),
        ({"goodQty": 11, "reportTime": "2026-03-02T07:54:01Z"}, True),
        ({"goodQty": 11, "reportTime": "2026-03-02T07:56:00Z"}, False),
        ({"goodQty": 11, "reportTime": "2026-03-02T07:54:00Z"}, False),
        ({"goodQty": 11, "station": "ST-2"}, False),
        ({"goodQty": 11, "operation": "OP-20"}, False),
        ({}, False),
    ],
)
def test_other_numbers_for_the_same_moment_are_kept_but_flagged(
    floor: Floor, told: Any, fields: dict[str, Any], flagged: bool
) -> None:
    floor.started()
    first = floor.report()[1]["data"]["reportId"]
    status, body = floor.report(key="key-2", **fields)
    assert (status, body["data"]["conflictsWith"]) == (201, first if flagged else None)
    assert told()[-1][1].get("conflicts_with") == (first if flagged else None)


def test_reports_do_not_disturb_the_version_people_see(floor: Floor) -> None:
    floor.started()
    floor.report()
    assert floor.step("WO-1", "pause", 3)[0] == 200


def test_an_order_is_completed_with_exactly_what_was_reported(floor: Floor, told: Any) -> None:
    floor.started()
    assert floor.step("WO-1", "complete", 3)[1]["details"]["error"] == "NOTHING_REPORTED"
    floor.report()
    assert floor.step("WO-1", "cancel", 3)[1]["details"]["error"] == "PRODUCTION_REPORTED_ALREADY"
    assert floor.step("WO-1", "complete", 3)[0] == 200
    assert (told()[-1][0], told()[-1][1]["good_qty"]) == ("WorkOrderCompleted", 10)


# --- when the network lies ---


def test_a_write_whose_answer_is_lost_counts_once(floor: Floor) -> None:
    floor.started()
    with intercepted("TransactWriteItems", answer_lost(1)):
        status, body = floor.report()
    assert status == 201
    assert progress(floor) == (10, 0, 90)
    again = floor.report()
    assert (again[0], again[1]["data"]) == (201, body["data"])


def test_when_every_answer_is_lost_the_repeat_gets_the_first_result(floor: Floor, told: Any) -> None:
    floor.started()
    with intercepted("TransactWriteItems", answer_lost(99)):
        assert floor.report()[0] in {201, 503}
    assert progress(floor) == (10, 0, 90)
    status, body = floor.report()
    assert (status, reports(floor)) == (201, [body["data"]])
    assert progress(floor) == (10, 0, 90)
    assert [kind for kind, _ in told()].count("ProductionReported") == 1


def test_a_crash_between_look_and_write_leaves_nothing(floor: Floor, told: Any) -> None:
    floor.started()
    with intercepted("TransactWriteItems", crash()), pytest.raises(Crash):
        floor.report()
    assert (progress(floor), reports(floor)) == ((0, 0, 100), [])
    assert floor.report()[0] == 201
    assert progress(floor) == (10, 0, 90)


@pytest.mark.parametrize("operation", ["BatchGetItem", "TransactWriteItems"])
def test_a_throttled_table_is_tried_again(floor: Floor, operation: str) -> None:
    floor.started()
    with intercepted(operation, throttled(2)):
        assert floor.report()[0] == 201
    assert progress(floor) == (10, 0, 90)


@pytest.mark.parametrize("operation", ["BatchGetItem", "TransactWriteItems"])
def test_a_table_that_stays_throttled_is_said_to_be_unavailable(floor: Floor, operation: str) -> None:
    floor.started()
    with intercepted(operation, throttled(99)):
        status, body = floor.report()
    assert (status, body["code"]) == (503, "50301")
    assert progress(floor) == (0, 0, 100)
    assert floor.report()[0] == 201


def test_colliding_transactions_are_tried_again(floor: Floor) -> None:
    floor.started()
    with intercepted("TransactWriteItems", throttled(4, "TransactionInProgressException")):
        assert floor.report()[0] == 201
    assert progress(floor) == (10, 0, 90)
