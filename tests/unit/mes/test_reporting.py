"""Reporting on the service with its store in memory: sums and plans hold under every interleaving (MES-02, MES-03)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from enghub.core.errors import EngHubError, IdempotencyKeyReused, Unavailable
from enghub.mes.reports import model
from enghub.mes.reports.model import FirstReport, Report, StationOperation
from enghub.mes.reports.repository import ConcurrentChange, Lookup
from enghub.mes.reports.service import ATTEMPTS, Reporting, ReportProduction
from enghub.mes.work_orders.errors import BeyondPlan, NotInProduction
from enghub.mes.work_orders.model import Status, Step
from enghub.mes.work_orders.quantities import Progress
from enghub.mes.work_orders.service import TakeStep, WorkOrders
from tests.factories.http import NOW, an_origin
from tests.factories.mes import FACTORY, a_command, an_order, an_order_in
from tests.fakes.mes import FakeReports, FakeWorkOrders, Floor


def a_floor(**fields: Any) -> Floor:
    """A floor with one order in progress."""
    order = an_order_in(Status.IN_PROGRESS, **fields)
    return Floor(orders={(FACTORY, order.work_order_id): order})


def test_a_command_that_keeps_being_overtaken_gives_up_and_stores_nothing() -> None:
    class AlwaysOvertaken(FakeReports):
        tries = 0

        def save(self, *_: Any, **__: Any) -> None:
            self.tries += 1
            raise ConcurrentChange

    reports = AlwaysOvertaken(a_floor())
    with pytest.raises(Unavailable):
        Reporting(reports).report(a_command())
    assert (reports.tries, reports.floor.reports) == (ATTEMPTS, {})


def test_a_report_between_look_and_write_makes_the_refusal_precise() -> None:
    class Racing(FakeReports):
        def save(self, *given: Any, **options: Any) -> None:
            order = self.floor.orders[FACTORY, "WO-1"]
            self.floor.orders[FACTORY, "WO-1"] = order.counting("OP-10", Progress(Decimal(95)))
            super().save(*given, **options)

    with pytest.raises(BeyondPlan) as refused:
        Reporting(Racing(a_floor())).report(a_command())
    assert refused.value.details["remaining"] == 5


class TornLook(FakeReports):
    """BatchGetItem is no snapshot: it may read the report's place before and the order after one transaction."""

    def look(self, *where: Any, **options: Any) -> Lookup:
        return replace(super().look(*where, **options), stored=None)


def test_a_repeat_whose_look_was_torn_gets_its_first_answer_instead_of_a_refusal() -> None:
    floor = a_floor(planned_quantity=Decimal(10))
    first = Reporting(FakeReports(floor)).report(a_command(good=10))
    again = Reporting(TornLook(floor)).report(a_command(good=10))
    assert (again.report, again.repeated) == (first.report, True)
    with pytest.raises(IdempotencyKeyReused):
        Reporting(TornLook(floor)).report(replace(a_command(good=10), fingerprint="another"))
    with pytest.raises(BeyondPlan):
        Reporting(TornLook(floor)).report(a_command("key-2", good=10))


def test_the_event_of_a_report_has_the_reports_own_id() -> None:
    floor = a_floor()
    recorded = Reporting(FakeReports(floor)).report(a_command(defect=2))
    produced, defects = floor.events
    assert (produced.event_type, produced.event_id) == ("ProductionReported", recorded.report.report_id)
    assert (defects.event_type, defects.event_id != produced.event_id) == ("DefectReported", True)


@pytest.mark.parametrize(
    ("planned", "shift", "given", "day"),
    [
        (None, "night", None, date(2026, 3, 2)),
        (date(2026, 3, 1), "night", None, date(2026, 3, 1)),
        (date(2026, 3, 1), "day", None, date(2026, 3, 2)),
        (date(2026, 2, 20), "night", None, date(2026, 3, 2)),
        (date(2026, 3, 1), "night", date(2026, 3, 5), date(2026, 3, 5)),
    ],
)
def test_the_night_shift_belongs_to_the_day_it_began(
    planned: date | None, shift: str, given: date | None, day: date
) -> None:
    order = an_order(shift_on=planned, shift=shift if planned else None)
    assert model.shift_day(given, NOW.replace(hour=2), order, "night") == day


