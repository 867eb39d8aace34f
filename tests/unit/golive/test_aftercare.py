"""What comes after a go-live, by the clock (OPS-09)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from enghub.golive.aftercare.errors import CheckTooEarly, WrongFeedbackState
from enghub.golive.aftercare.model import Aftercare, Check, CheckState, planned
from enghub.golive.aftercare.voices import Feedback, FeedbackKind, FeedbackState, Vote, voices

SATURDAY = datetime(2026, 12, 12, 0, 0, tzinfo=UTC)
"""08:00 in Shanghai: the cut-over ended."""


def an_aftercare(began_at: datetime = SATURDAY, zone: str = "Asia/Shanghai") -> Aftercare:
    return Aftercare("acme", "g", "r", began_at, zone, ("lena",), planned(began_at, zone))


def reports(checks: tuple[Check, ...], item: str) -> list[Check]:
    return [one for one in checks if one.check_id.startswith(item)]


def test_the_documents_fifteen_checks_become_thirty_one_times() -> None:
    checks = planned(SATURDAY, "Asia/Shanghai")
    assert len(checks) == 31
    assert {one.line for one in checks} == {*range(227, 232), *range(234, 239), *range(241, 246)}
    every = reports(checks, "day1-5")
    assert [(one.asks_at - SATURDAY) // timedelta(hours=1) for one in every] == list(range(2, 25, 2))
    assert all(one.due - one.asks_at == timedelta(hours=2) for one in every)
    month = reports(checks, "month1")
    assert {(one.asks_at - SATURDAY).days for one in month} == {7}
    assert {(one.due - SATURDAY).days for one in month} == {30}


@pytest.mark.parametrize(
    ("zone", "began", "shift"),
    [
        ("Europe/Berlin", datetime(2026, 10, 22, 6, 0, tzinfo=UTC), timedelta(hours=1)),
        ("America/Chicago", datetime(2027, 3, 11, 14, 0, tzinfo=UTC), timedelta(hours=-1)),
        ("Australia/Lord_Howe", datetime(2027, 3, 31, 21, 0, tzinfo=UTC), timedelta(minutes=30)),
    ],
)
def test_a_daily_report_stays_at_its_time_when_clocks_change(zone: str, began: datetime, shift: timedelta) -> None:
    """GF1's kind: a day is not 24 hours; two hours are two hours."""
    checks = planned(began, zone)
    steps = [later.asks_at - sooner.asks_at for sooner, later in pairwise(reports(checks, "week1-1"))]
    assert sorted({step - timedelta(days=1) for step in steps}) == sorted({timedelta(), shift})
    hours = {later.asks_at - sooner.asks_at for sooner, later in pairwise(reports(checks, "day1-5"))}
    assert hours == {timedelta(hours=2)}


def test_a_report_at_a_missing_hour_comes_after_the_gap() -> None:
    """GF3's kind: 02:30 does not exist in Berlin on 2027-03-28."""
    began = datetime(2027, 3, 26, 1, 30, tzinfo=UTC)
    at = {one.asks_at for one in reports(planned(began, "Europe/Berlin"), "week1-1")}
    assert datetime(2027, 3, 28, 1, 0, tzinfo=UTC) in at


def test_a_late_wake_up_tells_what_was_missed_once() -> None:
    found, ask, late = an_aftercare().woken(SATURDAY)
    assert [one.check_id for one in ask] == ["day1-1", "day1-2", "day1-3", "day1-4"]
    assert (late, found.next_at()) == ((), SATURDAY + timedelta(hours=2))
    found, ask, late = found.woken(SATURDAY + timedelta(hours=7))
    assert [one.check_id for one in ask] == ["day1-5-03"]
    assert [one.check_id for one in late] == ["day1-5-01", "day1-5-02"]
    assert found.woken(SATURDAY + timedelta(hours=7))[1:] == ((), ())
    assert found.next_at() == SATURDAY + timedelta(hours=8)


def test_what_was_answered_is_not_late_and_what_is_to_come_is_not_answered() -> None:
    found = an_aftercare().woken(SATURDAY)[0]
    with pytest.raises(CheckTooEarly):
        found.answered("day1-5-01", "omar", SATURDAY + timedelta(hours=1), passed=True, result="calm")
    found = found.answered("day1-5-01", "omar", SATURDAY + timedelta(hours=2), passed=True, result="calm")
    found, ask, late = found.woken(SATURDAY + timedelta(hours=4))
    assert ([one.check_id for one in ask], late) == (["day1-5-02"], ())
    assert next(one for one in found.checks if one.check_id == "day1-5-01").state is CheckState.PASSED


def said(kind: FeedbackKind = FeedbackKind.DEFECT, area: str = "orders") -> Feedback:
    return Feedback("acme", "g", "f", "eve", SATURDAY, kind, area, "it is slow")


def test_feedback_moves_forward_and_may_come_back() -> None:
    found = said()
    for state in (FeedbackState.IN_PROGRESS, FeedbackState.DONE, FeedbackState.VERIFIED, FeedbackState.IN_PROGRESS):
        found = found.moved(state, "omar", "", SATURDAY)
    assert found.moved(FeedbackState.IN_PROGRESS, "", "", SATURDAY) is found
    with pytest.raises(WrongFeedbackState):
        found.moved(FeedbackState.VERIFIED, "", "", SATURDAY)


def test_exactly_the_target_is_not_more_than_it() -> None:
    """GF16's kind: "more than 85 %" at 17 of 20."""
    votes = [Vote("acme", "g", str(number), 5 if number < 17 else 3, "", SATURDAY) for number in range(20)]
    found = voices([said(), said(FeedbackKind.WISH), said(area="stock")], votes)
    assert (found.satisfied_percent, found.is_satisfied, found.mean) == (Decimal(85), False, Decimal("4.7"))
    assert voices([], votes[:17]).is_satisfied is True
    assert (found.by_area, found.defects) == ({"orders": 2, "stock": 1}, {"NEW": 2})
    nobody = voices([], [])
    assert (nobody.satisfied_percent, nobody.is_satisfied, nobody.mean) == (None, None, None), "nobody is not 0 %"
