"""Hand-overs on the wire (OPS-17)."""

from datetime import date, datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.setup.api import Clock, UserId, Version, Zone
from enghub.golive.content.model import Entry, handover_items
from enghub.golive.forms import Hash, Id
from enghub.golive.handover import model
from enghub.golive.handover.model import UNTOUCHED, Handover, ItemState
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.zones import day_of, zone

HandoverItemId = Annotated[Id, Path()]
Users = Annotated[tuple[UserId, ...], Field(min_length=1, max_length=50)]
Said = Annotated[str, Field(max_length=1000)]


class PutHandoverRequest(wire.Request):
    """Who hands over to whom, from which day on; two weeks side by side follow."""

    starts_on: wire.Day
    zone: Zone = "UTC"
    development: Users
    operations: Users
    calendar_id: Annotated[str, Field(max_length=63)] = ""
    review_at: Clock = "17:00"
    version: Version | None = None

    def to_handover(self, tenant_id: str, go_live_id: str) -> Handover:
        """Return the hand-over."""
        names = (tenant_id, go_live_id, self.starts_on, self.zone, self.development, self.operations)
        return Handover(*names, self.calendar_id, self.review_at)


class MoveItemRequest(wire.Request):
    """HANDED by development with ``where`` it is, ACCEPTED by operations, NOT_APPLICABLE with a ``note``, or OPEN."""

    state: ItemState
    where: Said = ""
    note: Said = ""

    def to_item(self) -> model.Item:
        """Return what is wanted of the item."""
        return model.Item(self.state, self.where, self.note)


class HandoverReviewRequest(wire.Request):
    """What was said at the end of a day, and how many problems there were."""

    day: wire.Day
    text: Annotated[str, Field(min_length=1, max_length=4000)]
    problems: wire.Count = 0

    def to_review(self, by: str, at: datetime) -> model.Review:
        """Return the review."""
        return model.Review(by, at, self.text, self.problems)


class SignHandoverRequest(wire.Request):
    """It is as it should be: ``seen`` is the hash of what was looked at."""

    seen: Hash
    remarks: Said = ""


class HandoverItemResponse(wire.Response):
    """An item of the lists."""

    item_id: str
    list_id: str
    text: dict[str, str]
    state: ItemState
    where: str | None
    note: str | None
    handed_by: str | None
    by: str | None
    at: wire.Instant | None
    line: int


class PhaseResponse(wire.Response):
    """A part of the shadowing: who leads, who helps."""

    phase_id: str
    begins_on: wire.Day
    leads: str
    helps: str
    text: dict[str, str]
    is_now: bool


class DayReviewResponse(wire.Response):
    """A day's review."""

    day: str
    by: str
    at: wire.Instant
    text: str
    problems: int


class HandoverSignResponse(wire.Response):
    """A signature; not valid any more once something changed."""

    by: str
    at: wire.Instant
    remarks: str | None
    is_valid: bool


class HandoverResponse(wire.Response):
    """A hand-over; ``leads`` are the people who answer now, ``backup`` those who help."""

    go_live_id: str
    starts_on: wire.Day
    alone_on: wire.Day
    zone: str
    leads: tuple[str, ...]
    backup: tuple[str, ...]
    phases: tuple[PhaseResponse, ...]
    items: tuple[HandoverItemResponse, ...]
    open_items: tuple[str, ...]
    reviews: tuple[DayReviewResponse, ...]
    missing_reviews: tuple[wire.Day, ...]
    sign_offs: dict[str, HandoverSignResponse]
    accepted_at: wire.Instant | None
    hash: str
    version: int

    @classmethod
    def of(cls, kept: Kept[Handover], days: WorkingDays, now: datetime) -> "HandoverResponse":
        """Return the answer for a hand-over."""
        one = kept.value
        today = day_of(now, zone(one.zone))
        phase = model.phase_on(one, today)
        teams = {"development": one.development, "operations": one.operations}
        return cls(
            go_live_id=one.go_live_id,
            starts_on=one.starts_on,
            alone_on=model.alone_on(one),
            zone=one.zone,
            leads=teams[phase["leads"]] if phase else one.development,
            backup=teams[phase["helps"]] if phase else (),
            phases=tuple(_phase(begins, said, said == phase) for begins, said in model.phases(one)),
            items=tuple(_items(one)),
            open_items=one.open_items,
            reviews=tuple(
                DayReviewResponse(day=day, by=said.by, at=said.at, text=said.text, problems=said.problems)
                for day, said in sorted(one.reviews.items())
            ),
            missing_reviews=model.missing(one, days, today),
            sign_offs={side: _sign(sign, one) for side, sign in sorted(one.sign_offs.items())},
            accepted_at=one.accepted_at,
            hash=one.hash,
            version=kept.revision,
        )


def _phase(begins: date, said: Entry, is_now: bool) -> PhaseResponse:
    return PhaseResponse(
        phase_id=said["id"],
        begins_on=begins,
        leads=said["leads"],
        helps=said["helps"],
        text={"en": said["en"], "zh": said["zh"]},
        is_now=is_now,
    )


def _items(one: Handover) -> list[HandoverItemResponse]:
    found = []
    for listed, said in handover_items():
        item = one.items.get(said["id"], UNTOUCHED)
        answer = HandoverItemResponse(
            item_id=said["id"],
            list_id=listed["id"],
            text={"en": said["en"], "zh": said["zh"]},
            state=item.state,
            where=item.where or None,
            note=item.note or None,
            handed_by=item.handed_by or None,
            by=item.by or None,
            at=item.at,
            line=said["line"],
        )
        found.append(answer)
    return found


def _sign(sign: model.SignOff, one: Handover) -> HandoverSignResponse:
    return HandoverSignResponse(by=sign.by, at=sign.at, remarks=sign.remarks or None, is_valid=sign.seen == one.hash)
