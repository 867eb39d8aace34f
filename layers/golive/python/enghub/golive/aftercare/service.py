"""What comes after a go-live: begun by its cut-over, asked for by the clock, ended by its final review (OPS-09)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.core.timers.model import CancelTimer, DueTimer, SetTimer, TimerChange
from enghub.golive.actions.model import Action, Wanted
from enghub.golive.actions.service import promised
from enghub.golive.aftercare.errors import AftercareNotFound, FeedbackNotFound
from enghub.golive.aftercare.model import Aftercare, AftercareState, Check, Review, planned
from enghub.golive.aftercare.voices import Feedback, FeedbackKind, FeedbackState, Vote
from enghub.golive.published import AftercareBegan, AftercareEnded
from enghub.golive.purposes import AFTERCARE_CHECK
from enghub.golive.readiness.model import GoLive, GoLiveState, aftercare_subject

COMMANDER = "commander"


class Store(Protocol):
    """What the use cases need of a store."""

    def go_live(self, tenant_id: str, go_live_id: str) -> Kept[GoLive] | None:
        """Return the go-live."""

    def get(self, tenant_id: str, go_live_id: str) -> Kept[Aftercare] | None:
        """Return what comes after it."""

    def save(
        self,
        commit: Commit[Aftercare],
        *,
        go_live: Commit[GoLive] | None = None,
        due: DueTimer | None = None,
        again: SetTimer | None = None,
        actions: Sequence[Commit[Action]] = (),
    ) -> Kept[Aftercare]:
        """Store a change with the go-live's, the mark of the timer that made it or its next time, new actions."""

    def rest(self, due: DueTimer, now: datetime) -> None:
        """Note that a timer rang whose reason is gone."""

    def feedback(self, tenant_id: str, go_live_id: str, feedback_id: str) -> Kept[Feedback] | None:
        """Return one thing that was said."""

    def save_feedback(self, commit: Commit[Feedback]) -> Kept[Feedback]:
        """Store it."""

    def vote(self, tenant_id: str, go_live_id: str, user: str) -> Kept[Vote] | None:
        """Return somebody's voice."""

    def save_vote(self, commit: Commit[Vote]) -> Kept[Vote]:
        """Store it."""


