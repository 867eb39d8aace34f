"""Makes go-lives from the template, moves them, decides go or no-go; releases (OPS-01, OPS-03, OPS-24).

Trigger: POST /api/v1/golive/go-lives, PATCH /api/v1/golive/go-lives/{goLiveId}, and below it POST cancel,
windows/{windowId}/close and decision; POST /api/v1/golive/releases and .../{releaseId}/{review|start|finish|verify|
withdraw}.
Runbook: docs/runbooks/golive.md.
"""

from enghub.core import entrypoints, http
from enghub.core.commits import Kept
from enghub.golive import rights
from enghub.golive.forms import GO_LIVES, GoLiveId, WindowId
from enghub.golive.readiness import wiring
from enghub.golive.readiness.answers import GoLiveResponse
from enghub.golive.readiness.api import ChangeGoLiveRequest, CreateGoLiveRequest, DecideRequest, ReasonRequest
from enghub.golive.releases import wiring as releasing
from enghub.golive.releases.api import (
    RELEASES,
    OutcomeRequest,
    ReleaseId,
    ReleaseRequestResponse,
    RequestReleaseRequest,
    ReviewRequest,
)

app = http.resolver()
RELEASE = f"{RELEASES}/<release_id>"


@app.post(GO_LIVES, right=rights.MANAGE_GOLIVE, key="optional", status_code=201)
def create_go_live(request: CreateGoLiveRequest) -> GoLiveResponse:
    """Make a go-live with the built-in checklist; every window's due day follows from its date."""
    call = http.call(app)
    claim = call.claim(GoLiveResponse.of_new)
    return GoLiveResponse.of(wiring.go_lives().create(request.to_wanted(), call.origin, claim))


@app.patch(f"{GO_LIVES}/<go_live_id>", right=rights.MANAGE_GOLIVE)
def change_go_live(go_live_id: GoLiveId, request: ChangeGoLiveRequest) -> GoLiveResponse:
    """Move the date, with every due day, or change the team."""
    team = None if request.team is None else tuple(one.to_member() for one in request.team)
    origin = http.call(app).origin
    found = wiring.go_lives().change(go_live_id, request.version, origin, live_at=request.live_at, team=team)
    return GoLiveResponse.of(found)


@app.post(f"{GO_LIVES}/<go_live_id>/cancel", right=rights.MANAGE_GOLIVE)
def cancel_go_live(go_live_id: GoLiveId, request: ReasonRequest) -> GoLiveResponse:
    """Give a go-live up."""
    return GoLiveResponse.of(wiring.go_lives().cancel(go_live_id, request.reason, http.call(app).origin))


@app.post(f"{GO_LIVES}/<go_live_id>/windows/<window_id>/close", right=rights.MANAGE_GOLIVE)
def close_window(go_live_id: GoLiveId, window_id: WindowId) -> GoLiveResponse:
    """Close a window whose blocking items are signed off or waived."""
    return GoLiveResponse.of(wiring.go_lives().close_window(go_live_id, window_id, http.call(app).origin))


@app.post(f"{GO_LIVES}/<go_live_id>/decision", right=rights.DECIDE_GOLIVE)
def decide_go_live(go_live_id: GoLiveId, request: DecideRequest) -> GoLiveResponse:
    """Decide go or no-go on the summary that was seen; evidence that changes later voids it."""
    call = http.call(app)
    made = wiring.go_lives().decide(go_live_id, request.answer, request.seen, request.reason, call.origin)
    return GoLiveResponse.of(made)


@app.post(RELEASES, right=rights.REQUEST_RELEASES, key="optional", status_code=201)
def request_release(request: RequestReleaseRequest) -> ReleaseRequestResponse:
    """Ask for a release, or propose an improvement; who has to review it is told."""
    call = http.call(app)
    claim = call.claim(lambda made: ReleaseRequestResponse.of(Kept(made), call.origin.at))
    made = releasing.releases().request(request.to_release(call.origin), call.origin, claim)
    return ReleaseRequestResponse.of(made, call.origin.at)


@app.post(f"{RELEASE}/review", right=rights.REQUEST_RELEASES)
def review_release(release_id: ReleaseId, request: ReviewRequest) -> ReleaseRequestResponse:
    """Approve what was asked for, or refuse it; never by who asked, and only what was seen."""
    call = http.call(app)
    said = {"seen": request.seen, "comment": request.comment}
    roles = tuple(call.principal.roles)
    found = releasing.releases().vote(release_id, request.verdict, call.origin, roles, **said)
    return ReleaseRequestResponse.of(found, call.origin.at)


@app.post(f"{RELEASE}/start", right=rights.WORK_ON_GOLIVE)
def start_release(release_id: ReleaseId) -> ReleaseRequestResponse:
    """Begin to carry it out; an upgrade of its system to its version does so by itself."""
    origin = http.call(app).origin
    return ReleaseRequestResponse.of(releasing.releases().start(release_id, origin), origin.at)


@app.post(f"{RELEASE}/finish", right=rights.WORK_ON_GOLIVE)
def finish_release(release_id: ReleaseId, request: OutcomeRequest) -> ReleaseRequestResponse:
    """Say that it was carried out, or that this failed."""
    origin = http.call(app).origin
    found = releasing.releases().finish(release_id, origin, passed=request.passed, said=request.comment)
    return ReleaseRequestResponse.of(found, origin.at)


@app.post(f"{RELEASE}/verify", right=rights.REQUEST_RELEASES)
def verify_release(release_id: ReleaseId, request: OutcomeRequest) -> ReleaseRequestResponse:
    """Say that it does what it was asked for, or not; never by who carried it out."""
    origin = http.call(app).origin
    found = releasing.releases().verify(release_id, origin, passed=request.passed, said=request.comment)
    return ReleaseRequestResponse.of(found, origin.at)


@app.post(f"{RELEASE}/withdraw", right=rights.REQUEST_RELEASES)
def withdraw_release(release_id: ReleaseId, request: ReasonRequest) -> ReleaseRequestResponse:
    """Take it back."""
    origin = http.call(app).origin
    return ReleaseRequestResponse.of(releasing.releases().withdraw(release_id, request.reason, origin), origin.at)


lambda_handler = entrypoints.http(app)
