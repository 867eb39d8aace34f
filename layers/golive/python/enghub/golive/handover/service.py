"""A hand-over to operations: planned, worked through side by side, accepted by both sides (OPS-17)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.core.timers.model import CancelTimer, DueTimer, SetTimer, TimerChange
from enghub.golive.handover import model
from enghub.golive.handover.errors import HandoverNotFound, HandoverOver, OnBothSides
from enghub.golive.handover.model import Handover, Item, ItemState, Review, SignOff
from enghub.golive.published import HandoverAccepted
from enghub.golive.purposes import HANDOVER_REVIEW
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.zones import day_of, zone


class Store(Protocol):
    """What the use cases need of a store."""

    def get(self, tenant_id: str, go_live_id: str) -> Kept[Handover] | None:
        """Return one."""

    def save(
        self, commit: Commit[Handover], due: DueTimer | None = None, again: SetTimer | None = None
    ) -> Kept[Handover]:
        """Store a change, with the mark of the timer that made it, or its next time."""

    def rest(self, due: DueTimer, now: datetime) -> None:
        """Note that a timer rang whose reason is gone."""


@dataclass(frozen=True, slots=True)
class Handovers:
    """The use cases."""

    store: Store
    check: Callable[[str, str], Any]
    """Raises GoLiveNotFound where there is no such go-live, for a tenant."""
    days: Callable[[str, str], WorkingDays]

    def get(self, tenant_id: str, go_live_id: str) -> Kept[Handover]:
        """Return one.

        Raises:
            HandoverNotFound
        """
        found = self.store.get(tenant_id, go_live_id)
        if found is None:
            raise HandoverNotFound(go_live_id=go_live_id)
        return found

    def put(self, wanted: Handover, version: int | None, origin: Origin) -> Kept[Handover]:
        """Plan it, or plan it otherwise; what was handed over stays.

        Raises:
            GoLiveNotFound, OnBothSides, HandoverOver, VersionConflict, SetupNotFound
        """
        for user in wanted.operations:
            if user in wanted.development:
                raise OnBothSides(field="operations", user=user)
        self.check(origin.tenant_id, wanted.go_live_id)
        before = self.store.get(origin.tenant_id, wanted.go_live_id)
        seen = before.revision if before else 0
        after = wanted
        if before is not None:
            had = before.value
            after = replace(wanted, items=had.items, reviews=had.reviews, sign_offs=had.sign_offs)
            if after == had and seen in {version, (version or 0) + 1}:
                return before
            if had.accepted_at is not None:
                raise HandoverOver
        if seen != (version or 0):
            raise VersionConflict(expected=version or 0, actual=seen)
        verb = "changed" if before else "planned"
        return self.store.save(Commit(origin, verb, after, before, timers=self._timers(after, origin.at)))

    def move(self, go_live_id: str, item_id: str, wanted: Item, origin: Origin) -> Kept[Handover]:
        """Hand an item over, accept it, leave it out, open it again.

        Raises:
            HandoverNotFound; and as ``model.moved``.
        """
        before = self.get(origin.tenant_id, go_live_id)
        after = model.moved(before.value, item_id, wanted, origin.user_id, origin.at)
        told = self._told(after, "handover_item", after.operations, item=item_id)
        events = (told.envelope(origin),) if wanted.state is ItemState.HANDED else ()
        return self._changed("item_moved", after, before, origin, item_id, events)

    def review(self, go_live_id: str, day: date, review: Review, origin: Origin) -> Kept[Handover]:
        """Keep a day's review.

        Raises:
            HandoverNotFound; and as ``model.reviewed``.
        """
        before = self.get(origin.tenant_id, go_live_id)
        return self._changed("reviewed", model.reviewed(before.value, day, review), before, origin, day.isoformat())

    def sign(self, go_live_id: str, sign_off: SignOff, origin: Origin) -> Kept[Handover]:
        """Sign for one's side what was seen; it is accepted once both have.

        Raises:
            HandoverNotFound; and as ``model.signed``.
        """
        before = self.get(origin.tenant_id, go_live_id)
        after = model.signed(before.value, sign_off, self._days(before.value))
        if after.accepted_at is None or before.value.accepted_at is not None:
            return self._changed("signed", after, before, origin, sign_off.remarks)
        left_out = sum(one.state is ItemState.NOT_APPLICABLE for one in after.items.values())
        accepted = HandoverAccepted(go_live_id=go_live_id, items=len(after.items), not_applicable=left_out)
        told = self._told(after, "handover_accepted", (*after.development, *after.operations))
        events = (accepted.envelope(origin), told.envelope(origin))
        rest = (CancelTimer(after.subject, HANDOVER_REVIEW),)
        return self.store.save(Commit(origin, "accepted", after, before, events=events, timers=rest))

    def wake(self, due: DueTimer, origin: Origin) -> None:
        """Tell who leads now and which reviews are missing; the effect of its timer, which is set to the next time."""
        before = self.get(due.tenant_id, due.subject.partition("/")[2])
        one = before.value
        if one.accepted_at is not None:
            self.store.rest(due, origin.at)
            return
        told = self._told(one, "handover_day", (*one.development, *one.operations), at=origin.at)
        at = model.next_at(one, self._days(one), max(origin.at, due.due))
        again = None if at is None else SetTimer(due.subject, HANDOVER_REVIEW, at)
        self.store.save(Commit(origin, "told", one, before, events=(told.envelope(origin),)), due, again)

    def _changed(
        self, verb: str, after: Handover, before: Kept[Handover], origin: Origin, *about: Any
    ) -> Kept[Handover]:
        if after == before.value:
            return before
        reason, events = about[0], about[1] if len(about) > 1 else ()
        return self.store.save(Commit(origin, verb, after, before, events=events, reason=reason))

    def _days(self, handover: Handover) -> WorkingDays:
        return self.days(handover.tenant_id, handover.calendar_id)

    def _timers(self, handover: Handover, now: datetime) -> tuple[TimerChange, ...]:
        at = model.next_at(handover, self._days(handover), now)
        subject = handover.subject
        return (CancelTimer(subject, HANDOVER_REVIEW) if at is None else SetTimer(subject, HANDOVER_REVIEW, at),)

    def _told(
        self, one: Handover, kind: str, users: tuple[str, ...], *, item: str = "", at: datetime | None = None
    ) -> NoticeRequested:
        facts: dict[str, Any] = {"go_live_id": one.go_live_id, "open_items": len(one.open_items)}
        if item:
            facts["item"] = item
        if at is not None:
            today = day_of(at, zone(one.zone))
            phase = model.phase_on(one, today)
            unheld = model.missing(one, self._days(one), today)
            facts["phase"] = f"{phase['en']} / {phase['zh']}" if phase else ""
            facts["missing"] = ", ".join(day.isoformat() for day in unheld)
        return NoticeRequested(
            notice_type=f"golive.{kind}",
            severity=Severity.INFO,
            subject=one.subject,
            facts=facts,
            users=tuple(dict.fromkeys(users)),
        )
