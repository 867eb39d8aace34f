"""Use cases of gray releases: what people do with them, and how one advances by itself (CFG-10)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.kit.metrics.model import Verdict
from enghub.settings.approvals.model import ChangeRequest
from enghub.settings.flags.errors import FlagNotFound
from enghub.settings.flags.model import FeatureFlag, FlagSet, recorded
from enghub.settings.releases import model
from enghub.settings.releases.errors import ReleaseNotFound, ReleaseStateRefused
from enghub.settings.releases.model import (
    RUNS,
    Comparison,
    Decision,
    Entry,
    GrayRelease,
    Measurement,
    Plan,
    Status,
    Step,
    Why,
)
from enghub.settings.releases.moves import DONE, UNASKED, Approved, Asking, Gate, Move
from enghub.settings.releases.repository import Metrics, ReleaseRepository
from enghub_flags.model import Flag


@dataclass(frozen=True, slots=True)
class Report:
    """A release as it stands: plan against actual, and the two groups compared now."""

    release: GrayRelease
    planned: int
    comparison: Comparison
    problem: str


@dataclass(frozen=True, slots=True)
class ReleaseService:
    """Reads, changes and advances gray releases; without ``gate`` nobody has to agree."""

    repository: ReleaseRepository
    metrics: Metrics
    gate: Gate | None = None

    def get(self, at: FlagSet, release_id: str) -> GrayRelease:
        """Return a release.

        Raises:
            ReleaseNotFound
        """
        return self.found(at, release_id).value

    def create(self, wanted: GrayRelease, origin: Origin, claim: Claim | None) -> GrayRelease:
        """Keep a release as DRAFT.

        Raises:
            FlagNotFound: there is no such flag to open.
        """
        origin = recorded(wanted.at, origin)
        self._flag(wanted)
        after = replace(wanted, created_by=origin.user_id, created_at=origin.at)
        return self.repository.save(Commit(origin, "created", after), _line(after, "CREATE", origin), claim=claim).value

    def plan(
        self, at: FlagSet, release_id: str, plan: Plan, version: int | None, asking: Asking
    ) -> GrayRelease | ChangeRequest:
        """Change how it grows, also while it runs; what is open already stays open.

        Raises:
            ReleaseNotFound, VersionConflict
            ReleaseStateRefused: it has ended.
        """
        before = self._allowed(at, release_id, RUNS | {Status.DRAFT}, "strategy", version)
        if before.value.plan == plan:
            return before.value
        return self._asked(Move.PLAN, before, plan, asking)

    def begin(self, at: FlagSet, release_id: str, version: int | None, asking: Asking) -> GrayRelease | ChangeRequest:
        """Start a DRAFT, at its start time or now. Who the flag is open to already stays in.

        Raises:
            ReleaseNotFound, VersionConflict, FlagNotFound, ReleaseRunning
            ReleaseStateRefused: it is no DRAFT.
        """
        found = self.found(at, release_id)
        if found.value.status is Status.ACTIVE and version in {None, found.revision - 1}:
            return found.value
        before = self._allowed(at, release_id, {Status.DRAFT}, "start", version)
        self._flag(before.value)
        return self._asked(Move.START, before, before.value.plan, asking)

    def pause(
        self, at: FlagSet, release_id: str, version: int | None, origin: Origin, by: Approved = UNASKED
    ) -> GrayRelease:
        """Let it stand where it is.

        Raises:
            ReleaseNotFound, VersionConflict, ReleaseStateRefused
        """
        before = self._allowed(at, release_id, RUNS, "pause", version)
        if before.value.status is Status.PAUSED:
            return before.value
        after = replace(before.value, status=Status.PAUSED, why=Why.BY_HAND, next_at=None, turn=before.value.turn + 1)
        return self._saved(before, after, "paused", recorded(at, origin), alongside=by.alongside)

    def resume(self, at: FlagSet, release_id: str, version: int | None, asking: Asking) -> GrayRelease | ChangeRequest:
        """Go on from where it stands; a share that somebody set by hand is taken for its own from now on.

        Raises:
            ReleaseNotFound, VersionConflict, FlagNotFound, ReleaseStateRefused
        """
        before = self._allowed(at, release_id, RUNS, "resume", version)
        if before.value.status is Status.ACTIVE:
            return before.value
        return self._asked(Move.RESUME, before, before.value.plan, asking)

    def moved(
        self,
        move: Move,
        before: Kept[GrayRelease],
        plan: Plan,
        origin: Origin,
        by: Approved = UNASKED,
        *,
        reason: str = "",
        claim: Claim | None = None,
    ) -> GrayRelease:
        """Do what opens a flag further: start, go on, or follow another plan.

        Raises:
            FlagNotFound, VersionConflict, ReleaseRunning
            ReleaseStateRefused: it is in another state.
        """
        release = before.value
        states = {Move.START: {Status.DRAFT}, Move.RESUME: {Status.PAUSED}, Move.PLAN: RUNS | {Status.DRAFT}}[move]
        if release.status not in states:
            raise ReleaseStateRefused(status=release.status.value, verb=move.value)
        if move is Move.PLAN:
            after = replace(release, plan=plan)
        elif move is Move.START:
            flag = self._flag(release).value
            after = model.begun(release, model.share_of(flag.flag, release.strategy), flag.definition, origin.at)
        else:
            share = release.current
            if release.why is Why.FLAG_CHANGED:
                share = model.share_of(self._flag(release).value.flag, release.strategy)
            after = model.resumed(release, share, origin.at)
        after = replace(after, change_request=by.change_request, approved_by=by.approved_by)
        return self._saved(before, after, DONE[move], origin, reason=reason, claim=claim, alongside=by.alongside)

    def _asked(self, move: Move, before: Kept[GrayRelease], plan: Plan, asking: Asking) -> GrayRelease | ChangeRequest:
        """Do it, or return the request in which it waits; the plan of a DRAFT is agreed to with its start."""
        origin = recorded(before.value.at, asking.origin)
        passed: ChangeRequest | Sequence[Any] = ()
        if self.gate is not None and not (move is Move.PLAN and before.value.status is Status.DRAFT):
            passed = self.gate.passes(
                move,
                before,
                plan,
                origin=origin,
                reason=asking.reason,
                claim=asking.claim,
                break_glass=asking.break_glass,
            )
        if isinstance(passed, ChangeRequest):
            return passed
        by = Approved(alongside=tuple(passed))
        return self.moved(move, before, plan, origin, by, reason=asking.reason, claim=asking.claim)

    def cancel(
        self, at: FlagSet, release_id: str, version: int | None, origin: Origin, by: Approved = UNASKED
    ) -> GrayRelease:
        """End it and open the flag only as far as it was before.

        Raises:
            ReleaseNotFound, VersionConflict, ReleaseStateRefused
        """
        found = self.found(at, release_id)
        if found.value.status is Status.CANCELLED and found.value.why is Why.BY_HAND:
            return found.value
        before = self._allowed(at, release_id, RUNS | {Status.DRAFT}, "cancel", version)
        release, origin = before.value, recorded(at, origin)
        after = replace(
            release,
            status=Status.CANCELLED,
            why=Why.BY_HAND,
            current=release.start,
            ended_at=origin.at,
            next_at=None,
            turn=release.turn + 1,
        )
        closing = self._closing(release, origin)
        return self._saved(before, after, "cancelled", origin, closing, alongside=by.alongside)

    def complete(self, at: FlagSet, release_id: str, version: int | None, origin: Origin) -> GrayRelease:
        """End it where it stands; the flag stays open as far as it is.

        Raises:
            ReleaseNotFound, VersionConflict, ReleaseStateRefused
        """
        found = self.found(at, release_id)
        if found.value.status is Status.COMPLETED and found.value.why is Why.BY_HAND:
            return found.value
        before = self._allowed(at, release_id, RUNS, "complete", version)
        origin, turn = recorded(at, origin), before.value.turn + 1
        ended = replace(before.value, status=Status.COMPLETED, why=Why.BY_HAND, ended_at=origin.at, turn=turn)
        return self._saved(before, replace(ended, next_at=None), "completed", origin)

    def report(self, at: FlagSet, release_id: str, now: datetime) -> Report:
        """Return how it stands, with both groups measured now over the time between two steps.

        Raises:
            ReleaseNotFound
        """
        release = self.get(at, release_id)
        flag = self.repository.flag(at, release.feature_key)
        measured = Measurement(failure="nothing is measured")
        if release.metrics and flag is not None:
            measured = self.metrics.measure(release, _variants(flag.value.flag), release.plan.interval)
        comparison = model.compare(measured, release.condition.minimum_requests)
        return Report(release, release.planned(release.ended_at or now), comparison, measured.failure)

    # --- by itself ---

    def advance(self, at: FlagSet, release_id: str, turn: int, now: datetime) -> GrayRelease | None:
        """Measure, decide, and make it so in one transaction; None where the turn is over.

        A repeat after a crash finds the turn over, or nothing done: then it measures again.
        """
        before = self.repository.get(at, release_id)
        if before is None or before.value.status is not Status.ACTIVE or before.value.turn != turn:
            return None
        release = before.value
        origin = Origin(at.tenant_id, "", "system", now, request_id=f"{release_id}/{turn}")
        flag = self.repository.flag(at, release.feature_key)
        if flag is None or flag.value.is_deleted:
            decision = Decision(Step.PAUSE, Verdict.ERROR, Why.FLAG_CHANGED, release.current)
            return self._advanced(before, decision, Measurement(failure="the flag is gone"), origin)
        measured = Measurement()
        if release.metrics:
            measured = self.metrics.measure(release, _variants(flag.value.flag), max(60, release.plan.look))
        decision = model.decide(release, measured, now)
        if decision.step is not Step.ROLL_BACK and not model.is_as_left(release, flag.value.flag):
            decision = replace(decision, step=Step.PAUSE, why=Why.FLAG_CHANGED)
        change = None
        if decision.step is Step.GROW:
            change = _flag_commit(flag, model.opened(release, flag.value.flag, decision.share), origin, release)
            change = None if change is None else _approved(change, release)
        elif decision.step is Step.ROLL_BACK:
            change = self._closing(release, origin)
        return self._advanced(before, decision, measured, origin, change)

    def _advanced(
        self,
        before: Kept[GrayRelease],
        decision: Decision,
        measured: Measurement,
        origin: Origin,
        flag: Commit[FeatureFlag] | None = None,
    ) -> GrayRelease | None:
        after = model.applied(before.value, decision, origin.at)
        # A turn that only holds is no event of its own: the journal has it.
        action = "" if decision.step is Step.HOLD else _VERBS[decision.step]
        after = replace(after, version=before.revision + 1)
        line = replace(_line(after, decision.step.value, origin), measured=measured)
        try:
            return self.repository.save(Commit(origin, action, after, before), line, flag).value
        except VersionConflict:
            return None  # somebody paused, cancelled or changed it: their turn counts

    # --- parts ---

    def found(self, at: FlagSet, release_id: str) -> Kept[GrayRelease]:
        """Return a release as it is kept.

        Raises:
            ReleaseNotFound
        """
        found = self.repository.get(at, release_id)
        if found is None:
            raise ReleaseNotFound(release_id=release_id)
        return found

    def _allowed(
        self, at: FlagSet, release_id: str, states: frozenset[Status] | set[Status], verb: str, version: int | None
    ) -> Kept[GrayRelease]:
        found = self.found(at, release_id)
        if found.value.status not in states:
            raise ReleaseStateRefused(status=found.value.status.value, verb=verb)
        if version is not None and version != found.revision:
            raise VersionConflict(expected=version, actual=found.revision)
        return found

    def _flag(self, release: GrayRelease) -> Kept[FeatureFlag]:
        found = self.repository.flag(release.at, release.feature_key)
        if found is None or found.value.is_deleted:
            raise FlagNotFound(flag_key=release.feature_key, environment=release.at.environment.value)
        return found

    def _saved(
        self,
        before: Kept[GrayRelease],
        after: GrayRelease,
        action: str,
        origin: Origin,
        flag: Commit[FeatureFlag] | None = None,
        *,
        reason: str = "",
        claim: Claim | None = None,
        alongside: Sequence[Any] = (),
    ) -> GrayRelease:
        after = replace(after, version=before.revision + 1)
        line = _line(after, action.upper(), origin)
        commit = Commit(origin, action, after, before, reason=reason)
        return self.repository.save(commit, line, flag, claim, alongside).value

    def _closing(self, release: GrayRelease, origin: Origin) -> Commit[FeatureFlag] | None:
        """Return what takes the flag back to where it was; None where it is gone, or was never opened."""
        flag = self.repository.flag(release.at, release.feature_key)
        if flag is None or flag.value.is_deleted or release.grown_at is None:
            return None
        baseline = replace(flag.value, definition=release.baseline)
        return _flag_commit(flag, model.restored(flag.value.flag, baseline.flag), origin, release)


_VERBS = {
    Step.GROW: "grown",
    Step.ROLL_BACK: "rolled_back",
    Step.PAUSE: "paused",
    Step.COMPLETE: "completed",
}


def _flag_commit(
    before: Kept[FeatureFlag], flag: Flag, origin: Origin, release: GrayRelease
) -> Commit[FeatureFlag] | None:
    after = before.value.with_flag(flag)
    if after.same_content(before.value):
        return None
    stamped = replace(after, version=before.revision + 1, updated_by=origin.user_id, updated_at=origin.at)
    stamped = replace(stamped, change_request="", approved_by=())
    return Commit(origin, "updated", stamped, before, reason=f"gray release {release.release_id}")


def _approved(commit: Commit[FeatureFlag], release: GrayRelease) -> Commit[FeatureFlag]:
    """What a release opens was agreed to with it."""
    after = replace(commit.after, change_request=release.change_request, approved_by=release.approved_by)
    return replace(commit, after=after)


def _variants(flag: Flag) -> tuple[str, str]:
    on = next((one.name for one in flag.variants if one.name != flag.off_variant), flag.off_variant)
    return on, flag.off_variant


def _line(release: GrayRelease, step: str, origin: Origin) -> Entry:
    planned = release.planned(origin.at)
    return Entry(
        origin.at, release.turn, step, release.verdict, release.why, release.current, planned, by=origin.user_id
    )
