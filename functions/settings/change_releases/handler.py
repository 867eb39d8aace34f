"""Changes gray releases: creates, plans, starts, pauses, resumes, cancels, completes (CFG-10, REQ-008 8.2.4).

Trigger: POST /api/v1/gray-release, PUT .../{releaseId}/strategy, POST .../{releaseId}/{action}.
Runbook: docs/runbooks/gray-releases.md.
"""

from enum import StrEnum
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.settings import release_wiring, rights
from enghub.settings.approvals.answers import ChangeRequestResponse
from enghub.settings.approvals.api import answered
from enghub.settings.flags import edge
from enghub.settings.flags.edge import EnvironmentNamed, LayerNamed
from enghub.settings.flags.model import Environment, FlagLayer
from enghub.settings.releases.api import (
    BASE,
    ActionRequest,
    CreateReleaseRequest,
    ReleaseResponse,
    StrategyRequest,
)
from enghub.settings.releases.moves import Asking

app = http.resolver()

CHANGE = {FlagLayer.TENANT: rights.CHANGE_RELEASE, FlagLayer.GLOBAL: rights.CHANGE_GLOBAL_RELEASE}
CHANGES = tuple(CHANGE.values())
ReleaseNamed = Annotated[str, Path(min_length=1, max_length=64)]
ReleaseOrRequest = Response[ReleaseResponse | ChangeRequestResponse]


class Action(StrEnum):
    """What people do with a release."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    COMPLETE = "complete"


@app.post(BASE, right=CHANGES, key="optional", status_code=201)
def create_release(request: CreateReleaseRequest, layer: LayerNamed = FlagLayer.TENANT) -> ReleaseResponse:
    """Keep a release as DRAFT."""
    ask = edge.to_change(app, layer, request.environment, CHANGE)
    claim = ask.call.claim(ReleaseResponse.of, scope=layer)
    return ReleaseResponse.of(release_wiring.releases().create(request.release(ask.at), ask.call.origin, claim))


@app.put(f"{BASE}/<release_id>/strategy", right=CHANGES, key="optional")
def change_strategy(
    release_id: ReleaseNamed,
    request: StrategyRequest,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
) -> ReleaseOrRequest:
    """Change how a release grows, also while it runs."""
    ask = edge.to_change(app, layer, environment, CHANGE)
    service = release_wiring.changing()
    plan = request.plan(service.get(ask.at, release_id).plan)
    found = service.plan(ask.at, release_id, plan, request.version, _asking(ask, request, f"{layer} {environment}"))
    return answered(found, ask.call.origin.at, ReleaseResponse.of)


@app.post(f"{BASE}/<release_id>/<action>", right=CHANGES, key="optional")
def move_release(
    release_id: ReleaseNamed,
    action: Annotated[Action, Path()],
    request: ActionRequest,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
) -> ReleaseOrRequest:
    """Start, pause, resume, cancel or complete a release; to start and to resume may need an approval."""
    ask = edge.to_change(app, layer, environment, CHANGE)
    service, seen, origin = release_wiring.changing(), request.version, ask.call.origin
    if action in {Action.START, Action.RESUME}:
        does = service.begin if action is Action.START else service.resume
        found = does(ask.at, release_id, seen, _asking(ask, request, f"{layer} {environment}"))
        return answered(found, origin.at, ReleaseResponse.of)
    ends = {Action.PAUSE: service.pause, Action.CANCEL: service.cancel, Action.COMPLETE: service.complete}[action]
    return answered(ends(ask.at, release_id, seen, origin), origin.at, ReleaseResponse.of)


def _asking(ask: edge.Asked, request: ActionRequest | StrategyRequest, scope: str) -> Asking:
    claim = ask.call.claim(ReleaseResponse.of, scope=scope)
    return Asking(ask.call.origin, request.change_reason, claim, request.break_glass)


lambda_handler = entrypoints.http(app)
