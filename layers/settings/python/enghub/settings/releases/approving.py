"""Gray releases that people have to agree to: their start, going on, and another plan while they run (CFG-08, CFG-10).

What opens a flag further waits. What closes it, or keeps it where it is (pause, cancel, complete, rolling back), never
does: harm must end at once. Rules of approval name releases by the kind ``release`` and the key of the flag; a rule
that speaks of the flag itself (kind ``flag``) holds for its release as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from enghub.core import codec
from enghub.core.claims import Claim
from enghub.core.commits import Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.settings.approvals.gate import held
from enghub.settings.approvals.model import ChangeRequest, Subject
from enghub.settings.approvals.service import Approving
from enghub.settings.flags.model import FlagSet
from enghub.settings.releases.errors import ReleaseStateRefused
from enghub.settings.releases.model import RUNS, GrayRelease, Plan, Status
from enghub.settings.releases.moves import Approved, Move
from enghub.settings.releases.service import ReleaseService
from enghub_flags.reading import percent

KIND = "release"
FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Proposed:
    """The payload of a request: what somebody wants to do with which release, as they saw it."""

    at: FlagSet
    release_id: str
    move: Move
    version: int
    before: Plan
    plan: Plan


@dataclass(frozen=True, slots=True)
class ReleaseGate:
    """Holds what rules of approval speak of; see ``Gate``."""

    approving: Approving

    def passes(
        self,
        move: Move,
        before: Kept[GrayRelease],
        plan: Plan,
        *,
        origin: Origin,
        reason: str,
        claim: Claim | None,
        break_glass: bool,
    ) -> ChangeRequest | Sequence[Any]:
        """Return the request that now waits for its approval, or the writes that belong to the move's transaction.

        Raises:
            BreakGlassForbidden: a rule allows none of it before its approval.
            ReasonRequired: such a move has no reason.
        """
        release = before.value
        named = release.feature_key, release.at.layer.value, release.at.environment.value
        proposed = Proposed(release.at, release.release_id, move, before.revision, release.plan, plan)
        seen = {"status": release.status.value, **_plan(release.plan)}
        wanted = {"status": release.status.value if move is Move.PLAN else Status.ACTIVE.value, **_plan(plan)}
        return held(
            self.approving,
            KIND,
            [Subject(KIND, *named), Subject(FLAG, *named)],
            codec.dumps(proposed),
            [
                {
                    "releaseId": release.release_id,
                    "releaseName": release.release_name,
                    "featureKey": release.feature_key,
                    "environment": release.at.environment.value,
                    "layer": release.at.layer.value,
                    "before": seen,
                    "after": wanted,
                }
            ],
            origin=origin,
            reason=reason,
            claim=claim,
            break_glass=break_glass,
        )


@dataclass(frozen=True, slots=True)
class ReleaseExecutor:
    """Makes what was approved, and takes back what was done before its approval; see ``Executor``."""

    service: ReleaseService

    def apply(self, request: ChangeRequest, origin: Origin, alongside: Sequence[Any]) -> None:
        """Start it, let it go on, or give it the plan, if it stands as it did when it was asked for.

        Raises:
            VersionConflict: it was changed meanwhile; that it grew by its plan is no change.
            ReleaseStateRefused, ReleaseRunning, FlagNotFound: it cannot be any more.
        """
        said = codec.loads(Proposed, request.payload)
        found = self.service.found(said.at, said.release_id)
        if found.revision != said.version if said.move is not Move.PLAN else found.value.plan != said.before:
            raise VersionConflict(expected=said.version, actual=found.revision)
        by = Approved(request.request_id, request.approval.approvers, tuple(alongside))
        self.service.moved(said.move, found, said.plan, origin, by, reason=request.approval.reason)

    def revert(self, request: ChangeRequest, origin: Origin, alongside: Sequence[Any]) -> None:
        """Cancel what was started, stop what went on, bring the plan of before back.

        Raises:
            VersionConflict: it has another plan by now.
            ReleaseStateRefused: it has ended.
        """
        said = codec.loads(Proposed, request.payload)
        by = Approved(alongside=tuple(alongside))
        found = self.service.found(said.at, said.release_id)
        runs = RUNS if said.move is Move.START else {Status.ACTIVE}
        if said.move is not Move.PLAN and found.value.status not in runs:
            raise ReleaseStateRefused(status=found.value.status.value, verb="go back")
        if said.move is Move.START:
            self.service.cancel(said.at, said.release_id, None, origin, by)
        elif said.move is Move.RESUME:
            self.service.pause(said.at, said.release_id, None, origin, by)
        elif found.value.plan != said.plan:
            raise VersionConflict(expected=said.version + 1, actual=found.revision)
        else:
            self.service.moved(Move.PLAN, found, said.before, origin, by)


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "targetPercentage": percent(plan.target),
        "incrementStep": percent(plan.step),
        "incrementInterval": plan.interval,
        "analysisInterval": plan.look,
    }