def test_the_nearest_of_several_conflicts_is_named() -> None:
    first_reports = [
        FirstReport(f"R{s}", NOW + timedelta(seconds=s), Decimal(1), Decimal(0)) for s in (-50, 20, 59, 60)
    ]
    assert model.conflicting(first_reports, NOW, Decimal(2), Decimal(0)) == "R20"
    assert model.conflicting(first_reports, NOW, Decimal(1), Decimal(0)) is None
    assert model.conflicting(first_reports[3:], NOW, Decimal(2), Decimal(0)) is None


def test_fifty_reporters_at_once_fill_the_order_exactly() -> None:
    floor = a_floor(planned_quantity=Decimal(1000))
    reporting = Reporting(FakeReports(floor))
    start = Barrier(50)
    stored: list[Report] = []
    refused: list[EngHubError] = []

    def report(worker: int) -> None:
        start.wait()
        for number in range(10):
            try:
                command = a_command(
                    f"{worker}-{number}", good=3, station_operation=StationOperation(f"ST-{worker}", "OP-10")
                )
                stored.append(reporting.report(command).report)
            except EngHubError as error:
                refused.append(error)

    threads = [Thread(target=report, args=(worker,)) for worker in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    order = floor.orders[FACTORY, "WO-1"]
    assert order.good == sum(report.quantity for report in stored) == 999
    assert len(stored) + len(refused) == 500
    assert {type(error) for error in refused} == {BeyondPlan}


class ReportsAndCounters(RuleBasedStateMachine):
    """Reports, repeats, pauses and completions in any order, with rivals slipping in between look and write."""

    @initialize(planned=st.decimals(min_value=1, max_value=50, places=2), allowance=st.sampled_from(["0", "0.1"]))
    def an_order(self, planned: Decimal, allowance: str) -> None:
        self.floor = a_floor(planned_quantity=planned, unit="kg", over_report_allowance=Decimal(allowance))
        self.limit = self.floor.orders[FACTORY, "WO-1"].limit
        self.rivals: list[ReportProduction] = []
        machine = self

        class Interleaved(FakeReports):
            def save(self, *given: Any, **options: Any) -> None:
                rivals, machine.rivals = machine.rivals, []
                for rival in rivals:
                    machine.attempt(rival)
                super().save(*given, **options)

        self.reporting = Reporting(Interleaved(self.floor))
        self.orders = WorkOrders(FakeWorkOrders(self.floor))
        self.accepted: dict[str, Report] = {}

    def attempt(self, command: ReportProduction) -> None:
        try:
            recorded = self.reporting.report(command)
        except IdempotencyKeyReused:
            assert self.accepted[command.client_key].fingerprint != command.fingerprint
        except BeyondPlan:
            assert self.floor.orders[FACTORY, "WO-1"].remaining < command.good + command.defect
        except NotInProduction:
            assert self.floor.orders[FACTORY, "WO-1"].status is not Status.IN_PROGRESS
        else:
            first = self.accepted.setdefault(command.client_key, recorded.report)
            assert recorded.report == first

    commands = st.builds(
        lambda key, good, defect, second: a_command(
            f"key-{key}", good, defect, reported_at=NOW + timedelta(seconds=second)
        ),
        st.integers(0, 8),
        st.decimals(min_value=0, max_value=20, places=2),
        st.decimals(min_value=Decimal("0.01"), max_value=5, places=2),
        st.integers(0, 150),
    )

    @rule(command=commands, rivals=st.lists(commands, max_size=3))
    def report(self, command: ReportProduction, rivals: list[ReportProduction]) -> None:
        self.rivals = rivals
        self.attempt(command)
        self.rivals = []

    @rule(step=st.sampled_from([Step.PAUSE, Step.RESUME, Step.COMPLETE]))
    def step(self, step: Step) -> None:
        order = self.floor.orders[FACTORY, "WO-1"]
        try:
            self.orders.take(TakeStep(an_origin(), "WO-1", order.version, step))
        except EngHubError:
            assert self.floor.orders[FACTORY, "WO-1"] == order

    @invariant()
    def counters_equal_the_sum_of_the_reports(self) -> None:
        order = self.floor.orders[FACTORY, "WO-1"]
        reports = self.floor.reports.values()
        assert order.good == sum(report.good for report in reports)
        assert order.defect == sum(report.defect for report in reports)
        assert order.reported <= self.limit

    @invariant()
    def every_report_was_announced_once(self) -> None:
        announced = [event.event_id for event in self.floor.events if event.event_type == "ProductionReported"]
        assert sorted(announced) == sorted(report.report_id for report in self.floor.reports.values())


TestReportsAndCounters = ReportsAndCounters.TestCase