@dataclass(frozen=True, slots=True)
class Aftercares:
    """The use cases."""

    store: Store

    def get(self, tenant_id: str, go_live_id: str) -> Kept[Aftercare]:
        """Return what comes after a go-live.

        Raises:
            AftercareNotFound
        """
        found = self.store.get(tenant_id, go_live_id)
        if found is None:
            raise AftercareNotFound(go_live_id=go_live_id)
        return found

    # --- timers ------------------------------------------------------------------------------------------------------

    def begin(self, due: DueTimer, origin: Origin) -> None:
        """Plan every check, because the cut-over ended well; the effect of the timer that its end has set."""
        go_live_id = due.subject.partition("/")[2]
        go_live = self.store.go_live(due.tenant_id, go_live_id)
        before = self.store.get(due.tenant_id, go_live_id)
        if go_live is None or go_live.value.state is not GoLiveState.PREPARING:
            self.store.rest(due, origin.at)
            return
        one = go_live.value
        leads = tuple(member.user_id for member in one.team if COMMANDER in member.roles)
        owners = leads or tuple(member.user_id for member in one.team[:1])
        run_id = str(due.payload.get("run_id", ""))
        checks = planned(due.due, one.zone)
        made = Aftercare(due.tenant_id, go_live_id, run_id, due.due, one.zone, owners, checks)
        after, ask, late = made.woken(origin.at)
        began = AftercareBegan(go_live_id=go_live_id, run_id=run_id, began_at=due.due, checks=len(checks))
        commit = Commit(
            origin,
            "began",
            after,
            before,
            events=(began.envelope(origin), *_told(after, ask, late, origin)),
            timers=_next(after),
        )
        live = Commit(origin, "went_live", replace(one, state=GoLiveState.LIVE), go_live)
        self.store.save(commit, go_live=live, due=due)

    def wake(self, due: DueTimer, origin: Origin) -> None:
        """Ask for what is due, tell what is late, and set the next time; the effect of the timer of checks."""
        before = self.get(due.tenant_id, due.subject.partition("/")[2])
        if before.value.state is not AftercareState.RUNNING:
            self.store.rest(due, origin.at)
            return
        after, ask, late = before.value.woken(origin.at)
        commit = Commit(origin, "asked", after, before, events=_told(after, ask, late, origin))
        at = after.next_at()
        again = None if at is None else SetTimer(due.subject, AFTERCARE_CHECK, at)
        self.store.save(commit, due=due, again=again)

    def stop(self, due: DueTimer, origin: Origin) -> None:
        """Cancel what is left, because the go-live is no more; the effect of the timer that its end has set."""
        before = self.store.get(due.tenant_id, due.subject.partition("/")[2])
        if before is None or before.value.state is not AftercareState.RUNNING:
            self.store.rest(due, origin.at)
            return
        self._cancel(before, str(due.payload.get("reason", "")), origin, due=due)

    # --- people ------------------------------------------------------------------------------------------------------

    def cancel(self, go_live_id: str, reason: str, origin: Origin) -> Kept[Aftercare]:
        """Say that the old system is back: nothing is asked for any more, the go-live is prepared anew.

        Raises:
            AftercareNotFound, AftercareOver
        """
        before = self.get(origin.tenant_id, go_live_id)
        if before.value.state is AftercareState.CANCELLED:
            return before
        before.value.demand()
        return self._cancel(before, reason, origin, GoLiveState.PREPARING)

    def answer(self, go_live_id: str, check_id: str, origin: Origin, *, passed: bool, result: str) -> Kept[Aftercare]:
        """Answer a check, or give a report.

        Raises:
            AftercareNotFound, AftercareOver, CheckNotFound, CheckTooEarly
        """
        before = self.get(origin.tenant_id, go_live_id)
        after = before.value.answered(check_id, origin.user_id, origin.at, passed=passed, result=result)
        if after == before.value:
            return before
        events = () if passed else (_failed(after, check_id, result).envelope(origin),)
        commit = Commit(origin, "check_answered", after, before, events=events, timers=_next(after), reason=check_id)
        return self.store.save(commit)

    def review(
        self, go_live_id: str, review: Review, improvements: Sequence[Wanted], origin: Origin
    ) -> Kept[Aftercare]:
        """End it with what was learnt; what to improve becomes actions, the go-live is done.

        Raises:
            AftercareNotFound, AftercareOver, ChecksLeft
        """
        before = self.get(origin.tenant_id, go_live_id)
        had = before.value.review
        if had is not None and replace(had, at=review.at) == review:
            return before
        after = before.value.reviewed(review)
        about = f"go-live/{go_live_id}"
        commit = Commit(origin, "reviewed", after, before, events=(_over(after).envelope(origin),), timers=_next(after))
        return self.store.save(
            commit, go_live=self._moved(after, GoLiveState.DONE, origin), actions=promised(about, improvements, origin)
        )

    def say(self, feedback: Feedback, origin: Origin, claim: Claim | None) -> Kept[Feedback]:
        """Keep what somebody says; an urgent defect is told at once.

        Raises:
            AftercareNotFound
        """
        kept = self.get(origin.tenant_id, feedback.go_live_id)
        made = replace(feedback, feedback_id=ids.new_id(origin.at))
        urgent = made.is_urgent and made.kind is FeedbackKind.DEFECT
        events = (_urgent(kept.value, made).envelope(origin),) if urgent else ()
        return self.store.save_feedback(Commit(origin, "said", made, events=events, claim=claim))

    def move(
        self, go_live_id: str, feedback_id: str, state: FeedbackState, origin: Origin, *, owner: str, note: str
    ) -> Kept[Feedback]:
        """Say how far it is.

        Raises:
            FeedbackNotFound, WrongFeedbackState
        """
        before = self.store.feedback(origin.tenant_id, go_live_id, feedback_id)
        if before is None:
            raise FeedbackNotFound(feedback_id=feedback_id)
        after = before.value.moved(state, owner, note, origin.at)
        if after == before.value:
            return before
        return self.store.save_feedback(Commit(origin, "moved", after, before, reason=note))

    def vote(self, go_live_id: str, user: str, score: int, comment: str, origin: Origin) -> Kept[Vote]:
        """Keep how satisfied somebody is.

        Raises:
            AftercareNotFound
        """
        self.get(origin.tenant_id, go_live_id)
        before = self.store.vote(origin.tenant_id, go_live_id, user)
        after = Vote(origin.tenant_id, go_live_id, user, score, comment, origin.at)
        if before is not None and replace(before.value, at=origin.at) == after:
            return before
        return self.store.save_vote(Commit(origin, "voted", after, before))

    # --- inside ------------------------------------------------------------------------------------------------------

    def _cancel(
        self,
        before: Kept[Aftercare],
        reason: str,
        origin: Origin,
        state: GoLiveState | None = None,
        due: DueTimer | None = None,
    ) -> Kept[Aftercare]:
        after = before.value.cancelled(reason, origin.at)
        ended = (_over(after).envelope(origin),)
        commit = Commit(origin, "cancelled", after, before, events=ended, timers=_next(after), reason=reason)
        go_live = None if state is None else self._moved(after, state, origin)
        return self.store.save(commit, go_live=go_live, due=due)

    def _moved(self, after: Aftercare, state: GoLiveState, origin: Origin) -> Commit[GoLive] | None:
        kept = self.store.go_live(after.tenant_id, after.go_live_id)
        if kept is None or kept.value.state is not GoLiveState.LIVE:
            return None
        verb = "finished" if state is GoLiveState.DONE else "rolled_back"
        moved = replace(
            kept.value, state=state, decision=None if state is GoLiveState.PREPARING else kept.value.decision
        )
        return Commit(origin, verb, moved, kept, reason=after.reason)


