"""Use cases of gray releases: what people do with them, and how one advances by itself (CFG-10)."""

from dataclasses import dataclass, replace
from datetime import datetime

from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.kit.metrics.model import Verdict
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
    """Reads, changes and advances gray releases."""

    repository: ReleaseRepository
    metrics: Metrics

    def get(self, at: FlagSet, release_id: str) -> GrayRelease:
        """Return a release.

        Raises:
            ReleaseNotFound
        """
        return self._existing(at, release_id).value

    def create(self, wanted: GrayRelease, origin: Origin, claim: Claim | None) -> GrayRelease:
        """Keep a release as DRAFT.

        Raises:
            FlagNotFound: there is no such flag to open.
        """
        origin = recorded(wanted.at, origin)
        self._flag(wanted)
        after = replace(wanted, created_by=origin.user_id, created_at=origin.at)
        return self.repository.save(Commit(origin, "created", after), _line(after, "CREATE", origin), claim=claim).value

    def plan(self, at: FlagSet, release_id: str, plan: Plan, version: int | None, origin: Origin) -> GrayRelease:
        """Change how it grows, also while it runs; what is open already stays open.

        Raises:
            ReleaseNotFound, VersionConflict
            ReleaseStateRefused: it has ended.
        """
        before = self._allowed(at, release_id, RUNS | {Status.DRAFT}, "strategy", version)
        if before.value.plan == plan:
            return before.value
        return self._saved(before, replace(before.value, plan=plan), "planned", recorded(at, origin))

    def begin(self, at: FlagSet, release_id: str, version: int | None, origin: Origin) -> GrayRelease:
        """Start a DRAFT, at its start time or now. Who the flag is open to already stays in.

        Raises:
            ReleaseNotFound, VersionConflict, FlagNotFound, ReleaseRunning
            ReleaseStateRefused: it is no DRAFT.
        """
        found = self._existing(at, release_id)
        if found.value.status is Status.ACTIVE and version in {None, found.revision - 1}:
            return found.value
        before = self._allowed(at, release_id, {Status.DRAFT}, "start", version)
        release, origin = before.value, recorded(at, origin)
        flag = self._flag(release)
        share = model.share_of(flag.value.flag, release.strategy)
        first = max(origin.at, release.start_time or origin.at)
        after = replace(
            release,
            status=Status.ACTIVE,
            start=share,
            current=share,
            baseline=flag.value.definition,
            begun_at=first,
            next_at=first,
            turn=release.turn + 1,
        )
        return self._saved(before, after, "started", origin)

    def pause(self, at: FlagSet, release_id: str, version: int | None, origin: Origin) -> GrayRelease:
        """Let it stand where it is.

        Raises:
            ReleaseNotFound, VersionConflict, ReleaseStateRefused
        """
        before = self._allowed(at, release_id, RUNS, "pause", version)
        if before.value.status is Status.PAUSED:
            return before.value
        after = replace(before.value, status=Status.PAUSED, why=Why.BY_HAND, next_at=None, turn=before.value.turn + 1)
        return self._saved(before, after, "paused", recorded(at, origin))

    def resume(self, at: FlagSet, release_id: str, version: int | None, origin: Origin) -> GrayRelease:
        """Go on from where it stands; a share that somebody set by hand is taken for its own from now on.

        Raises:
            ReleaseNotFound, VersionConflict, FlagNotFound, ReleaseStateRefused
        """
        before = self._allowed(at, release_id, RUNS, "resume", version)
        release, origin = before.value, recorded(at, origin)
        if release.status is Status.ACTIVE:
            return release
        share = release.current
        if release.why is Why.FLAG_CHANGED:
            share = model.share_of(self._flag(release).value.flag, release.strategy)
        end = None if release.end_time and release.end_time <= origin.at else release.end_time
        after = replace(
            release,
            status=Status.ACTIVE,
            current=share,
            why=Why.NONE,
            end_time=end,
            next_at=origin.at,
            turn=release.turn + 1,
        )
        return self._saved(before, after, "resumed", origin)

    def cancel(self, at: FlagSet, release_id: str, version: int | None, origin: Origin) -> GrayRelease:
        """End it and open the flag only as far as it was before.

        Raises:
            ReleaseNotFound, VersionConflict, ReleaseStateRefused
        """
        found = self._existing(at, release_id)
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
        return self._saved(before, after, "cancelled", origin, self._closing(release, origin))

    def complete(self, at: FlagSet, release_id: str, version: int | None, origin: Origin) -> GrayRelease:
        """End it where it stands; the flag stays open as far as it is.

        Raises:
            ReleaseNotFound, VersionConflict, ReleaseStateRefused
        """
        found = self._existing(at, release_id)
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

    def _existing(self, at: FlagSet, release_id: str) -> Kept[GrayRelease]:
        found = self.repository.get(at, release_id)
        if found is None:
            raise ReleaseNotFound(release_id=release_id)
        return found

    def _allowed(
        self, at: FlagSet, release_id: str, states: frozenset[Status] | set[Status], verb: str, version: int | None
    ) -> Kept[GrayRelease]:
        found = self._existing(at, release_id)
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
    ) -> GrayRelease:
        after = replace(after, version=before.revision + 1)
        line = _line(after, action.upper(), origin)
        return self.repository.save(Commit(origin, action, after, before), line, flag).value

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
    return Commit(origin, "updated", stamped, before, reason=f"gray release {release.release_id}")


def _variants(flag: Flag) -> tuple[str, str]:
    on = next((one.name for one in flag.variants if one.name != flag.off_variant), flag.off_variant)
    return on, flag.off_variant


def _line(release: GrayRelease, step: str, origin: Origin) -> Entry:
    planned = release.planned(origin.at)
    return Entry(
        origin.at, release.turn, step, release.verdict, release.why, release.current, planned, by=origin.user_id
    )
