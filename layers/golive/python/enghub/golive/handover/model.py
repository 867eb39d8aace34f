"""A hand-over to operations: lists, two weeks side by side, acceptance by both sides (OPS-17). No I/O.

Development hands an item over and says where it is; somebody of operations accepts it. In week 1 development leads, in
week 2 operations, then operations alone with development as its backup; a review on every working day of the two weeks.
Both sides sign the same state: what changes afterwards voids what was signed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from enghub.core.claims import fingerprint
from enghub.core.i18n import Text
from enghub.golive.content.model import Entry, content, handover_items
from enghub.golive.handover.errors import (
    HandoverChanged,
    HandoverItemNotFound,
    HandoverOver,
    NeedsReason,
    NotReadyToAccept,
    OtherSide,
    OutsideShadowing,
    WrongItemState,
)
from enghub.kit.calendars.days import DAY, WorkingDays
from enghub.kit.calendars.zones import day_of, instant, start_of_day, zone


class Side(StrEnum):
    """Who somebody is in a hand-over."""

    DEVELOPMENT = "development"
    OPERATIONS = "operations"


class ItemState(StrEnum):
    """Where an item stands."""

    OPEN = "OPEN"
    HANDED = "HANDED"
    ACCEPTED = "ACCEPTED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


WHERE, WHY = Text("where it is", "存放位置"), Text("why", "原因")
FINISHED = frozenset({ItemState.ACCEPTED, ItemState.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Item:
    """What became of an item; ``where`` is a link, never a secret itself."""

    state: ItemState = ItemState.OPEN
    where: str = ""
    note: str = ""
    handed_by: str = ""
    handed_at: datetime | None = None
    by: str = ""
    at: datetime | None = None


UNTOUCHED = Item()


@dataclass(frozen=True, slots=True)
class Review:
    """What was said at the end of a day."""

    by: str
    at: datetime
    text: str
    problems: int = 0


@dataclass(frozen=True, slots=True)
class SignOff:
    """Somebody signed for a side what they saw."""

    by: str
    at: datetime
    seen: str
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class Handover:
    """The hand-over of one go-live."""

    tenant_id: str
    go_live_id: str
    starts_on: date
    zone: str
    development: tuple[str, ...]
    operations: tuple[str, ...]
    calendar_id: str = ""
    review_at: str = "17:00"
    items: Mapping[str, Item] = field(default_factory=dict)
    reviews: Mapping[str, Review] = field(default_factory=dict)
    """By day."""
    sign_offs: Mapping[str, SignOff] = field(default_factory=dict)
    """By side."""
    accepted_at: datetime | None = None

    @property
    def subject(self) -> str:
        """Its name among timers."""
        return f"handover/{self.go_live_id}"

    def side(self, user: str) -> Side | None:
        """Return on which side somebody stands."""
        if user in self.development:
            return Side.DEVELOPMENT
        return Side.OPERATIONS if user in self.operations else None

    def demand(self, user: str, side: Side) -> None:
        """Refuse who stands on the other side, and what was accepted.

        Raises:
            HandoverOver, OtherSide
        """
        if self.accepted_at is not None:
            raise HandoverOver
        if self.side(user) is not side:
            users = self.development if side is Side.DEVELOPMENT else self.operations
            raise OtherSide(permission=f"handover:{side}", side=side.value, users=", ".join(users))

    def item(self, item_id: str) -> Item:
        """Return what became of an item.

        Raises:
            HandoverItemNotFound
        """
        if item_id not in {one["id"] for _, one in handover_items()}:
            raise HandoverItemNotFound(item_id=item_id)
        return self.items.get(item_id, UNTOUCHED)

    @property
    def open_items(self) -> tuple[str, ...]:
        """Those that are neither accepted nor left out."""
        return tuple(
            one["id"] for _, one in handover_items() if self.items.get(one["id"], UNTOUCHED).state not in FINISHED
        )

    @property
    def hash(self) -> str:
        """Of all that a sign-off is about."""
        items = [f"{name}|{one.state}|{one.where}|{one.note}" for name, one in sorted(self.items.items())]
        reviews = [f"{day}|{one.text}|{one.problems}" for day, one in sorted(self.reviews.items())]
        return fingerprint(*items, "reviews", *reviews)


def moved(handover: Handover, item_id: str, wanted: Item, by: str, at: datetime) -> Handover:
    """Return it with an item handed over, accepted, left out or opened again; the same word again changes nothing.

    Raises:
        HandoverItemNotFound, HandoverOver, OtherSide, NeedsReason, WrongItemState
    """
    found, state = handover.item(item_id), wanted.state
    if (found.state, found.where, found.note) == (state, wanted.where or found.where, wanted.note):
        return handover
    handover.demand(by, Side.OPERATIONS if state is ItemState.ACCEPTED else handover.side(by) or Side.DEVELOPMENT)
    if state is ItemState.HANDED:
        handover.demand(by, Side.DEVELOPMENT)
        if not wanted.where:
            raise NeedsReason(field="where", what=WHERE)
        made = replace(wanted, handed_by=by, handed_at=at, by=by, at=at)
    elif state is ItemState.ACCEPTED and found.state is not ItemState.HANDED:
        raise WrongItemState(item_id=item_id, state=found.state.value, wanted=state.value)
    else:
        if state is ItemState.NOT_APPLICABLE and not wanted.note:
            raise NeedsReason(field="note", what=WHY)
        made = replace(found, state=state, note=wanted.note, by=by, at=at)
    return replace(handover, items={**handover.items, item_id: made})


def phases(handover: Handover) -> Iterator[tuple[date, Entry]]:
    """Yield the parts of the shadowing with the day on which each begins; the last one has no end."""
    day = handover.starts_on
    for one in content("handover")["shadowing"]:
        yield day, one
        day += timedelta(days=one.get("days", 0))


def phase_on(handover: Handover, day: date) -> Entry | None:
    """Return the part of the shadowing that a day lies in; None before it begins."""
    return next((one for begins, one in reversed(list(phases(handover))) if begins <= day), None)


def alone_on(handover: Handover) -> date:
    """Return from when on operations stands alone."""
    return list(phases(handover))[-1][0]


def review_days(handover: Handover, days: WorkingDays) -> tuple[date, ...]:
    """Return the working days of the shadowing: a review belongs to each."""
    count = (alone_on(handover) - handover.starts_on).days
    every = (handover.starts_on + number * DAY for number in range(count))
    return tuple(day for day in every if day in days)


def missing(handover: Handover, days: WorkingDays, until: date) -> tuple[date, ...]:
    """Return the days until one, included, whose review was not held."""
    return tuple(day for day in review_days(handover, days) if day <= until and day.isoformat() not in handover.reviews)


def reviewed(handover: Handover, day: date, review: Review) -> Handover:
    """Return it with a day's review; who says it again corrects it.

    Raises:
        HandoverOver, OutsideShadowing
    """
    if handover.accepted_at is not None:
        raise HandoverOver
    last = alone_on(handover) - DAY
    today = day_of(review.at, zone(handover.zone))
    if not handover.starts_on <= day <= min(last, today):
        raise OutsideShadowing(field="day", first=handover.starts_on.isoformat(), last=last.isoformat())
    had = handover.reviews.get(day.isoformat())
    if had is not None and replace(had, at=review.at) == review:
        return handover
    return replace(handover, reviews={**handover.reviews, day.isoformat(): review})


def signed(handover: Handover, sign_off: SignOff, days: WorkingDays) -> Handover:
    """Return it signed for the side of whoever signs; accepted once both sides have signed the same.

    Raises:
        HandoverOver, OtherSide, HandoverChanged, NotReadyToAccept
    """
    side = handover.side(sign_off.by) or Side.OPERATIONS
    had = handover.sign_offs.get(side.value)
    if had is not None and replace(had, at=sign_off.at) == sign_off and sign_off.seen == handover.hash:
        return handover
    handover.demand(sign_off.by, side)
    if sign_off.seen != handover.hash:
        raise HandoverChanged
    today, alone = day_of(sign_off.at, zone(handover.zone)), alone_on(handover)
    left, unheld = handover.open_items, missing(handover, days, alone)
    if left or unheld or today < alone:
        raise NotReadyToAccept(items=len(left), reviews=len(unheld), alone_on=alone.isoformat())
    signs = {**handover.sign_offs, side.value: sign_off}
    both = all(one.value in signs and signs[one.value].seen == sign_off.seen for one in Side)
    return replace(handover, sign_offs=signs, accepted_at=sign_off.at if both else None)


def next_at(handover: Handover, days: WorkingDays, now: datetime) -> datetime | None:
    """Return when people are told the next time: a part begins, or a review is due."""
    tz = zone(handover.zone)
    moments = [start_of_day(begins, tz) for begins, _ in phases(handover)]
    moments += [
        instant(datetime.fromisoformat(f"{day.isoformat()}T{handover.review_at}"), tz)
        for day in review_days(handover, days)
    ]
    return min((one for one in moments if one > now), default=None)