def _next(after: Aftercare) -> tuple[TimerChange, ...]:
    subject = aftercare_subject(after.go_live_id)
    at = after.next_at() if after.state is AftercareState.RUNNING else None
    return (CancelTimer(subject, AFTERCARE_CHECK) if at is None else SetTimer(subject, AFTERCARE_CHECK, at),)


def _told(after: Aftercare, ask: Sequence[Check], late: Sequence[Check], origin: Origin) -> tuple[Envelope, ...]:
    found = ((ask, "due", Severity.INFO), (late, "late", Severity.WARNING))
    return tuple(_notice(after, checks, what, level).envelope(origin) for checks, what, level in found if checks)


def _notice(after: Aftercare, checks: Sequence[Check], what: str, severity: Severity) -> NoticeRequested:
    first = checks[0]
    return NoticeRequested(
        notice_type=f"golive.aftercare_{what}",
        severity=severity,
        subject=aftercare_subject(after.go_live_id),
        facts={
            "go_live_id": after.go_live_id,
            "checks": "; ".join(f"{one.check_id}: {one.en} / {one.zh}" for one in checks),
            "count": len(checks),
        },
        users=after.owners,
        dedupe_key=f"{after.go_live_id}/{after.run_id}/{what}/{first.check_id}/{len(checks)}",
    )


def _failed(after: Aftercare, check_id: str, result: str) -> NoticeRequested:
    check = next(one for one in after.checks if one.check_id == check_id)
    return NoticeRequested(
        notice_type="golive.aftercare_failed",
        severity=Severity.WARNING,
        subject=aftercare_subject(after.go_live_id),
        facts={"go_live_id": after.go_live_id, "checks": f"{check.en} / {check.zh}", "result": result[:500]},
        users=after.owners,
    )


def _urgent(after: Aftercare, feedback: Feedback) -> NoticeRequested:
    return NoticeRequested(
        notice_type="golive.aftercare_failed",
        severity=Severity.CRITICAL,
        subject=aftercare_subject(after.go_live_id),
        facts={"go_live_id": after.go_live_id, "checks": feedback.area, "result": feedback.text[:500]},
        users=after.owners,
        dedupe_key=f"feedback/{feedback.feedback_id}",
    )


def _over(after: Aftercare) -> AftercareEnded:
    return AftercareEnded(go_live_id=after.go_live_id, state=after.state.value, reason=after.reason)
