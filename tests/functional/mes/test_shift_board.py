"""The shift board, from the event to the screen, and the job that proves it right (MES-05, MES-14)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from enghub.core import clock, dynamo, transactions
from enghub.core.clock import system_clock
from enghub.mes.boards.dynamo import CONSUMER, LINES
from enghub.mes.work_orders.dynamo import WORK_ORDERS
from tests.factories import stored
from tests.factories.faults import answer_lost, counted, intercepted, throttled
from tests.factories.handlers import load_module
from tests.factories.http import Context, a_principal
from tests.factories.mes import PERMISSIONS, Floor
from tests.factories.queues import a_batch, failed, shuffled_with_doubles

Envelopes = Callable[[], list[dict[str, Any]]]
BOARD: dict[str, Any] = {"tenant_id": "acme", "factory_id": "sh-01", "date": "2026-03-02", "shift": "day"}


def deliver(floor: Floor, *details: Any) -> list[str]:
    """Bring events to the consumer; returns the messages it gave back."""
    return failed(floor.handler("update_shift_board")(a_batch(*details), Context()))


def board(floor: Floor, shift: str = "day", **options: Any) -> dict[str, Any]:
    query = {"date": "2026-03-02", "shift": shift}
    status, body = floor.call("read_shift_board", "GET", "/api/v1/dashboard/shift-board", query=query, **options)
    assert status == 200, body
    data: dict[str, Any] = body["data"]
    return data


def rebuild(event: dict[str, Any] = BOARD, later: timedelta = timedelta(minutes=5)) -> dict[str, Any]:
    """Run the job as if it were ``later``; by default everything has settled."""
    module = load_module("mes", "rebuild_shift_board")
    service = module.wiring.reconciliation()
    service._clock = lambda: system_clock() + later
    module.wiring = type("Wiring", (), {"reconciliation": lambda: service})
    result: dict[str, Any] = module.lambda_handler(event, Context())
    return result


def test_the_board_shows_plan_output_and_yield_per_line(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    floor.started(workOrderId="WO-2", lineId="SMT-2", stationId="S2", plannedQuantity=40)
    floor.report(goodQty=18, defectQty=2, defectTypes=["短路"])
    floor.report(key="key-2", goodQty=30, reportTime="2026-03-02T07:58:00Z")
    assert deliver(floor, *envelopes()) == []
    shown = board(floor)
    first, second = shown["lines"]
    assert (first["line"], first["plan"], first["output"], first["goodQty"], first["defectQty"]) == (
        "SMT-1",
        100,
        50,
        48,
        2,
    )
    assert (first["yield"], first["quality"], first["openAlarms"], first["reports"]) == (0.96, 0.96, 0, 2)
    assert (second["line"], second["plan"], second["output"], second["yield"]) == ("SMT-2", 40, 0, None)
    assert shown["asOf"] == envelopes()[-1]["timestamp"]
    assert 0 <= shown["behindSeconds"] < 60


def test_oee_is_given_when_the_reports_support_it(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    floor.report(goodQty=9, defectQty=1, defectTypes=["scratch"], runSeconds=400, downSeconds=100)
    deliver(floor, *envelopes())
    (line,) = board(floor)["lines"]
    assert (line["availability"], line["performance"], line["quality"]) == (0.8, 0.75, 0.9)
    assert (line["oee"], line["lacking"]) == (0.54, [])


def test_a_figure_that_cannot_be_given_says_why(floor: Floor, envelopes: Envelopes) -> None:
    floor.started(standardSeconds=None)
    floor.report(runSeconds=300, downSeconds=0)
    deliver(floor, *envelopes())
    (line,) = board(floor)["lines"]
    assert (line["availability"], line["oee"], line["lacking"]) == (1, None, ["STANDARD_TIME_UNKNOWN"])
    floor.report(key="key-2", goodQty=5, reportTime="2026-03-02T07:58:00Z")
    deliver(floor, envelopes()[-1])
    (line,) = board(floor)["lines"]
    assert (line["availability"], line["oee"], line["lacking"]) == (None, None, ["RUN_TIME_NOT_REPORTED"])


def test_events_twice_and_in_any_order_make_the_same_board(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    floor.edit("WO-1", version=3, plannedQuantity=1)
    for number in range(4):
        floor.report(key=f"key-{number}", reportTime=f"2026-03-02T07:{50 + number}:00Z")
    assert deliver(floor, *shuffled_with_doubles(envelopes())) == []
    shown = board(floor)
    assert [(line["plan"], line["output"], line["reports"]) for line in shown["lines"]] == [(100, 40, 4)]
    assert shown["asOf"] == envelopes()[-1]["timestamp"]


def test_the_plan_follows_the_order_until_it_is_cancelled(floor: Floor, envelopes: Envelopes) -> None:
    floor.create()
    deliver(floor, *envelopes())
    assert board(floor)["lines"] == []
    floor.step("WO-1", "release", 1)
    deliver(floor, *envelopes())
    assert board(floor)["lines"][0]["plan"] == 100
    floor.edit("WO-1", version=2, plannedQuantity=70, lineId="SMT-9")
    deliver(floor, *envelopes())
    assert [(line["line"], line["plan"]) for line in board(floor)["lines"]] == [("SMT-9", 70)]
    floor.step("WO-1", "cancel", 3)
    deliver(floor, *shuffled_with_doubles(envelopes()))
    assert board(floor)["lines"] == []


def test_an_order_without_a_shift_is_on_no_board(floor: Floor, envelopes: Envelopes) -> None:
    floor.started(shift=None, shiftDate=None)
    assert deliver(floor, *envelopes()) == []
    assert board(floor)["lines"] == []


def test_a_broken_message_returns_alone(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    floor.report()
    good = envelopes()
    assert deliver(floor, {"event_type": "ProductionReported"}, *good) == ["message-0"]
    assert board(floor)["lines"][0]["output"] == 10


def test_fields_a_consumer_does_not_know_do_not_disturb_it(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    floor.report()
    *_, event = envelopes()
    assert deliver(floor, {**event, "data": {**event["data"], "mood": "sunny"}}) == []
    assert board(floor)["lines"][0]["output"] == 10


@pytest.mark.parametrize("fault", [answer_lost(1), answer_lost(9), throttled(9)])
def test_a_fault_while_counting_counts_once_in_the_end(floor: Floor, envelopes: Envelopes, fault: Any) -> None:
    floor.started()
    floor.report()
    *_, event = envelopes()
    with intercepted("TransactWriteItems", fault):
        deliver(floor, event)
    assert deliver(floor, event) == []
    assert board(floor)["lines"][0]["output"] == 10


def test_the_board_is_read_with_one_look_up(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    floor.report()
    deliver(floor, *envelopes())
    with counted() as calls:
        board(floor)
    assert calls == {"Query": 1}


def test_a_board_belongs_to_its_tenant_and_factory(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    floor.report()
    deliver(floor, *envelopes())
    for stranger in (a_principal(*PERMISSIONS, tenant="globex"), a_principal(*PERMISSIONS, factories=("bj-01",))):
        assert board(floor, caller=stranger)["lines"] == []
    assert board(floor, shift="night")["lines"] == []


@pytest.mark.parametrize("query", [{}, {"date": "today", "shift": "day"}, {"date": "2026-03-02"}])
def test_a_board_is_asked_for_by_date_and_shift(floor: Floor, query: dict[str, str]) -> None:
    assert floor.call("read_shift_board", "GET", "/api/v1/dashboard/shift-board", query=query)[0] == 400


# --- the job ---


LINE = ("T#acme#F#sh-01#BOARD#2026-03-02#day", "LINE#SMT-1")


def test_a_board_that_is_right_is_left_alone(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    floor.report()
    deliver(floor, *envelopes())
    before = stored.items(LINES.entity)
    assert rebuild() == {
        "boards": 1,
        "reports": 1,
        "missing": 0,
        "corrected": 0,
        "plans": 0,
        "moving": 0,
        "in_doubt": 0,
    }
    assert stored.items(LINES.entity) == before


def test_events_that_never_came_are_made_up_for_once(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    for number in range(3):
        floor.report(key=f"key-{number}", reportTime=f"2026-03-02T07:{50 + number}:00Z")
    result = rebuild()
    assert (result["missing"], result["plans"], result["in_doubt"]) == (3, 1, 0)
    deliver(floor, *envelopes())
    (line,) = board(floor)["lines"]
    assert (line["plan"], line["output"], line["reports"]) == (100, 30, 3)


def test_a_wrong_line_is_corrected(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    floor.report(goodQty=8, defectQty=2, defectTypes=["scratch"])
    deliver(floor, *envelopes())
    stored.tampered(LINE, good=Decimal(99), reports=7)
    result = rebuild()
    assert (result["corrected"], result["in_doubt"]) == (1, 0)
    (shown,) = board(floor)["lines"]
    assert (shown["goodQty"], shown["defectQty"], shown["reports"]) == (8, 2, 1)


def test_a_line_that_was_lost_is_made_again(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    floor.report()
    deliver(floor, *envelopes())
    transactions.transact(transactions.Delete(LINE))
    assert rebuild()["corrected"] == 1
    assert board(floor)["lines"][0]["output"] == 10


def test_a_report_on_its_way_is_no_drift(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    floor.report()
    assert rebuild(later=timedelta(0))["missing"] == 0
    deliver(floor, *envelopes())
    stored.tampered(LINE, good=Decimal(99))
    result = rebuild(later=timedelta(0))
    assert (result["moving"], result["corrected"]) == (1, 0)


def test_when_marks_have_expired_every_report_counts(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    floor.report()
    event = envelopes()[-1]
    deliver(floor, *envelopes())
    pk = dynamo.key("T", "acme", "INBOX", CONSUMER, event["event_id"])
    transactions.transact(transactions.Delete((pk, "INBOX")))
    result = rebuild(later=timedelta(days=20))
    assert (result["missing"], result["corrected"], result["in_doubt"]) == (0, 0, 0)


def test_the_scheduled_run_looks_at_the_boards_of_these_days(floor: Floor, envelopes: Envelopes) -> None:
    today = system_clock().date().isoformat()
    floor.started(shiftDate=today)
    floor.report(shiftDate=today, reportTime=clock.to_text(system_clock()))
    floor.started(workOrderId="OLD")
    deliver(floor, *envelopes())
    event = {"version": "0", "detail-type": "Scheduled Event", "source": "aws.scheduler", "detail": {}}
    result = rebuild(event)
    assert (result["boards"], result["reports"], result["in_doubt"]) == (1, 1, 0)


def test_a_shift_whose_every_event_is_lost_is_found_in_the_ledger_and_built(floor: Floor) -> None:
    """No plan and no event: only the reports know that there was such a shift (C13)."""
    today = system_clock().date().isoformat()
    floor.started(shift=None, shiftDate=None)
    floor.report(shiftDate=today, reportTime=clock.to_text(system_clock()))
    result = rebuild({"source": "aws.scheduler", "detail": {}})
    assert (result["boards"], result["missing"], result["in_doubt"]) == (1, 1, 0)
    query = {"date": today, "shift": "day"}
    _, body = floor.call("read_shift_board", "GET", "/api/v1/dashboard/shift-board", query=query)
    assert [(line["line"], line["output"], line["plan"]) for line in body["data"]["lines"]] == [("SMT-1", 10, None)]


def test_a_wrong_sum_of_plans_is_corrected(floor: Floor, envelopes: Envelopes) -> None:
    floor.started()
    floor.started(workOrderId="WO-2", plannedQuantity=40)
    deliver(floor, *envelopes())
    (sum_of_plans,) = dynamo.each("T#acme#F#sh-01#BOARD#2026-03-02#day", prefix="PLANNED")
    actions = [dynamo.Attr("quantity").set(Decimal(99))]
    transactions.transact(transactions.Update((sum_of_plans["pk"]["S"], sum_of_plans["sk"]["S"]), actions))
    assert board(floor)["lines"][0]["plan"] == 99
    result = rebuild()
    assert (result["corrected"], result["in_doubt"]) == (1, 0)
    assert board(floor)["lines"][0]["plan"] == 140


def test_a_board_costs_the_same_with_ten_plans_and_with_many(floor: Floor, envelopes: Envelopes) -> None:
    """What each order plans lies beside the board: it reads one item per line (P1)."""
    sizes = []
    for number in range(1, 41):
        floor.started(workOrderId=f"WO-{number}", plannedQuantity=1)
        if number in {10, 40}:
            deliver(floor, *envelopes())
            sizes.append(len(list(dynamo.each("T#acme#F#sh-01#BOARD#2026-03-02#day"))))
            assert board(floor)["lines"][0]["plan"] == number
    assert sizes == [2, 2]


def test_counters_of_an_order_equal_the_sum_of_its_reports(floor: Floor) -> None:
    floor.started()
    for number in range(3):
        floor.report(key=f"key-{number}", goodQty=3, defectQty=1, defectTypes=["scratch"])
    order = WORK_ORDERS.get(("T#acme#F#sh-01#WO#WO-1", "WO"))
    assert order is not None
    assert (order.good, order.defect, order.remaining) == (Decimal(9), Decimal(3), Decimal(88))
