"""Load of stations by open orders: what is left, rough-cut and finite, why late (MES-07, MES-08)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from enghub.mes.planning.loading import Constraint, Work, left_of, left_today, loaded, work_of
from enghub.mes.plant.model import PlantCalendar, ShiftPlan, Span, Station, capacity, factory_calendar
from enghub.mes.routings.model import Operation
from enghub.mes.work_orders.quantities import Progress
from tests.factories.mes import FACTORY, an_order, plain

TODAY = date(2026, 3, 2)
STATIONS = [Station(FACTORY, name, name, "L", "C" if name != "S3" else None) for name in ("S1", "S2", "S3")]


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def work(order: str, seconds: int, due: int, station: str = "S1", operation: str = "OP-10", start: int = 0) -> Work:
    return Work(order, operation, Decimal(seconds), day(due), day(start), (station,))


def hours(*by_day: int, station: str = "S1") -> dict[str, dict[date, Decimal]]:
    return {station: {day(number): Decimal(seconds) for number, seconds in enumerate(by_day)}}


def test_what_one_operation_lost_the_next_has_not_to_make() -> None:
    """Order 500: OP-10 good 470, scrap 30; OP-20 good 400: 70 are left, not 100; the set-up of what runs is done."""
    operations = (
        Operation("OP-10", "", "C", Decimal(20), Decimal(600)),
        Operation("OP-20", "", "C", Decimal(30), Decimal(900)),
        Operation("OP-30", "", "C", Decimal(10), Decimal(300)),
    )
    progress = {"OP-10": Progress(Decimal(470), Decimal(30)), "OP-20": Progress(Decimal(400))}
    order = an_order(planned_quantity=Decimal(500), operations=operations, progress=progress, station_id=None)
    assert [pieces for _, pieces in left_of(order)] == [0, 70, 470]
    works = work_of(order, STATIONS, TODAY, {})
    assert works is not None
    assert [plain(one.operation, one.seconds) for one in works] == [("OP-20", 2_100), ("OP-30", 5_000)]
    assert works[0].stations == ("S1", "S2")


def test_an_order_without_standard_time_or_station_is_named_and_not_guessed() -> None:
    assert work_of(an_order(standard_seconds=None, station_id="S1"), STATIONS, TODAY, {}) is None
    assert work_of(an_order(standard_seconds=Decimal(5), station_id="S9"), STATIONS, TODAY, {}) is None
    found = work_of(an_order(standard_seconds=Decimal(5), station_id="S3"), STATIONS, TODAY, {})
    assert found is not None
    assert plain(found[0].seconds, found[0].stations) == (500, ("S3",))


def test_orders_are_placed_by_due_date_and_say_why_they_are_late() -> None:
    works = [[work("B", 150, 1)], [work("A", 100, 0)], [work("C", 100, 1, start=3)], [work("D", 900, 2)]]
    found = loaded(works, hours(100, 100, 100, 100), TODAY)
    ends = {one.work.work_order_id: (one.start, one.end, one.why_late, one.waits_for) for one in found.placed}
    assert ends["A"] == (day(0), day(0), (), ())
    assert ends["B"] == (day(1), day(2), (Constraint.ORDERS_BEFORE,), ("A",))
    assert ends["C"] == (day(3), day(3), (Constraint.PLANNED_START,), ())
    assert ends["D"] == (day(2), None, (Constraint.NO_CAPACITY,), ())


def test_an_operation_waits_for_the_one_before_it() -> None:
    first, second = work("A", 150, 0), work("A", 50, 0, "S2", "OP-20")
    found = loaded([[first, second]], {**hours(100, 100), **hours(100, 100, station="S2")}, TODAY)
    assert [(one.start, one.end) for one in found.placed] == [(day(0), day(1)), (day(1), day(1))]
    assert [one.why_late for one in found.placed] == [(Constraint.STATION_TIME,), (Constraint.OPERATION_BEFORE,)]


def test_more_due_than_can_be_done_by_then_is_an_overload_that_no_sequence_cures() -> None:
    found = loaded([[work("A", 90, 0)], [work("B", 120, 1)], [work("C", 40, 3)]], hours(100, 100, 100, 100), TODAY)
    assert [one.is_overloaded for one in found.stations["S1"]] == [False, True, False, False]
    late = loaded([[work("A", 150, -3)]], hours(100, 100), TODAY)
    assert [plain(one.due, one.is_overloaded) for one in late.stations["S1"]] == [(150, True), (0, False)]
    assert late.placed[0].why_late == (Constraint.DUE_IN_THE_PAST,)


def test_today_has_what_is_left_of_it() -> None:
    shift = ShiftPlan("day", Span("08:00", "16:00"), (Span("12:00", "13:00"),))
    (today,) = capacity(factory_calendar(PlantCalendar("UTC", (shift,))), STATIONS[0], [TODAY], {})
    assert today.seconds == 7 * 3_600
    for hour, left in ((6, 7), (9, 6), (12, 3), (13, 3), (16, 0)):
        assert left_today(today, datetime(2026, 3, 2, hour, tzinfo=UTC)) == left * 3_600


@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(-2, 6), st.integers(0, 3)), max_size=12),
    st.lists(st.integers(0, 200), min_size=1, max_size=7),
)
def test_no_day_is_given_twice_and_nothing_gets_lost(orders: list[tuple[int, int, int]], days: list[int]) -> None:
    works = [[work(f"O{number:02}", *one[:2], start=one[2])] for number, one in enumerate(orders)]
    found = loaded(works, hours(*days), TODAY)
    for one in found.stations["S1"]:
        assert 0 <= one.placed <= one.capacity
    complete = sum((one.work.seconds for one in found.placed if one.end), Decimal(0))
    placed = sum((one.placed for one in found.stations["S1"]), Decimal(0))
    assert complete <= placed <= sum(days)
    assert len(found.placed) == len(orders)
    assert all(one.start is None or one.start >= one.work.not_before for one in found.placed)
