"""Releases and proposals of improvements, from request to done (OPS-24; document 003, lines 716 to 735). No I/O.

Both go the same way: asked for, reviewed (a release by operations, a proposal by development), carried out, verified
by who asked for it, done. Nobody reviews what they asked for; whoever carries it out does not verify it.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from enghub.core.identity import Origin
from enghub.golive.releases.errors import OwnWork, WrongReleaseState
from enghub.kit.approvals.model import Approval, Policy, Stage, Status, ask, fingerprint


class ReleaseKind(StrEnum):
    """What is asked for."""

    RELEASE = "RELEASE"
    IMPROVEMENT = "IMPROVEMENT"


class ReleaseState(StrEnum):
    """Where it stands."""

    REQUESTED = "REQUESTED"
    REFUSED = "REFUSED"
    APPROVED = "APPROVED"
    STARTED = "STARTED"
    CARRIED_OUT = "CARRIED_OUT"
    """It waits to be verified."""
    FAILED = "FAILED"
    """Deployment or verification failed: it can be started again, or withdrawn."""
    DONE = "DONE"
    WITHDRAWN = "WITHDRAWN"


OVER = frozenset({ReleaseState.REFUSED, ReleaseState.DONE, ReleaseState.WITHDRAWN})
BEFORE_START = frozenset({ReleaseState.APPROVED, ReleaseState.FAILED})
REVIEW_ROLES = {ReleaseKind.RELEASE: ("OPS_ENGINEER", "OPS_LEAD"), ReleaseKind.IMPROVEMENT: ("UPGRADE_ADMIN",)}
"""Who reviews where nobody is named: operations, and development."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be done; a review is about exactly this."""

    title: str
    description: str
    system: str
    """A site of upgrades, or any system."""
    version: str = ""
    environment: str = ""
    """Of the upgrades it follows; empty: of any."""
    plan: str = ""
    """How it is deployed and taken back, or when it is planned."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release or proposal."""

    tenant_id: str
    release_id: str
    kind: ReleaseKind
    content: Content
    requested_by: str
    requested_at: datetime
    verifiers: tuple[str, ...]
    review: Approval
    recorded: ReleaseState = ReleaseState.REQUESTED
    """The state but for what a review's deadline makes of it."""
    carried_out_by: str = ""
    verified_by: str = ""
    upgrade: str = ""
    """The site whose upgrade moves it, once one did."""
    said: str = ""
    changed_at: datetime | None = None

    def state(self, now: datetime) -> ReleaseState:
        """Return where it stands; a review that nobody answered in time is a refusal."""
        if self.recorded is not ReleaseState.REQUESTED:
            return self.recorded
        status = self.review.status(now)
        if status is Status.PENDING:
            return ReleaseState.REQUESTED
        return ReleaseState.APPROVED if status is Status.APPROVED else ReleaseState.REFUSED

    @property
    def subject(self) -> str:
        """Its name for notices."""
        return f"release/{self.release_id}"

    def check(self, now: datetime, *states: ReleaseState) -> None:
        """Raise WrongReleaseState unless it is in one of these."""
        if (state := self.state(now)) not in states:
            raise WrongReleaseState(state=state.value)


def review_of(kind: ReleaseKind, content: Content, origin: Origin, reviewers: tuple[str, ...], hours: int) -> Approval:
    """Return the review that is asked for, bound to the content."""
    roles = () if reviewers else REVIEW_ROLES[kind]
    policy = Policy((Stage("review", 1, roles=roles, users=reviewers),), timedelta(hours=hours))
    seen = fingerprint({"kind": kind.value, **asdict(content)})
    return ask(policy, requester=origin.user_id, at=origin.at, seen=seen)


def reviewed(release: Release, review: Approval, now: datetime) -> Release:
    """Return it with a review's voice."""
    found = replace(release, review=review, changed_at=now)
    return replace(found, recorded=found.state(now), said=review.decisions[-1].comment[:500])


def started(release: Release, by: str, now: datetime, upgrade: str = "") -> Release:
    """Return it while it is carried out.

    Raises:
        WrongReleaseState
    """
    release.check(now, *BEFORE_START)
    begun = replace(release, recorded=ReleaseState.STARTED, upgrade=upgrade or release.upgrade)
    return replace(begun, carried_out_by=by, said="", changed_at=now)


def carried_out(release: Release, by: str, now: datetime, *, passed: bool, said: str) -> Release:
    """Return it deployed, or failed.

    Raises:
        WrongReleaseState
    """
    release.check(now, ReleaseState.STARTED)
    state = ReleaseState.CARRIED_OUT if passed else ReleaseState.FAILED
    return replace(release, recorded=state, carried_out_by=by, said=said[:500], changed_at=now)


def verified(release: Release, by: str, now: datetime, *, passed: bool, said: str) -> Release:
    """Return it done, or failed.

    Raises:
        WrongReleaseState
        OwnWork: by somebody who carried it out, or who is not asked to verify.
    """
    release.check(now, ReleaseState.CARRIED_OUT)
    if by not in release.verifiers or by == release.carried_out_by:
        raise OwnWork(permission="release:verify", verifiers=", ".join(release.verifiers))
    state = ReleaseState.DONE if passed else ReleaseState.FAILED
    return replace(release, recorded=state, verified_by=by, said=said[:500], changed_at=now)


def withdrawn(release: Release, reason: str, now: datetime) -> Release:
    """Return it taken back.

    Raises:
        WrongReleaseState
    """
    if release.state(now) in OVER or release.recorded is ReleaseState.STARTED:
        raise WrongReleaseState(state=release.state(now).value)
    return replace(release, recorded=ReleaseState.WITHDRAWN, said=reason[:500], changed_at=now)


class Upgraded(StrEnum):
    """What an upgrade says of a release that it carries out."""

    STARTED = "STARTED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


def followed(release: Release, what: Upgraded, problem: str, now: datetime) -> Release:
    """Return a release after its upgrade said something; what does not fit its state changes nothing."""
    state, by = release.state(now), "system:upgrade"
    if what is Upgraded.STARTED:
        site = release.content.system
        return started(release, by, now, upgrade=site) if state in BEFORE_START else release
    if what is Upgraded.SUCCEEDED and state in BEFORE_START:
        release, state = started(release, by, now, upgrade=release.content.system), ReleaseState.STARTED
    if state is not ReleaseState.STARTED:
        return release
    return carried_out(release, by, now, passed=what is Upgraded.SUCCEEDED, said=problem)
