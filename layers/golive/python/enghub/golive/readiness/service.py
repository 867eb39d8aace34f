"""What people do with a go-live and its checklist (OPS-01, OPS-02, OPS-03)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.clock import Clock
from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.core.timers.model import CancelTimer, SetTimer, TimerChange
from enghub.golive.probes.model import Probe, Reading
from enghub.golive.published import GoLiveCreated, GoLiveDecided, GoLiveMoved
from enghub.golive.purposes import AFTERCARE_STOP, EVIDENCE_LOOK
from enghub.golive.readiness import checklist as checklists
from enghub.golive.readiness.errors import GoLiveNotFound, ItemNotFound, ProbeNotSet
from enghub.golive.readiness.model import (
    PASSED,
    Answer,
    Decision,
    Evidence,
    GoLive,
    GoLiveState,
    Item,
    Line,
    Member,
    Progress,
    aftercare_subject,
    lines,
    of_reading,
    refreshes,
)
from enghub.golive.readiness.repository import Readiness, Whole
from enghub.golive.readiness.summary import Summary, check_close, decided, summary
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.zones import day_of, zone

PROBER = "system:probe"
REFRESH = EVIDENCE_LOOK
Touched = tuple[Whole, Item, Kept[Progress] | None]
"""A go-live, one of its items, and what became of that so far."""
Days = Callable[[str, str], tuple[WorkingDays, date | None]]
"""From tenant and calendar: which days are worked, and the last day with data (None: no calendar, Monday to Friday)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A go-live as somebody wants it."""

    name: str
    system: str
    live_at: datetime
    zone: str
    calendar_id: str
    team: tuple[Member, ...]
    without: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class GoLives:
    """The use cases of go-lives."""

    store: Readiness
    days: Days
    clock: Clock
    probe: Callable[[str, Probe], Reading]
    """Asks what a probe names, for a tenant."""
    new_id: Callable[[datetime], str] = ids.new_id

    # --- the go-live -----------------------------------------------------------------------------------------------

    def create(self, wanted: Wanted, origin: Origin, claim: Claim | None) -> Kept[GoLive]:
        """Make a go-live from the template.

        Raises:
            UnknownItem, WindowNotFound
        """
        found = checklists.checklist(wanted.without, wanted.items)
        empty = GoLive(
            tenant_id=origin.tenant_id,
            go_live_id=self.new_id(origin.at),
            name=wanted.name,
            system=wanted.system,
            live_at=wanted.live_at,
            zone=wanted.zone,
            calendar_id=wanted.calendar_id,
            team=wanted.team,
            windows=(),
        )
        made = self._dated(empty, wanted.live_at)
        told = GoLiveCreated(go_live_id=made.go_live_id, name=made.name, system=made.system, live_at=made.live_at)
        commit = Commit(origin, "created", made, events=(told.envelope(origin),), claim=claim)
        return self.store.create(commit, found)

    def get(self, tenant_id: str, go_live_id: str) -> Kept[GoLive]:
        """Return one.

        Raises:
            GoLiveNotFound
        """
        found = self.store.get(tenant_id, go_live_id)
        if found is None:
            raise GoLiveNotFound(go_live_id=go_live_id)
        return found

    def change(
        self,
        go_live_id: str,
        version: int,
        origin: Origin,
        *,
        live_at: datetime | None,
        team: tuple[Member, ...] | None,
    ) -> Kept[GoLive]:
        """Move the date, with every due day, or change the team.

        Raises:
            GoLiveNotFound, GoLiveOver, VersionConflict
        """
        before = self.get(origin.tenant_id, go_live_id)
        after = before.value if team is None else replace(before.value, team=team)
        after = after if live_at is None else self._dated(after, live_at)
        if after == before.value and before.revision == version + 1:
            return before  # the same request again
        before.value.check_open()
        if version != before.revision:
            raise VersionConflict(expected=version, actual=before.revision)
        moved = GoLiveMoved(go_live_id=go_live_id, live_at=after.live_at, was_at=before.value.live_at)
        events = (moved.envelope(origin),) if after.live_at != before.value.live_at else ()
        return self.store.save(Commit(origin, "changed", after, before, events=events))

    def cancel(self, go_live_id: str, reason: str, origin: Origin) -> Kept[GoLive]:
        """Give a go-live up.

        Raises:
            GoLiveNotFound, GoLiveOver
        """
        before = self.get(origin.tenant_id, go_live_id)
        if before.value.state is GoLiveState.CANCELLED:
            return before
        before.value.check_open()
        after = replace(before.value, state=GoLiveState.CANCELLED)
        stop = SetTimer(aftercare_subject(go_live_id), AFTERCARE_STOP, origin.at, {"reason": reason})
        timers = (stop,) if before.value.state is GoLiveState.LIVE else ()
        return self.store.save(Commit(origin, "cancelled", after, before, timers=timers, reason=reason))

    def close_window(self, go_live_id: str, window_id: str, origin: Origin) -> Kept[GoLive]:
        """Close a window whose blocking items are signed off or waived.

        Raises:
            GoLiveNotFound, GoLiveOver, WindowNotFound, EarlierWindowOpen, WindowBlocked
        """
        whole = self.whole(origin.tenant_id, go_live_id)
        before = whole.go_live
        before.value.check_open()
        check_close(self._summary(whole, origin.at), window_id)
        if any(one.window_id == window_id and one.closed_at for one in before.value.windows):
            return before
        after = before.value.closed(window_id, origin.user_id, origin.at)
        return self.store.save(Commit(origin, "window_closed", after, before, reason=window_id))

    def decide(self, go_live_id: str, answer: Answer, seen: str, reason: str, origin: Origin) -> Kept[GoLive]:
        """Decide go or no-go on the summary that was seen.

        Raises:
            GoLiveNotFound, GoLiveOver, EvidenceChanged, NotReady
        """
        whole = self.whole(origin.tenant_id, go_live_id)
        before = whole.go_live
        before.value.check_open()
        wanted = Decision(answer, origin.user_id, origin.at, seen, reason)
        made = decided(self._summary(whole, origin.at), wanted)
        last = before.value.decision
        if last and (last.answer, last.by, last.seen, last.reason) == (answer, made.by, seen, reason):
            return before
        told = GoLiveDecided(go_live_id=go_live_id, answer=answer.value, decided_by=made.by, seen=seen, reason=reason)
        after = replace(before.value, decision=made)
        commit = Commit(origin, "decided", after, before, events=(told.envelope(origin),), reason=reason)
        return self.store.save(commit)

    def whole(self, tenant_id: str, go_live_id: str) -> Whole:
        """Return a go-live with everything about its checklist.

        Raises:
            GoLiveNotFound
        """
        found = self.store.whole(tenant_id, go_live_id)
        if found is None:
            raise GoLiveNotFound(go_live_id=go_live_id)
        return found

    def lines(self, tenant_id: str, go_live_id: str) -> tuple[Line, ...]:
        """Return every item with what became of it; raises as ``whole``."""
        return self._lines(self.whole(tenant_id, go_live_id), self.clock())

    def summary_of(self, tenant_id: str, go_live_id: str) -> tuple[Summary, int]:
        """Return go or no-go on one page, with the go-live's version; raises as ``whole``."""
        whole = self.whole(tenant_id, go_live_id)
        return self._summary(whole, self.clock()), whole.go_live.revision

    # --- its items -------------------------------------------------------------------------------------------------

    def assign(
        self,
        go_live_id: str,
        item_id: str,
        origin: Origin,
        *,
        owner: str,
        due: date | None,
        probe: Probe | None,
        every: int = 0,
    ) -> Line:
        """Say who looks after an item, until when, what its probe asks and how often by itself (``every`` minutes).

        Raises:
            GoLiveNotFound, GoLiveOver, ItemNotFound, UnknownMember, VersionConflict
        """
        found = whole, item, before = self._item(go_live_id, item_id, origin)
        if owner:
            whole.go_live.value.member(owner)
        now = _of(whole, item_id, before)
        after = replace(now, owner=owner, due=due, probe=probe, every=every if probe else 0)
        is_refreshed = refreshes(whole.go_live.value, item, after) or now.every
        timers = refresh_timers(now, after, origin.at) if is_refreshed else ()
        return self._saved(found, after, partial(Commit, origin, "assigned", timers=timers))

    def show(self, go_live_id: str, item_id: str, evidence: Evidence, origin: Origin) -> Line:
        """Keep evidence; it voids a sign-off that had seen other.

        Raises:
            GoLiveNotFound, GoLiveOver, ItemNotFound, VersionConflict
        """
        found = whole, item, before = self._item(go_live_id, item_id, origin)
        now = _of(whole, item_id, before)
        if evidence.repeats(now.latest):
            return self._line(whole, item, now)
        return self._saved(found, now.showing(evidence), partial(Commit, origin, "evidence_shown"), evidence)

    def run_probe(self, go_live_id: str, item_id: str, origin: Origin) -> Line:
        """Ask what the item's probe names, and keep what it read as evidence.

        Raises:
            ProbeNotSet; and as ``show``.
        """
        found = self.store.progress(origin.tenant_id, go_live_id, item_id)
        if found is None or found.value.probe is None:
            self._item(go_live_id, item_id, origin)
            raise ProbeNotSet(item_id=item_id)
        reading = self.probe(origin.tenant_id, found.value.probe)
        evidence = of_reading(reading, self.new_id(origin.at), origin.user_id, self.clock())
        return self.show(go_live_id, item_id, evidence, origin)

    def refresh(self, tenant_id: str, go_live_id: str, item_id: str, evidence_id: str) -> None:
        """Run the probe of an open item because its time has come; the same ``evidence_id`` again changes nothing.

        Raises:
            VersionConflict: somebody changed the item meanwhile; the command comes again.
        """
        whole = self.store.whole(tenant_id, go_live_id)
        item = None if whole is None else next((i for i in whole.checklist.items if i.item_id == item_id), None)
        kept = self.store.progress(tenant_id, go_live_id, item_id)
        probe = None if kept is None else kept.value.probe
        if whole is None or item is None or kept is None or probe is None:
            return
        progress, now = kept.value, self.clock()
        seen = progress.latest is not None and progress.latest.evidence_id == evidence_id
        if seen or not refreshes(whole.go_live.value, item, progress) or progress.state(item, now) in PASSED:
            return
        evidence = of_reading(self.probe(tenant_id, probe), evidence_id, PROBER, self.clock())
        origin = Origin(tenant_id, "", PROBER, self.clock(), evidence_id)
        self.store.save_progress(Commit(origin, "evidence_shown", progress.showing(evidence), kept), evidence)

    def sign_off(self, go_live_id: str, item_id: str, seen: str, origin: Origin) -> Line:
        """Say that an item is done, on the evidence that was seen.

        Raises:
            GoLiveNotFound, GoLiveOver, ItemNotFound, NoEvidence, EvidenceChanged, CriterionNotMet, VersionConflict
        """
        found = whole, item, before = self._item(go_live_id, item_id, origin)
        now = _of(whole, item_id, before)
        if now.sign_off and (now.sign_off.by, now.sign_off.seen) == (origin.user_id, seen):
            return self._line(whole, item, now)
        after = now.signed_off(item, origin.user_id, origin.at, seen)
        return self._saved(found, after, partial(Commit, origin, "signed_off"))

    def waive(self, go_live_id: str, item_id: str, reason: str, until: datetime, origin: Origin) -> Line:
        """Let an item pass although it is not done.

        Raises:
            GoLiveNotFound, GoLiveOver, ItemNotFound, WaiverEndsBefore, VersionConflict
        """
        found = whole, item, before = self._item(go_live_id, item_id, origin)
        now = _of(whole, item_id, before)
        had = now.waiver
        if had and (had.by, had.reason, had.until) == (origin.user_id, reason, until):
            return self._line(whole, item, now)
        after = now.waived(origin.user_id, origin.at, reason, until)
        return self._saved(found, after, partial(Commit, origin, "waived", reason=reason))

    def reopen(self, go_live_id: str, item_id: str, reason: str, origin: Origin) -> Line:
        """Take back sign-off and waiver.

        Raises:
            GoLiveNotFound, GoLiveOver, ItemNotFound, VersionConflict
        """
        found = whole, _, before = self._item(go_live_id, item_id, origin)
        after = _of(whole, item_id, before).reopened()
        return self._saved(found, after, partial(Commit, origin, "reopened", reason=reason))

    # --- inside ----------------------------------------------------------------------------------------------------

    def _dated(self, go_live: GoLive, live_at: datetime) -> GoLive:
        days, ends = self.days(go_live.tenant_id, go_live.calendar_id)
        made = checklists.windows(live_at, go_live.zone, days)
        closed = {one.window_id: one for one in go_live.windows}
        windows = tuple(
            replace(one, closed_by=closed[one.window_id].closed_by, closed_at=closed[one.window_id].closed_at)
            if one.window_id in closed
            else one
            for one in made
        )
        known = ends if ends is not None and ends < day_of(live_at, zone(go_live.zone)) else None
        return replace(go_live, live_at=live_at, windows=windows, calendar_ends=known)

    def _item(self, go_live_id: str, item_id: str, origin: Origin) -> Touched:
        whole = self.whole(origin.tenant_id, go_live_id)
        whole.go_live.value.check_open()
        item = next((one for one in whole.checklist.items if one.item_id == item_id), None)
        if item is None:
            raise ItemNotFound(item_id=item_id)
        return whole, item, self.store.progress(origin.tenant_id, go_live_id, item_id)

    def _saved(
        self,
        found: Touched,
        after: Progress,
        commit: Callable[..., Commit[Progress]],
        evidence: Evidence | None = None,
    ) -> Line:
        whole, item, before = found
        if before is None or after != before.value:
            self.store.save_progress(commit(after=after, before=before), evidence)
        return self._line(whole, item, after)

    def _line(self, whole: Whole, item: Item, progress: Progress) -> Line:
        one = replace(whole, checklist=replace(whole.checklist, items=(item,)), touched=(progress,))
        return self._lines(one, self.clock())[0]

    def _lines(self, whole: Whole, now: datetime) -> tuple[Line, ...]:
        go_live = whole.go_live.value
        return lines(go_live, whole.checklist, whole.touched, now, day_of(now, zone(go_live.zone)))

    def _summary(self, whole: Whole, now: datetime) -> Summary:
        return summary(whole.go_live.value, self._lines(whole, now))


def _of(whole: Whole, item_id: str, kept: Kept[Progress] | None) -> Progress:
    go_live = whole.go_live.value
    return kept.value if kept else Progress(go_live.tenant_id, go_live.go_live_id, item_id)


def refresh_timers(before: Progress, after: Progress, at: datetime) -> tuple[TimerChange, ...]:
    """Return what lets an item's probe run by itself, or no more."""
    if not after.every:
        return (CancelTimer(after.subject, REFRESH),) if before.every else ()
    payload = {"goLiveId": after.go_live_id, "itemId": after.item_id}
    return (SetTimer(after.subject, REFRESH, at, payload),)


def of_window(found: Iterable[Line], window_id: str | None) -> tuple[Line, ...]:
    """Return the lines of one window, all without one."""
    return tuple(line for line in found if window_id is None or line.item.window_id == window_id)
