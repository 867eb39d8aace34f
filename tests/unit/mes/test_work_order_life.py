"""The life of a work order: whatever people try, in whatever order, the rules of MES-01 hold."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from enghub.core.errors import RuleViolated
from enghub.mes.work_orders.api import WorkOrderResponse
from enghub.mes.work_orders.errors import (
    BeyondPlan,
    NotEditable,
    NothingReported,
    NotInProduction,
    ProductionReportedAlready,
    StepNotAllowed,
    WorkOrderIncomplete,
)
from enghub.mes.work_orders.model import EDITABLE, STEPS, Status, Step
from enghub.mes.work_orders.quantities import Progress
from tests.factories.http import NOW
from tests.factories.mes import an_order, an_order_in

LATER = NOW + timedelta(hours=1)
ALLOWED = {
    (Status.CREATED, Step.RELEASE): Status.RELEASED,
    (Status.CREATED, Step.CANCEL): Status.CANCELLED,
    (Status.RELEASED, Step.START): Status.IN_PROGRESS,
    (Status.RELEASED, Step.CANCEL): Status.CANCELLED,
    (Status.IN_PROGRESS, Step.PAUSE): Status.PAUSED,
    (Status.IN_PROGRESS, Step.COMPLETE): Status.COMPLETED,
    (Status.PAUSED, Step.RESUME): Status.IN_PROGRESS,
    (Status.PAUSED, Step.COMPLETE): Status.COMPLETED,
    (Status.COMPLETED, Step.CLOSE): Status.CLOSED,
    (Status.IN_PROGRESS, Step.CANCEL): Status.CANCELLED,
    (Status.PAUSED, Step.CANCEL): Status.CANCELLED,
}
"""Written down again from the specification, not taken from the code."""


@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize("status", list(Status))
def test_exactly_the_steps_of_the_state_machine_are_allowed(status: Status, step: Step) -> None:
    reported = Decimal(1) if step is Step.COMPLETE else Decimal(0)
    order = an_order_in(status, good=reported)
    if (status, step) in ALLOWED:
        taken = order.take(step, LATER)
        assert (taken.status, taken.version) == (ALLOWED[status, step], order.version + 1)
    else:
        with pytest.raises(StepNotAllowed) as refused:
            order.take(step, LATER)
        assert refused.value.details["status"] == status.value


def test_every_step_has_its_method() -> None:
    assert set(STEPS) == set(Step)


@pytest.mark.parametrize("missing", ["line_id", "station_id"])
def test_release_needs_line_and_station(missing: str) -> None:
    with pytest.raises(WorkOrderIncomplete) as refused:
        an_order(**{missing: None}).release(LATER)
    assert refused.value.details["missing"] == missing


def test_an_order_without_output_is_cancelled_not_completed() -> None:
    with pytest.raises(NothingReported):
        an_order_in(Status.IN_PROGRESS).complete(LATER)


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.PAUSED])
def test_an_order_with_output_is_completed_not_cancelled(status: Status) -> None:
    with pytest.raises(ProductionReportedAlready):
        an_order_in(status, defect=Decimal(1)).cancel(LATER)


@pytest.mark.parametrize("status", list(Status))
def test_what_may_be_edited_depends_on_the_status(status: Status) -> None:
    every: dict[str, Any] = {"product_id": "P2", "line_id": "L2", "planned_quantity": Decimal(7), "shift": "night"}
    for name, value in every.items():
        order = an_order_in(status)
        if name in EDITABLE.get(status, ()):
            assert getattr(order.edit({name: value}), name) == value
        else:
            with pytest.raises(NotEditable):
                order.edit({name: value})


def test_after_release_the_product_and_the_shift_stand() -> None:
    assert EDITABLE[Status.RELEASED].isdisjoint({"product_id", "routing_id", "sales_order_id", "shift", "shift_on"})
    assert set(EDITABLE) == {Status.CREATED, Status.RELEASED}


@pytest.mark.parametrize(
    ("planned", "allowance", "limit"),
    [
        ("100", "0", "100"),
        ("100", "0.05", "105"),
        ("0.3333", "0.01", "0.3366"),
    ],
)
def test_the_limit_is_plan_and_allowance_rounded_down(planned: str, allowance: str, limit: str) -> None:
    order = an_order(planned_quantity=Decimal(planned), over_report_allowance=Decimal(allowance), unit="kg")
    assert order.limit == Decimal(limit)


def test_the_largest_order_can_still_be_shown() -> None:
    largest = an_order(planned_quantity=Decimal("9999999999.9999"), over_report_allowance=Decimal(1), unit="kg")
    assert WorkOrderResponse.of(largest).remaining == Decimal("19999999999.9998")


def test_a_report_beyond_the_limit_names_what_is_left() -> None:
    order = an_order_in(Status.IN_PROGRESS, good=Decimal(90), defect=Decimal("5.5"), unit="kg")
    with pytest.raises(BeyondPlan) as refused:
        order.report("OP-10", Progress(Decimal(4), Decimal(1)), NOW)
    assert refused.value.details["remaining"] == Decimal("4.5")
    assert refused.value.message("zh") == "工单 WO-1 剩余可报工数量为 4.5，本次报工 5 超出计划"


quantities = st.decimals(min_value=0, max_value=60, places=4)


class LifeOfAWorkOrder(RuleBasedStateMachine):
    """Takes any step and reports anything at any time, and keeps its own simple books."""

    def __init__(self) -> None:
        super().__init__()
        self.order = an_order(over_report_allowance=Decimal("0.1"), unit="kg")
        self.good = self.defect = Decimal(0)
        self.changes = 1
        self.at = NOW

    @rule(step=st.sampled_from(list(Step)))
    def take(self, step: Step) -> None:
        self.at += timedelta(seconds=1)
        wanted = ALLOWED.get((self.order.status, step))
        reported = self.good + self.defect
        if step is Step.COMPLETE and not reported:
            wanted = None
        if step is Step.CANCEL and reported:
            wanted = None
        try:
            self.order = self.order.take(step, self.at)
        except RuleViolated:
            assert wanted is None
        else:
            assert self.order.status is wanted
            self.changes += 1

    @rule(good=quantities, defect=quantities)
    def report(self, good: Decimal, defect: Decimal) -> None:
        fits = self.good + self.defect + good + defect <= Decimal(110)
        try:
            self.order = self.order.report("OP-10", Progress(good, defect), self.at)
        except NotInProduction:
            assert self.order.status is not Status.IN_PROGRESS
        except BeyondPlan:
            assert not fits
        else:
            assert fits
            self.good += good
            self.defect += defect

    @precondition(lambda self: self.order.status in {Status.CREATED, Status.RELEASED})
    @rule()
    def edit(self) -> None:
        self.order = self.order.edit({"line_id": "SMT-2"})
        self.changes += 1

    @invariant()
    def counters_are_the_sum_of_the_reports(self) -> None:
        assert (self.order.good, self.order.defect) == (self.good, self.defect)
        assert self.order.remaining >= 0

    @invariant()
    def every_change_counts_one_version(self) -> None:
        assert self.order.version == self.changes

    @invariant()
    def times_belong_to_states(self) -> None:
        order = self.order
        if order.status not in {Status.CREATED, Status.CANCELLED}:
            assert order.released_at is not None
        if order.status in {Status.IN_PROGRESS, Status.PAUSED, Status.COMPLETED}:
            assert order.started_at is not None
        assert (order.completed_at is not None) == (order.status in {Status.COMPLETED, Status.CLOSED})


TestLifeOfAWorkOrder = LifeOfAWorkOrder.TestCase
