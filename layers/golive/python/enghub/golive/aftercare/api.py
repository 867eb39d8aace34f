"""What comes after go-lives, on the wire: what is asked (OPS-09)."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from enghub.core import wire
from enghub.core.identity import Origin
from enghub.core.setup.api import UserId
from enghub.golive.actions.api import ActionPart
from enghub.golive.aftercare.model import Review
from enghub.golive.aftercare.voices import Feedback, FeedbackKind, FeedbackState
from enghub.golive.forms import Id, Reason

CheckId = Annotated[Id, Path()]
FeedbackId = Annotated[Id, Path()]
Said = Annotated[str, Field(max_length=2000)]
Told = Annotated[str, Field(min_length=3, max_length=4000)]


class ReasonRequest(wire.Request):
    """Why."""

    reason: Reason


class AnswerCheckRequest(wire.Request):
    """What a check showed, or a report."""

    passed: wire.Flag
    result: Annotated[str, Field(min_length=1, max_length=2000)]


class FeedbackRequest(wire.Request):
    """What somebody says of the new system; ``saidBy`` where one writes it down for another."""

    kind: FeedbackKind
    area: wire.ShortText
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    is_urgent: wire.Flag = False
    said_by: UserId | None = None

    def to_feedback(self, go_live_id: str, origin: Origin) -> Feedback:
        """Return what was said."""
        by = self.said_by or origin.user_id
        names = (origin.tenant_id, go_live_id, "", by, origin.at)
        return Feedback(*names, self.kind, self.area, self.text, self.is_urgent)


class MoveFeedbackRequest(wire.Request):
    """How far it is; an owner who is left out stays."""

    state: FeedbackState
    owner: UserId | None = None
    note: Said = ""


class VoteRequest(wire.Request):
    """How satisfied somebody is, 1 to 5; ``user`` where one writes it down for another."""

    score: Annotated[wire.Count, Field(ge=1, le=5)]
    comment: Said = ""
    user: UserId | None = None


class ReviewRequest(wire.Request):
    """The final review: what was learnt, what to improve by whom until when, whether the old system is retired."""

    lessons: Told
    went_well: Said = ""
    retire_old_system: wire.Flag = False
    improvements: Annotated[tuple[ActionPart, ...], Field(max_length=20)] = ()

    def to_review(self, origin: Origin) -> Review:
        """Return the review."""
        return Review(origin.user_id, origin.at, self.lessons, self.went_well, self.retire_old_system)
