"""One set of promises for the stores of the factory floor, kept by the fakes and by DynamoDB alike."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from enghub.core.commits import Commit, Kept
from enghub.core.errors import Invalid, VersionConflict
from enghub.core.marks import AlreadyHandled
from enghub.mes import published
from enghub.mes.boards.dynamo import DynamoBoards, DynamoShiftReports
from enghub.mes.boards.model import BoardKey, Counts, LineTotals, Plan, Produced
from enghub.mes.boards.repository import BoardRepository, ShiftReports
from enghub.mes.factories import Factory
from enghub.mes.reports.dynamo import DynamoReports
from enghub.mes.reports.model import FactoryShift, Report, StationOperation
from enghub.mes.reports.repository import ConcurrentChange, ReportRepository
from enghub.mes.work_orders.dynamo import DynamoWorkOrders
from enghub.mes.work_orders.errors import WorkOrderExists, WorkOrderNotFound
from enghub.mes.work_orders.model import Status, Step, WorkOrder
from enghub.mes.work_orders.repository import (
    ByProduct,
    BySalesOrder,
    ByShift,
    ByStation,
    ByStatus,
    ProgressMoved,
    Selection,
    WorkOrderRepository,
)
from tests.factories.http import NOW, an_origin
from tests.factories.mes import FACTORY, an_order
from tests.fakes.mes import FakeBoards, FakeReports, FakeWorkOrders, Floor

BOARD = BoardKey(FACTORY, date(2026, 3, 2), "day")
ELSEWHERE = (Factory("globex", "sh-01"), Factory("acme", "bj-01"))


@dataclass
class Stores:
    orders: WorkOrderRepository
    reports: ReportRepository
    shift_reports: ShiftReports
    boards: BoardRepository


@pytest.fixture(params=["fake", "dynamo"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        floor = Floor()
        return Stores(FakeWorkOrders(floor), FakeReports(floor), FakeReports(floor), FakeBoards())
    request.getfixturevalue("account")("mes")
    return Stores(DynamoWorkOrders(), DynamoReports(), DynamoShiftReports(), DynamoBoards())


def a_commit(before: Kept[WorkOrder] | None, after: WorkOrder, action: str = "tested") -> Commit[WorkOrder]:
    data = published.WorkOrderChanged(
        work_order_id=after.work_order_id,
        work_order_version=after.version,
        status=after.status,
        product_id=after.product_id,
        planned_qty=after.planned_quantity,
        good_qty=after.good,
        defect_qty=after.defect,
        due_date=after.due_on,
    )
    origin = an_origin(tenant=after.factory.tenant_id, factory=after.factory.factory_id)
    return Commit(origin, action, after, before, (data.envelope(origin),))


def kept(stores: Stores, order: WorkOrder | None = None) -> Kept[WorkOrder]:
    found = stores.orders.get(*((FACTORY, "WO-1") if order is None else (order.factory, order.work_order_id)))
    assert found is not None
    return found


def stored(stores: Stores, **fields: Any) -> Kept[WorkOrder]:
    order = an_order(**fields)
    stores.orders.save(a_commit(None, order))
    return kept(stores, order)


def moved(stores: Stores, order: Kept[WorkOrder], *steps: Step) -> Kept[WorkOrder]:
    for step in steps:
        after = order.value.take(step, NOW + timedelta(minutes=1))
        stores.orders.save(a_commit(order, after, step.value))
        order = kept(stores, after)
    return order


def a_report(key: str = "key-1", good: str = "10", defect: str = "0", **fields: Any) -> Report:
    given: dict[str, Any] = {
        "factory": FACTORY,
        "report_id": f"R-{key}",
        "client_key": key,
        "fingerprint": "f",
        "work_order_id": "WO-1",
        "product_id": "PROD-A001",
        "line_id": "SMT-1",
        "station_id": "ST-1",
        "operation": "OP-10",
        "shift_on": date(2026, 3, 2),
        "shift": "day",
        "good": Decimal(good),
        "defect": Decimal(defect),
        "defect_types": ("短路",) if Decimal(defect) else (),
        "produced_by": "emp-001",
        "reported_at": NOW,
        "recorded_at": NOW + timedelta(seconds=1),
        "run_seconds": Decimal("12.5"),
        **fields,
    }
    return Report(**given)


def add(stores: Stores, report: Report, seen: WorkOrder | None = None, **opens: bool) -> None:
    """Store a report as its service does; ``seen`` is the order as it was looked at, as it is now when None."""
    now = stores.orders.get(FACTORY, report.work_order_id)
    order = seen or (now.value if now else an_order(work_order_id=report.work_order_id))
    opens = {"opens_window": False, "opens_shift": False, **opens}
    stores.reports.save(Commit(an_origin(), "recorded", report), order, **opens)


def look(stores: Stores, key: str = "key-1", at: Any = NOW, factory: Factory = FACTORY) -> Any:
    return stores.reports.look(FactoryShift(factory, "day"), key, "WO-1", StationOperation("ST-1", "OP-10"), at)


# --- work orders ---


def test_what_was_stored_is_found_again_whole(stores: Stores) -> None:
    order = an_order(
        sales_order_id="SO-7",
        routing_id="R#1",
        over_report_allowance=Decimal("0.05"),
        standard_seconds=Decimal("12.25"),
        shift_on=date(2026, 3, 2),
        shift="night",
    )
    stores.orders.save(a_commit(None, order))
    assert kept(stores).value == order
    moved(stores, kept(stores), Step.RELEASE, Step.START)
    later = NOW + timedelta(minutes=1)
    assert kept(stores).value == order.release(later).start(later)
    assert kept(stores).revision == 3
    assert [stores.orders.get(factory, "WO-1") for factory in ELSEWHERE] == [None, None]


def test_a_number_is_given_once(stores: Stores) -> None:
    order = stored(stores)
    with pytest.raises(WorkOrderExists):
        stores.orders.save(a_commit(None, replace(order.value, product_id="other")))
    assert kept(stores) == order


def test_an_outdated_change_is_refused(stores: Stores) -> None:
    order = stored(stores)
    moved(stores, order, Step.RELEASE)
    with pytest.raises(VersionConflict) as refused:
        stores.orders.save(a_commit(order, order.value.cancel(NOW)))
    assert (refused.value.details["expected"], refused.value.details["actual"]) == (1, 2)
    ghost = replace(order.value, work_order_id="WO-9")
    with pytest.raises(WorkOrderNotFound):
        stores.orders.save(a_commit(Kept(ghost), ghost.release(NOW)))


def test_a_change_by_people_never_overwrites_the_counters(stores: Stores) -> None:
    seen = moved(stores, stored(stores), Step.RELEASE, Step.START)
    add(stores, a_report(defect="2"))
    moved(stores, seen, Step.PAUSE)
    now = kept(stores).value
    assert (now.status, now.good, now.defect, now.remaining) == (
        Status.PAUSED,
        Decimal(10),
        Decimal(2),
        Decimal(88),
    )


def test_completing_insists_on_the_counters_it_saw(stores: Stores) -> None:
    order = moved(stores, stored(stores), Step.RELEASE, Step.START)
    add(stores, a_report("key-1"))
    seen = kept(stores)
    add(stores, a_report("key-2"))
    with pytest.raises(ProgressMoved):
        stores.orders.save(a_commit(seen, seen.value.complete(NOW)))
    assert order.revision == seen.revision
    current = kept(stores)
    stores.orders.save(a_commit(current, current.value.complete(NOW)))


def test_a_new_plan_makes_a_new_limit(stores: Stores) -> None:
    order = stored(stores)
    stores.orders.save(a_commit(order, order.value.edit({"planned_quantity": Decimal(5)})))
    moved(stores, kept(stores), Step.RELEASE, Step.START)
    add(stores, a_report(good="5"))
    with pytest.raises(ConcurrentChange):
        add(stores, a_report("key-2", good="0.0001"))


def found(stores: Stores, selection: Selection, factory: Factory = FACTORY) -> list[str]:
    return [order.work_order_id for order in stores.orders.find(factory, selection, 10, None).work_orders]


def test_orders_are_listed_by_status_and_due_date_sales_order_product_station_and_shift(stores: Stores) -> None:
    first = stored(stores, work_order_id="A", due_on=date(2026, 3, 9), sales_order_id="SO-1")
    stored(stores, work_order_id="B", due_on=date(2026, 3, 5), station_id="S2", shift_on=BOARD.shift_on, shift="day")
    stored(stores, work_order_id="C", due_on=date(2026, 3, 7), product_id="P2", created_at=NOW - timedelta(days=1))
    stored(stores, work_order_id="D", factory=ELSEWHERE[0])
    assert found(stores, ByStatus(Status.CREATED)) == ["B", "C", "A"]
    assert found(stores, ByStatus(Status.CREATED, date(2026, 3, 7))) == ["C", "A"]
    assert found(stores, ByStatus(Status.CREATED, None, date(2026, 3, 7))) == ["B", "C"]
    assert found(stores, BySalesOrder("SO-1")) == ["A"]
    assert found(stores, ByProduct("PROD-A001")) == ["A", "B"]
    assert found(stores, ByStation("S2")) == ["B"]
    assert found(stores, ByShift(BOARD.shift_on, "day")) == ["B"]
    moved(stores, first, Step.RELEASE)
    assert found(stores, ByStatus(Status.CREATED)) == ["B", "C"]
    assert found(stores, ByStatus(Status.RELEASED)) == ["A"]


def test_a_list_goes_on_where_its_page_ended_and_nowhere_else(stores: Stores) -> None:
    for name in "ABC":
        stored(stores, work_order_id=name)
    page = stores.orders.find(FACTORY, ByProduct("PROD-A001"), 2, None)
    rest = stores.orders.find(FACTORY, ByProduct("PROD-A001"), 2, page.cursor)
    assert [order.work_order_id for order in (*page.work_orders, *rest.work_orders)] == ["A", "B", "C"]
    assert rest.cursor is None
    for factory, selection in ((FACTORY, ByProduct("P2")), (ELSEWHERE[0], ByProduct("PROD-A001"))):
        with pytest.raises(Invalid):
            stores.orders.find(factory, selection, 2, page.cursor)


# --- reports ---


def test_a_report_is_found_by_its_key_and_counted(stores: Stores) -> None:
    moved(stores, stored(stores), Step.RELEASE, Step.START)
    report = a_report(good="7.25", defect="0.75", defect_types=("短路", "漏焊"), conflicts_with="R-0")
    add(stores, report)
    seen = look(stores)
    assert seen.stored == report
    assert (seen.work_order.good, seen.work_order.defect, seen.work_order.remaining) == (
        Decimal("7.25"),
        Decimal("0.75"),
        Decimal(92),
    )
    assert [look(stores, factory=factory).stored for factory in ELSEWHERE] == [None, None]


@pytest.mark.parametrize("reason", ["key", "plan", "status", "unknown"])
def test_what_no_longer_fits_is_refused_and_nothing_is_stored(stores: Stores, reason: str) -> None:
    order = moved(stores, stored(stores), Step.RELEASE, Step.START)
    add(stores, a_report())
    wrong: dict[str, Report] = {
        "key": a_report(good="1"),
        "plan": a_report("key-2", good="90.0001"),
        "status": a_report("key-2"),
        "unknown": a_report("key-2", work_order_id="WO-9"),
    }
    if reason == "status":
        moved(stores, order, Step.PAUSE)
    before = look(stores)
    with pytest.raises(ConcurrentChange):
        add(stores, wrong[reason], order.value if reason == "status" else None)
    assert look(stores) == before
    assert look(stores, "key-2").stored is None


def test_the_first_report_of_a_minute_is_its_anchor(stores: Stores) -> None:
    moved(stores, stored(stores), Step.RELEASE, Step.START)
    assert (look(stores).first_reports, look(stores).has_first) == ((), False)
    add(stores, a_report(), opens_window=True)
    with pytest.raises(ConcurrentChange):
        add(stores, a_report("key-2"), opens_window=True)
    add(stores, a_report("key-2"))
    seen = look(stores)
    assert ([first.report_id for first in seen.first_reports], seen.has_first) == (["R-key-1"], True)
    for minutes, count in ((-2, 0), (-1, 1), (1, 1), (2, 0)):
        seen = look(stores, at=NOW + timedelta(minutes=minutes))
        assert (len(seen.first_reports), seen.has_first) == (count, False)


def test_reports_are_listed_by_order_and_by_shift_in_their_time(stores: Stores) -> None:
    moved(stores, stored(stores), Step.RELEASE, Step.START)
    late = a_report("key-1", reported_at=NOW + timedelta(minutes=9))
    early, other = a_report("key-2"), a_report("key-3", shift="night")
    for report in (late, early, other):
        add(stores, report)
    page = stores.reports.of_work_order(FACTORY, "WO-1", 2, None)
    rest = stores.reports.of_work_order(FACTORY, "WO-1", 2, page.cursor)
    assert (*page.reports, *rest.reports) == (early, other, late)
    assert stores.shift_reports.of_shift(FACTORY, date(2026, 3, 2), "day") == [early, late]
    assert stores.shift_reports.of_shift(ELSEWHERE[1], date(2026, 3, 2), "day") == []


def test_the_ledger_knows_its_shifts_whatever_became_of_their_events(stores: Stores) -> None:
    moved(stores, stored(stores), Step.RELEASE, Step.START)
    assert (look(stores).knows_shift, stores.shift_reports.on(BOARD.shift_on)) == (False, [])
    add(stores, a_report(), opens_shift=True)
    assert (look(stores).knows_shift, look(stores, factory=ELSEWHERE[1]).knows_shift) == (True, False)
    assert stores.shift_reports.on(BOARD.shift_on) == [BOARD]
    assert stores.shift_reports.on(date(2026, 3, 3)) == []


# --- boards ---


def test_a_line_counts_each_report_once(stores: Stores) -> None:
    first, second = a_report("1", defect="1"), a_report("2", conflicts_with="R-1", run_seconds=None)
    later, earlier = NOW + timedelta(minutes=2), NOW + timedelta(minutes=1)
    stores.boards.count(BOARD, replace(Produced.of(first), recorded_at=later), later)
    stores.boards.count(BOARD, replace(Produced.of(second), recorded_at=earlier), later)
    with pytest.raises(AlreadyHandled):
        stores.boards.count(BOARD, Produced.of(first), later)
    (line,) = stores.boards.read(BOARD).lines
    assert line == LineTotals(
        "SMT-1", Counts(Decimal(20), Decimal(1), 2, 1, 0, Decimal("12.5"), Decimal(0), 0, Decimal(0)), later, later
    )
    assert stores.boards.counted(FACTORY, [f"R-{number}" for number in range(150)]) == {"R-1", "R-2"}
    assert stores.boards.counted(ELSEWHERE[0], ["R-1"]) == set()


def test_the_newest_version_of_an_order_decides_the_plan(stores: Stores) -> None:
    plans = [Plan("WO-1", "SMT-1", Decimal(version * 10), version) for version in (2, 4, 3, 4)]
    assert [stores.boards.plan(BOARD, plan) for plan in plans] == [True, True, False, False]
    assert stores.boards.plans(BOARD) == (plans[1],)


def test_a_board_keeps_what_is_planned_per_line_however_its_orders_change(stores: Stores) -> None:
    first = [("A", "SMT-1", 10, 1), ("B", "SMT-1", 5, 1)]
    later = [("A", "SMT-2", 20, 2), ("B", "SMT-1", 7, 2), ("A", "SMT-2", 20, 3)]
    for order, line, quantity, version in (*first, *later):
        assert stores.boards.plan(BOARD, Plan(order, line, Decimal(quantity), version))
    assert {line.line_id: line.quantity for line in stores.boards.read(BOARD).planned} == {"SMT-1": 7, "SMT-2": 20}
    stores.boards.plan(BOARD, Plan("A", "SMT-2", Decimal(0), 4))
    assert {line.line_id: line.quantity for line in stores.boards.read(BOARD).planned} == {"SMT-1": 7, "SMT-2": 0}


def test_a_sum_of_plans_is_corrected_only_as_it_was_seen(stores: Stores) -> None:
    stores.boards.plan(BOARD, Plan("A", "SMT-1", Decimal(10), 1))
    (seen,) = stores.boards.read(BOARD).planned
    stores.boards.plan(BOARD, Plan("B", "SMT-1", Decimal(5), 1))
    right = replace(seen, quantity=Decimal(99))
    assert stores.boards.correct_planned(BOARD, seen, right) is False
    assert stores.boards.correct_planned(BOARD, None, right) is False
    (seen,) = stores.boards.read(BOARD).planned
    assert stores.boards.correct_planned(BOARD, seen, right) is True
    assert stores.boards.correct_planned(BOARD, seen, right) is False
    assert [line.quantity for line in stores.boards.read(BOARD).planned] == [99]


def test_a_line_is_corrected_only_as_it_was_seen(stores: Stores) -> None:
    stores.boards.count(BOARD, Produced.of(a_report("1")), NOW)
    (seen,) = stores.boards.read(BOARD).lines
    right = replace(seen, counts=Counts(good=Decimal(3), reports=1))
    stores.boards.count(BOARD, Produced.of(a_report("2")), NOW + timedelta(seconds=1))
    assert stores.boards.correct(BOARD, seen, right) is False
    assert stores.boards.correct(BOARD, None, right) is False
    (seen,) = stores.boards.read(BOARD).lines
    assert stores.boards.correct(BOARD, seen, right) is True
    assert stores.boards.read(BOARD).lines == (right,)


def test_the_boards_of_a_day_are_known_across_tenants(stores: Stores) -> None:
    boards = [
        BoardKey(factory, BOARD.shift_on, shift) for factory in (*ELSEWHERE, FACTORY) for shift in ("day", "night")
    ]
    for number, board in enumerate(boards):
        stores.boards.count(board, Produced.of(a_report(str(number))), NOW)
        stores.boards.plan(board, Plan("WO-1", "SMT-1", Decimal(1), 1))
    on: Callable[[date], list[BoardKey]] = stores.boards.on
    assert sorted(map(repr, on(BOARD.shift_on))) == sorted(map(repr, boards))
    assert on(date(2026, 3, 3)) == []
