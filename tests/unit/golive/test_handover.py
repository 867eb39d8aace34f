"""A hand-over to operations: who leads, what is missing, who may accept (OPS-17)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from enghub.golive.content.model import handover_items
from enghub.golive.handover.errors import (
    HandoverChanged,
    HandoverOver,
    NeedsReason,
    NotReadyToAccept,
    OtherSide,
    OutsideShadowing,
    WrongItemState,
)
from enghub.golive.handover.model import (
    Handover,
    Item,
    ItemState,
    Review,
    SignOff,
    alone_on,
    missing,
    moved,
    next_at,
    phase_on,
    phases,
    review_days,
    reviewed,
    signed,
)
from enghub.kit.calendars.days import WorkingDays
from tests.factories.golive import shanghai

MONDAY = date(2026, 12, 14)
NOW = datetime(2026, 12, 14, 9, 0, tzinfo=UTC)
DAYS = WorkingDays()


def a_handover(**changed: object) -> Handover:
    made = Handover("acme", "g", MONDAY, "Asia/Shanghai", ("dora", "dan"), ("olga", "omar"))
    return replace(made, **changed)  # type: ignore[arg-type]


def handed(handover: Handover, item: str = "manuals-1") -> Handover:
    return moved(handover, item, Item(ItemState.HANDED, "https://wiki/x"), "dora", NOW)


def finished() -> Handover:
    found = a_handover()
    for _, item in handover_items():
        found = handed(found, item["id"])
        found = moved(found, item["id"], Item(ItemState.ACCEPTED), "omar", NOW)
    for day in review_days(found, DAYS):
        at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        found = reviewed(found, day, Review("dora", at, "calm"))
    return found


def test_development_leads_then_operations_then_operations_alone() -> None:
    found = a_handover()
    led = {
        day: phase["leads"] if (phase := phase_on(found, MONDAY + timedelta(days=day))) else None
        for day in (-1, 0, 6, 7, 13, 14, 60)
    }
    assert led == {
        **{-1: None, 0: "development", 6: "development"},
        **{7: "operations", 13: "operations", 14: "operations", 60: "operations"},
    }
    assert alone_on(found) == date(2026, 12, 28)
    assert [phase["id"] for _, phase in phases(found)] == ["week1", "week2", "alone"]


def test_a_review_belongs_to_every_working_day_also_a_worked_saturday() -> None:
    """GF9's kind: 2026-02-14 is worked, 02-15 to 02-23 are off."""
    assert len(review_days(a_handover(), DAYS)) == 10
    spring = a_handover(starts_on=date(2026, 2, 9))
    days = review_days(spring, shanghai().days())
    assert days == tuple(date(2026, 2, day) for day in range(9, 15)), "Monday to Saturday, then the festival"


def test_people_are_told_at_the_wall_clocks_time() -> None:
    """GF1's kind: 17:00 in Berlin is 16:00Z before 2027-03-28 and 15:00Z after it."""
    found, at, told = (
        a_handover(starts_on=date(2027, 3, 22), zone="Europe/Berlin"),
        datetime(2027, 3, 20, tzinfo=UTC),
        [],
    )
    while (due := next_at(found, DAYS, at)) is not None:
        told.append(due)
        at = due
    assert [f"{one:%d %H:%M}" for one in told] == [
        *("21 23:00", "22 16:00", "23 16:00", "24 16:00", "25 16:00", "26 16:00"),
        *("28 22:00", "29 15:00", "30 15:00", "31 15:00", "01 15:00", "02 15:00", "04 22:00"),
    ]


def test_development_hands_over_and_operations_accepts() -> None:
    found = a_handover()
    with pytest.raises(NeedsReason):
        moved(found, "manuals-1", Item(ItemState.HANDED), "dora", NOW)
    with pytest.raises(OtherSide):
        moved(found, "manuals-1", Item(ItemState.HANDED, "https://wiki/x"), "omar", NOW)
    with pytest.raises(WrongItemState):
        moved(found, "manuals-1", Item(ItemState.ACCEPTED), "omar", NOW)
    found = handed(found)
    assert handed(found) is found, "said again"
    for nobody in ("dora", "eve"):
        with pytest.raises(OtherSide):
            moved(found, "manuals-1", Item(ItemState.ACCEPTED), nobody, NOW)
    found = moved(found, "manuals-1", Item(ItemState.ACCEPTED), "omar", NOW)
    assert (found.item("manuals-1").where, found.item("manuals-1").handed_by) == ("https://wiki/x", "dora")
    with pytest.raises(NeedsReason):
        moved(found, "tools-1", Item(ItemState.NOT_APPLICABLE), "omar", NOW)


def test_a_review_of_tomorrow_or_of_another_week_is_refused() -> None:
    for day in (MONDAY - timedelta(days=1), MONDAY + timedelta(days=1), MONDAY + timedelta(days=14)):
        with pytest.raises(OutsideShadowing):
            reviewed(a_handover(), day, Review("dora", NOW, "calm"))
    assert missing(a_handover(), DAYS, MONDAY) == (MONDAY,)


def sign(handover: Handover, by: str, day: int = 28) -> Handover:
    return signed(handover, SignOff(by, datetime(2026, 12, day, 9, tzinfo=UTC), handover.hash), DAYS)


def test_both_sides_sign_the_same_and_only_then_it_is_accepted() -> None:
    found = finished()
    assert (found.open_items, len(found.items)) == ((), 32)
    with pytest.raises(NotReadyToAccept):
        sign(found, "omar", 27)
    once = sign(found, "omar")
    assert (once.accepted_at, sign(once, "olga").accepted_at) == (None, None), "two of one side are one side"
    changed = reviewed(once, MONDAY, Review("dora", datetime(2026, 12, 28, tzinfo=UTC), "two alarms", 2))
    assert sign(changed, "dan").accepted_at is None, "operations has signed something else"
    with pytest.raises(HandoverChanged):
        signed(changed, SignOff("dora", NOW, once.hash), DAYS)
    over = sign(sign(changed, "dan"), "olga")
    assert over.accepted_at is not None
    with pytest.raises(HandoverOver):
        handed(over)


def test_nothing_is_accepted_with_an_item_open_or_a_review_missing() -> None:
    with pytest.raises(NotReadyToAccept):
        sign(moved(finished(), "access-2", Item(ItemState.OPEN), "omar", NOW), "omar")
    found = finished()
    unheld = replace(found, reviews={day: one for day, one in found.reviews.items() if day != "2026-12-22"})
    with pytest.raises(NotReadyToAccept):
        sign(unheld, "omar")
