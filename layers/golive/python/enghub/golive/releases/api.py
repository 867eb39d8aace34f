"""Releases and proposals on the wire (OPS-24)."""

from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from enghub.core import ids, wire
from enghub.core.commits import Kept
from enghub.core.identity import Origin
from enghub.core.setup.api import UserId
from enghub.golive.forms import BASE, Hash, Id
from enghub.golive.releases.model import Content, Release, ReleaseKind, ReleaseState, review_of
from enghub.golive.releases.repository import ReleasePage
from enghub.kit.approvals.model import Verdict

RELEASES = f"{BASE}/releases"
ReleaseId = Annotated[Id, Path()]
Said = Annotated[str, Field(max_length=500)]
Users = Annotated[tuple[UserId, ...], Field(max_length=20)]
Long = Annotated[str, Field(max_length=4000)]


class RequestReleaseRequest(wire.Request):
    """What is asked for; operations review a RELEASE, development an IMPROVEMENT, unless ``reviewers`` are named.

    A release with ``system`` and ``version`` of an upgrade's site is moved by that upgrade's events.
    """

    kind: ReleaseKind = ReleaseKind.RELEASE
    title: wire.ShortText
    description: Long = ""
    system: wire.ShortText
    version: Annotated[str, Field(max_length=100)] = ""
    environment: Annotated[str, Field(max_length=40)] = ""
    plan: Long = ""
    reviewers: Users = ()
    verifiers: Users = ()
    """Who verifies; who asks where left out."""
    review_hours: Annotated[wire.Count, Field(ge=1, le=720)] = 72

    def to_release(self, origin: Origin) -> Release:
        """Return the release with its review asked for."""
        content = Content(self.title, self.description, self.system, self.version, self.environment, self.plan)
        return Release(
            tenant_id=origin.tenant_id,
            release_id=ids.new_id(origin.at),
            kind=self.kind,
            content=content,
            requested_by=origin.user_id,
            requested_at=origin.at,
            verifiers=self.verifiers or (origin.user_id,),
            review=review_of(self.kind, content, origin, self.reviewers, self.review_hours),
        )


class ReviewRequest(wire.Request):
    """Yes or no to what was asked for; ``seen`` is its hash."""

    verdict: Verdict
    seen: Hash
    comment: Said = ""


class OutcomeRequest(wire.Request):
    """Whether it went well."""

    passed: wire.Flag
    comment: Said = ""


class ReleaseRequestResponse(wire.Response):
    """A release or proposal; ``seen`` is what a review names."""

    release_id: str
    kind: ReleaseKind
    title: str
    description: str
    system: str
    version: str | None
    environment: str | None
    plan: str
    state: ReleaseState
    requested_by: str
    requested_at: wire.Instant
    reviewers: tuple[str, ...]
    review_roles: tuple[str, ...]
    review_due: wire.Instant
    reviewed_by: tuple[str, ...]
    seen: str
    verifiers: tuple[str, ...]
    carried_out_by: str | None
    verified_by: str | None
    upgrade_of: str | None
    comment: str | None
    revision: int

    @classmethod
    def of(cls, kept: Kept[Release], now: datetime) -> "ReleaseRequestResponse":
        """Return the answer for a release."""
        one, content, stage = kept.value, kept.value.content, kept.value.review.policy.stages[0]
        return cls(
            release_id=one.release_id,
            kind=one.kind,
            title=content.title,
            description=content.description,
            system=content.system,
            version=content.version or None,
            environment=content.environment or None,
            plan=content.plan,
            state=one.state(now),
            requested_by=one.requested_by,
            requested_at=one.requested_at,
            reviewers=stage.users,
            review_roles=stage.roles,
            review_due=one.review.due,
            reviewed_by=tuple(each.user_id for each in one.review.decisions),
            seen=one.review.seen,
            verifiers=one.verifiers,
            carried_out_by=one.carried_out_by or None,
            verified_by=one.verified_by or None,
            upgrade_of=one.upgrade or None,
            comment=one.said or None,
            revision=kept.revision,
        )


class ReleaseRequestsResponse(wire.Response):
    """Part of the releases, the latest first."""

    items: tuple[ReleaseRequestResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: ReleasePage, now: datetime) -> "ReleaseRequestsResponse":
        """Return the answer for a page."""
        return cls(items=tuple(ReleaseRequestResponse.of(one, now) for one in page.items), cursor=page.cursor)
