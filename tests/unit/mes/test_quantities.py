"""The one rule of quantities, per operation, judged by when things were made (MES-02, MES-22; C14, MF1, MF2)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from enghub.mes.plant.model import Plant, ReportingRules, Station
from enghub.mes.reports.errors import ReportInUse, ReversalOfReversal, ReversalTooLate, ReversedAlready
from enghub.mes.reports.model import Report, StationOperation
from enghub.mes.reports.reversing import ReverseReport, Reversing
from enghub.mes.reports.service import Reporting
from enghub.mes.routings.model import Operation
from enghub.mes.work_orders.errors import (
    BeyondOperation,
    BeyondPlan,
    FractionalPieces,
    NotInProduction,
    OrderOnHold,
    UnknownOperation,
)
from enghub.mes.work_orders.model import Status, Step, WorkOrder
from enghub.mes.work_orders.quantities import Progress, in_order
from tests.factories.http import NOW, an_origin
from tests.factories.mes import FACTORY, a_command, an_order_in, plain
from tests.fakes.mes import FakeReports, Floor

TWO = (Operation("OP-10"), Operation("OP-20"))
MINUTE = timedelta(minutes=1)


def made(good: int, scrap: int = 0, rework: int = 0) -> Progress:
    return Progress(Decimal(good), Decimal(scrap), Decimal(rework))


def in_production(planned: int = 100, *, operations: Any = TWO, **fields: Any) -> WorkOrder:
    given = {"planned_quantity": Decimal(planned), "operations": operations, "in_sequence": bool(operations)}
    return an_order_in(Status.IN_PROGRESS, started_at=NOW, **{**given, **fields})


@pytest.mark.parametrize(("planned", "allowance", "limit"), [(100, "0.15", 115), (37, "0.05", 38), (37, "0.027", 37)])
def test_the_allowance_is_exact_and_cut_to_whole_pieces(planned: int, allowance: str, limit: int) -> None:
    """MF1: not 114 by floats, not 39 by rounding up."""
    order = in_production(planned, operations=(), over_report_allowance=Decimal(allowance))
    order = order.report("OP-10", made(limit), NOW)
    with pytest.raises(BeyondPlan):
        order.report("OP-10", made(1), NOW)


def test_an_operation_makes_what_the_one_before_passed_on_and_its_loss_counts_once() -> None:
    """MF2: after 400 op 20 has 70 open; after 470 nothing; one more names the 470."""
    order = in_production(500).report("OP-10", made(470, 30), NOW)
    for good in (200, 200):
        order = order.report("OP-20", made(good), NOW)
    assert plain(order.books.open("OP-20"), order.books.of("OP-20").scrap, order.remaining) == (70, 0, 70)
    order = order.report("OP-20", made(70), NOW)
    assert plain(order.good, order.scrap, order.remaining) == (470, 30, 0)
    with pytest.raises(BeyondOperation) as refused:
        order.report("OP-20", made(1), NOW)
    assert (refused.value.details["before"], refused.value.details["passed"]) == ("OP-10", 470)


def test_what_is_not_yet_made_is_not_lost() -> None:
    """MF2, second order: 60 of 100 made so far."""
    order = in_production().report("OP-10", made(60), NOW).report("OP-20", made(60), NOW)
    assert plain(order.remaining, order.scrap, order.status) == (40, 0, Status.IN_PROGRESS)


def test_each_operation_of_an_order_without_routing_has_counters_of_its_own() -> None:
    """C14: OP-10 100, then OP-20 100."""
    order = in_production(operations=()).report("OP-10", made(100), NOW).report("OP-20", made(100), NOW)
    assert plain(order.good, order.books.open("OP-20")) == (100, 0)
    assert in_order(["OP-100", "OP-20", "OP-5", "washing"]) == ["OP-5", "OP-20", "OP-100", "washing"]


def test_scrap_counts_and_rework_does_not() -> None:
    order = in_production(operations=()).report("OP-10", made(80, 10, 10), NOW)
    assert plain(order.remaining, order.defect) == (10, 20)
    order = order.report("OP-10", made(10), NOW)  # the reworked pieces come back as good
    with pytest.raises(BeyondPlan):
        order.report("OP-10", made(1), NOW)


def test_a_report_made_before_a_pause_counts_and_one_made_in_it_does_not() -> None:
    """C14: judged by when it was made, whenever it comes."""
    order = in_production().pause(NOW + 10 * MINUTE)
    assert order.report("OP-10", made(1), NOW + 9 * MINUTE).reports == 1
    with pytest.raises(NotInProduction):
        order.report("OP-10", made(1), NOW + 10 * MINUTE)
    order = order.resume(NOW + 20 * MINUTE)
    with pytest.raises(NotInProduction):
        order.report("OP-10", made(1), NOW + 15 * MINUTE)
    assert order.report("OP-10", made(1), NOW + 20 * MINUTE).reports == 1
    with pytest.raises(NotInProduction):
        order.pause(NOW + 30 * MINUTE).report("OP-10", made(1), NOW - MINUTE)


def test_a_hold_stops_steps_and_what_was_made_since() -> None:
    order = in_production().hold("ecn/ECN-1", "capacitor changed", "quan", NOW + 10 * MINUTE)
    assert order.report("OP-10", made(1), NOW + 9 * MINUTE).reports == 1
    with pytest.raises(OrderOnHold) as refused:
        order.report("OP-10", made(1), NOW + 10 * MINUTE)
    assert (refused.value.details["by"], "capacitor" in refused.value.message("en")) == ("quan", True)
    with pytest.raises(OrderOnHold):
        order.pause(NOW + 11 * MINUTE).take(Step.RESUME, NOW + 12 * MINUTE)
    assert order.lift_hold("ecn/ECN-1").report("OP-10", made(1), NOW + 11 * MINUTE).reports == 1


@pytest.mark.parametrize(
    ("operation", "quantity", "error"), [("OP-30", made(1), UnknownOperation), ("OP-10", None, FractionalPieces)]
)
def test_operations_are_the_routings_and_pieces_are_whole(operation: str, quantity: Any, error: type) -> None:
    with pytest.raises(error):
        in_production().report(operation, quantity or Progress(Decimal("0.5")), NOW)


# --- reversal ---


def a_floor(**fields: Any) -> Floor:
    order = in_production(**fields)
    return Floor(orders={(FACTORY, order.work_order_id): order})


def reported(floor: Floor, key: str, operation: str = "OP-10", good: int = 10, **fields: Any) -> Report:
    where = StationOperation("ST-1", operation)
    return Reporting(FakeReports(floor)).report(a_command(key, good, station_operation=where, **fields)).report


def reverse(floor: Floor, report: Report, reason: str = "miscounted", **origin: Any) -> Report:
    command = ReverseReport(an_origin(**origin), report.report_id, reason)
    return Reversing(FakeReports(floor)).reverse(command).report


def order_of(floor: Floor) -> WorkOrder:
    return floor.orders[FACTORY, "WO-1"]


def test_a_reversal_takes_a_report_off_and_the_right_one_fits_again() -> None:
    """C14: 1000 reported instead of 10; the right one of the same minute contradicts nobody."""
    floor = a_floor(planned=1000)
    wrong = reported(floor, "k-1", good=1000)
    reversal = reverse(floor, wrong, user="lead")
    assert (reversal.reverses, reversal.corrected_by, reversal.reason) == (wrong.report_id, "lead", "miscounted")
    right = reported(floor, "k-2", good=10)
    assert plain(order_of(floor).books.of("OP-10").good, right.conflicts_with) == (10, None)
    assert [event.event_type for event in floor.events][1] == "ReportReversed"
    assert floor.events[1].data["good_qty"] == 1000


def test_a_report_is_reversed_once_and_a_lost_answer_is_given_again() -> None:
    floor = a_floor()
    wrong = reported(floor, "k-1")
    first = reverse(floor, wrong)
    assert reverse(floor, wrong) == first
    with pytest.raises(ReversedAlready):
        reverse(floor, wrong, "another reason")
    with pytest.raises(ReversedAlready):
        reverse(floor, wrong, user="somebody else")
    with pytest.raises(ReversalOfReversal):
        reverse(floor, first)
    assert plain(order_of(floor).good, order_of(floor).reports) == (0, 2)


def test_what_a_later_operation_used_cannot_be_reversed() -> None:
    floor = a_floor()
    first, second = reported(floor, "k-1", good=60), reported(floor, "k-2", good=40, reported_at=NOW + MINUTE)
    used = reported(floor, "k-3", "OP-20", 50)
    with pytest.raises(ReportInUse) as refused:
        reverse(floor, first)
    assert "OP-20 has used 50 of the 100 pieces that OP-10 passed on" in refused.value.message("en")
    reverse(floor, second)
    with pytest.raises(ReportInUse):
        reverse(floor, first)
    reverse(floor, used)
    reverse(floor, first)
    assert order_of(floor).is_reported is False


def test_a_reversal_comes_in_time_and_before_the_order_ends() -> None:
    floor = a_floor(operations=())
    floor.plants[FACTORY] = Plant(FACTORY, "x", reporting=ReportingRules(reversal_hours=2, oldest_hours=8000))
    floor.stations[FACTORY, "ST-1"] = Station(FACTORY, "ST-1", "one", "SMT-1")
    wrong = reported(floor, "k-1")
    with pytest.raises(ReversalTooLate):
        reverse(floor, wrong, at=NOW + timedelta(hours=2, seconds=1))
    floor.orders[FACTORY, "WO-1"] = order_of(floor).complete(NOW)
    with pytest.raises(ReportInUse):
        reverse(floor, wrong)


class ALedger(RuleBasedStateMachine):
    """Reports and reversals of two operations in sequence, in any order: figures always equal the ledger."""

    @initialize(planned=st.integers(1, 60), allowance=st.sampled_from(["0", "0.1", "0.05"]))
    def an_order(self, planned: int, allowance: str) -> None:
        self.floor = a_floor(planned=planned, over_report_allowance=Decimal(allowance))
        self.number = 0

    @rule(
        operation=st.sampled_from(["OP-10", "OP-20"]),
        good=st.integers(0, 30),
        scrap=st.integers(0, 5),
        rework=st.integers(0, 5),
    )
    def report(self, operation: str, good: int, scrap: int, rework: int) -> None:
        self.number += 1
        if not good + scrap + rework:
            return
        before = order_of(self.floor).books.open(operation)
        try:
            reported(self.floor, f"k-{self.number}", operation, good, defect=scrap + rework, rework=Decimal(rework))
        except (BeyondPlan, BeyondOperation):
            assert good + scrap > before
        else:
            assert good + scrap <= before

    @rule(number=st.integers(0, 20))
    def reverse(self, number: int) -> None:
        reports = [one for one in self.floor.reports.values() if not one.reverses]
        if reports:
            try:
                reverse(self.floor, reports[number % len(reports)], f"r-{number}-{self.number}")
            except ReversedAlready:
                assert self.reversed_before(reports[number % len(reports)])
            except ReportInUse:
                assert order_of(self.floor).books.open("OP-20") < reports[number % len(reports)].good

    def reversed_before(self, report: Report) -> bool:
        return any(one.reverses == report.report_id for one in self.floor.reports.values())

    @invariant()
    def figures_equal_the_ledger(self) -> None:
        order, reports = order_of(self.floor), list(self.floor.reports.values())
        for operation in ("OP-10", "OP-20"):
            total = sum((one.made for one in reports if one.operation == operation), Progress())
            assert order.books.of(operation) == total
            assert order.books.open(operation) >= 0
        assert order.books.of("OP-20").counted <= order.books.of("OP-10").good <= order.limit
        assert len({one.reverses for one in reports if one.reverses}) == sum(bool(one.reverses) for one in reports)


ALedger.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestALedger = ALedger.TestCase


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10**9), st.integers(0, 10_000))
def test_the_limit_never_exceeds_plan_and_allowance_nor_misses_a_piece(planned: int, basis_points: int) -> None:
    order = in_production(planned, over_report_allowance=Decimal(basis_points) / 10_000)
    assert order.limit == planned + planned * basis_points // 10_000
