"""Checks after a go-live, what users say, the final review, the hand-over (OPS-09, OPS-17).

Trigger: below /api/v1/golive/go-lives/{goLiveId} POST aftercare/checks/{checkId}, aftercare/review, aftercare/cancel,
feedback, feedback/{feedbackId}/progress, satisfaction, PUT handover, POST handover/items/{itemId}, handover/reviews,
handover/sign-off.
Runbook: docs/runbooks/golive-aftercare.md.
"""

from typing import TYPE_CHECKING

from enghub.core import entrypoints, http
from enghub.core.clock import system_clock
from enghub.core.commits import Kept
from enghub.core.lazy import lazy
from enghub.golive import rights
from enghub.golive.aftercare.answers import AftercareResponse, FeedbackResponse, VoteResponse
from enghub.golive.aftercare.api import (
    AnswerCheckRequest,
    CheckId,
    FeedbackId,
    FeedbackRequest,
    MoveFeedbackRequest,
    ReasonRequest,
    ReviewRequest,
    VoteRequest,
)
from enghub.golive.forms import GO_LIVES, GoLiveId
from enghub.golive.handover.api import (
    HandoverItemId,
    HandoverResponse,
    HandoverReviewRequest,
    MoveItemRequest,
    PutHandoverRequest,
    SignHandoverRequest,
)
from enghub.golive.handover.model import Handover, SignOff

if TYPE_CHECKING:
    from enghub.golive.aftercare import wiring
    from enghub.golive.handover import wiring as handovers
else:
    handovers = lazy("enghub.golive.handover.wiring")
    wiring = lazy("enghub.golive.aftercare.wiring")

app = http.resolver()
ONE = f"{GO_LIVES}/<go_live_id>"


@app.post(f"{ONE}/aftercare/checks/<check_id>", right=rights.WORK_ON_GOLIVE)
def answer_check(go_live_id: GoLiveId, check_id: CheckId, request: AnswerCheckRequest) -> AftercareResponse:
    """Answer a check, or give a report; one that failed is told."""
    origin = http.call(app).origin
    found = wiring.aftercares().answer(go_live_id, check_id, origin, passed=request.passed, result=request.result)
    return AftercareResponse.of(found, system_clock())


@app.post(f"{ONE}/aftercare/review", right=rights.MANAGE_GOLIVE)
def review_go_live(go_live_id: GoLiveId, request: ReviewRequest) -> AftercareResponse:
    """End it with what was learnt; what to improve becomes actions, the go-live is done."""
    origin = http.call(app).origin
    improvements = [one.to_wanted() for one in request.improvements]
    found = wiring.aftercares().review(go_live_id, request.to_review(origin), improvements, origin)
    return AftercareResponse.of(found, system_clock())


@app.post(f"{ONE}/aftercare/cancel", right=rights.DECIDE_GOLIVE)
def cancel_aftercare(go_live_id: GoLiveId, request: ReasonRequest) -> AftercareResponse:
    """Say that the old system is back: nothing is asked for any more."""
    found = wiring.aftercares().cancel(go_live_id, request.reason, http.call(app).origin)
    return AftercareResponse.of(found, system_clock())


@app.post(f"{ONE}/feedback", right=rights.WORK_ON_GOLIVE, key="optional", status_code=201)
def give_feedback(go_live_id: GoLiveId, request: FeedbackRequest) -> FeedbackResponse:
    """Keep what somebody says of the new system; an urgent defect is told at once."""
    call = http.call(app)
    claim = call.claim(lambda made: FeedbackResponse.of(Kept(made)))
    said = request.to_feedback(go_live_id, call.origin)
    return FeedbackResponse.of(wiring.aftercares().say(said, call.origin, claim))


@app.post(f"{ONE}/feedback/<feedback_id>/progress", right=rights.WORK_ON_GOLIVE)
def move_feedback(go_live_id: GoLiveId, feedback_id: FeedbackId, request: MoveFeedbackRequest) -> FeedbackResponse:
    """Say how far it is."""
    origin, owner = http.call(app).origin, request.owner or ""
    found = wiring.aftercares().move(go_live_id, feedback_id, request.state, origin, owner=owner, note=request.note)
    return FeedbackResponse.of(found)


@app.post(f"{ONE}/satisfaction", right=rights.WORK_ON_GOLIVE)
def vote_satisfaction(go_live_id: GoLiveId, request: VoteRequest) -> VoteResponse:
    """Say how satisfied somebody is; each user has one voice, the last one counts."""
    origin = http.call(app).origin
    user = request.user or origin.user_id
    return VoteResponse.of(wiring.aftercares().vote(go_live_id, user, request.score, request.comment, origin))


@app.put(f"{ONE}/handover", right=rights.MANAGE_GOLIVE)
def put_handover(go_live_id: GoLiveId, request: PutHandoverRequest) -> HandoverResponse:
    """Plan the hand-over: 32 items, two weeks side by side, a review on every working day."""
    origin = http.call(app).origin
    wanted = request.to_handover(origin.tenant_id, go_live_id)
    return _handover(handovers.handovers().put(wanted, request.version, origin))


@app.post(f"{ONE}/handover/items/<item_id>", right=rights.WORK_ON_GOLIVE)
def move_handover_item(go_live_id: GoLiveId, item_id: HandoverItemId, request: MoveItemRequest) -> HandoverResponse:
    """Hand an item over, accept it, leave it out, open it again."""
    origin = http.call(app).origin
    return _handover(handovers.handovers().move(go_live_id, item_id, request.to_item(), origin))


@app.post(f"{ONE}/handover/reviews", right=rights.WORK_ON_GOLIVE)
def review_handover_day(go_live_id: GoLiveId, request: HandoverReviewRequest) -> HandoverResponse:
    """Keep a day's review; who says it again corrects it."""
    origin = http.call(app).origin
    review = request.to_review(origin.user_id, origin.at)
    return _handover(handovers.handovers().review(go_live_id, request.day, review, origin))


@app.post(f"{ONE}/handover/sign-off", right=rights.WORK_ON_GOLIVE)
def sign_handover(go_live_id: GoLiveId, request: SignHandoverRequest) -> HandoverResponse:
    """Sign for one's side what was seen; it is accepted once both sides have signed the same."""
    origin = http.call(app).origin
    sign_off = SignOff(origin.user_id, origin.at, request.seen, request.remarks)
    return _handover(handovers.handovers().sign(go_live_id, sign_off, origin))


def _handover(kept: Kept[Handover]) -> HandoverResponse:
    days = handovers.days(kept.value.tenant_id, kept.value.calendar_id)
    return HandoverResponse.of(kept, days, system_clock())


lambda_handler = entrypoints.http(app)
