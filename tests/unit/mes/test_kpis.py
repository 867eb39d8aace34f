"""The time model and KPIs of ISO 22400-2, and the Pareto of losses (MES-12, MES-27; MF8, MF9, MF10)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.kit.calendars.intervals import Interval, union
from enghub.mes.stops import model
from enghub.mes.stops.errors import ReasonInCircle, StopEndsAlready, StopEndsBeforeItBegins, StopInFuture, StopTooLong
from enghub.mes.stops.kpis import Elements, Flag, StopSpan, kpis, time_elements
from enghub.mes.stops.model import Stop, StopReason
from tests.factories.http import NOW
from tests.factories.mes import FACTORY, plain

START = datetime(2026, 3, 2, 6, tzinfo=UTC)


def minutes(first: int, last: int) -> Interval:
    return Interval(START + timedelta(minutes=first), START + timedelta(minutes=last))


def unplanned(*spans: tuple[int, int]) -> list[StopSpan]:
    return [StopSpan(minutes(*span)) for span in spans]


def made(produced: int, good: int, ideal: int) -> Elements:
    quantity = Decimal(produced)
    return Elements(produced=quantity, good=Decimal(good), ideal_seconds=quantity * ideal, timed=quantity)


def test_overlapping_stops_count_once_and_the_overlap_is_shown() -> None:
    """MF8: stopped 230, not 410; A 25/48, P 0.9, Q 0.98, OEE 147/320."""
    elements = time_elements([minutes(0, 480)], unplanned((0, 200), (10, 190), (300, 330))) + made(450, 441, 30)
    found = kpis(elements)
    assert plain(elements.stopped, elements.counted_twice) == (230 * 60, 180 * 60)
    assert (found.availability, found.effectiveness, found.quality_ratio, found.oee) == (
        Fraction(25, 48),
        Fraction(9, 10),
        Fraction(98, 100),
        Fraction(147, 320),
    )
    assert found.flags == (Flag.OVERLAPPING_STOPS,)


def test_a_break_within_a_stop_is_not_taken_off_twice_and_nothing_is_capped() -> None:
    """MF9: stop counts 20; A 43/45, P 1.1, OEE 28/27, flagged."""
    working = [minutes(0, 240), minutes(270, 480)]  # 06:00-14:00 without 10:00-10:30
    elements = time_elements(working, unplanned((260, 290))) + made(1419, 1400, 20)
    found = kpis(elements)
    assert elements.stopped == 20 * 60
    assert (found.availability, found.effectiveness, found.oee) == (
        Fraction(43, 45),
        Fraction(11, 10),
        Fraction(28, 27),
    )
    assert round(float(found.quality_ratio or 0), 6) == 0.98661
    assert found.flags == (Flag.EFFECTIVENESS_ABOVE_ONE,)


def test_where_nothing_was_planned_ran_or_was_made_there_is_no_figure() -> None:
    """MF9: null, not 0."""
    nothing = kpis(time_elements([], []))
    assert (nothing.availability, nothing.effectiveness, nothing.quality_ratio, nothing.oee) == (None,) * 4
    stood = kpis(time_elements([minutes(0, 60)], unplanned((0, 60))))
    assert plain(stood.availability, stood.effectiveness, stood.oee) == (0, None, None)
    assert {Flag.NOTHING_RAN, Flag.NOTHING_MADE} == set(stood.flags)
    untimed = kpis(time_elements([minutes(0, 60)], []) + Elements(produced=Decimal(5), good=Decimal(5)))
    assert plain(untimed.quality_ratio, untimed.effectiveness, untimed.flags) == (
        1,
        None,
        (Flag.STANDARD_TIME_UNKNOWN,),
    )


def test_a_stop_over_the_change_of_shifts_is_one_stop_and_counts_to_each_with_its_part() -> None:
    """MF10: 13:57-14:09 is one stop of 12 minutes and no micro-stop; 3 and 9 minutes."""
    stop = Stop(
        FACTORY, "S", "L", "ST", START + timedelta(minutes=477), START + timedelta(minutes=489), is_failure=True
    )
    first, second = (time_elements([span], [stop.span(NOW)]) for span in (minutes(0, 480), minutes(480, 960)))
    assert plain(first.stopped, second.stopped, first.failures + second.failures) == (3 * 60, 9 * 60, 1)
    assert not stop.is_micro(NOW)
    (loss,) = model.pareto([("JAM", Decimal(720), stop.is_micro(NOW))])
    assert (loss.stops, loss.micro_stops) == (1, 0)


def test_figures_of_a_period_are_ratios_of_sums() -> None:
    """MF10: PBT 400 / APT 300 and PBT 100 / APT 100 make 0.8, not 0.875."""
    day = Elements(busy=Decimal(400), stopped=Decimal(100)) + Elements(busy=Decimal(100))
    assert kpis(day).availability == Fraction(4, 5)


def test_planned_stops_are_no_loss() -> None:
    stops = [StopSpan(minutes(0, 60), is_planned=True), StopSpan(minutes(30, 90))]
    elements = time_elements([minutes(0, 480)], stops)
    assert plain(elements.busy, elements.stopped) == (420 * 60, 30 * 60)


def test_mean_times_between_failures_and_to_restoration() -> None:
    stops = [StopSpan(minutes(0, 30), is_failure=True), StopSpan(minutes(100, 110), is_failure=True)]
    found = kpis(time_elements([minutes(0, 480)], [*stops, *unplanned((200, 220))]))
    assert (found.mtbf, found.mttr) == (Fraction(420 * 60, 2), Fraction(40 * 60, 2))
    assert kpis(time_elements([minutes(0, 480)], [])).mtbf is None


def test_a_stop_ends_after_it_began_once_in_the_past() -> None:
    """MF8: 22:26 to 20:56 of one date is refused, not read as 22 h 30 over midnight."""
    stop = Stop(FACTORY, "S", "L", "ST", NOW - timedelta(hours=1))
    with pytest.raises(StopEndsBeforeItBegins):
        stop.end(NOW - timedelta(hours=2, minutes=30), NOW)
    with pytest.raises(StopEndsBeforeItBegins):
        stop.end(stop.started_at, NOW)
    with pytest.raises(StopInFuture):
        stop.end(NOW + timedelta(minutes=6), NOW)
    with pytest.raises(StopTooLong):
        Stop(FACTORY, "S", "L", "ST", NOW - timedelta(days=32)).end(NOW, NOW)
    ended = stop.end(NOW, NOW)
    with pytest.raises(StopEndsAlready):
        ended.end(NOW, NOW)


def test_reasons_form_a_tree() -> None:
    reason = StopReason(FACTORY, "JAM", "feeder jam", parent="FEEDER")
    model.check_tree(reason, {"FEEDER": "MACHINE", "MACHINE": None})
    with pytest.raises(ReasonInCircle):
        model.check_tree(reason, {"FEEDER": "JAM"})


def test_losses_are_listed_by_what_they_cost() -> None:
    found = model.pareto([("A", Decimal(60), True), ("B", Decimal(300), False), ("A", Decimal(240), False)])
    assert [(one.reason, one.seconds, one.stops, one.micro_stops, one.cumulative) for one in found] == [
        ("A", Decimal(300), 2, 1, Decimal("0.5")),
        ("B", Decimal(300), 1, 0, Decimal(1)),
    ]
    assert model.pareto([]) == []


spans = st.tuples(st.integers(0, 500), st.integers(1, 120)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@settings(max_examples=80, deadline=None)
@given(st.lists(spans, max_size=8), st.lists(st.tuples(spans, st.booleans()), max_size=8))
def test_the_time_model_agrees_with_counting_minutes(
    shifts: list[tuple[int, int]], stops: list[tuple[tuple[int, int], bool]]
) -> None:
    working = union(minutes(*span) for span in shifts)
    elements = time_elements(working, [StopSpan(minutes(*span), is_planned) for span, is_planned in stops])

    def inside(minute: int, listed: list[tuple[int, int]]) -> bool:
        return any(first <= minute < last for first, last in listed)

    busy = stopped = 0
    for minute in range(700):
        if inside(minute, shifts) and not inside(minute, [span for span, planned in stops if planned]):
            busy += 1
            stopped += inside(minute, [span for span, planned in stops if not planned])
    assert plain(elements.busy, elements.stopped) == (busy * 60, stopped * 60)
