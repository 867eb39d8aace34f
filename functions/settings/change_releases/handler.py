"""Changes gray releases: creates, plans, starts, pauses, resumes, cancels, completes (CFG-10, REQ-008 8.2.4).

Trigger: POST /api/v1/gray-release, PUT .../{releaseId}/strategy, POST .../{releaseId}/{action}.
Runbook: docs/runbooks/gray-releases.md.
"""

from enum import StrEnum
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.settings import release_wiring, rights
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

app = http.resolver()

CHANGE = {FlagLayer.TENANT: rights.CHANGE_RELEASE, FlagLayer.GLOBAL: rights.CHANGE_GLOBAL_RELEASE}
CHANGES = tuple(CHANGE.values())
ReleaseNamed = Annotated[str, Path(min_length=1, max_length=64)]


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


@app.put(f"{BASE}/<release_id>/strategy", right=CHANGES)
def change_strategy(
    release_id: ReleaseNamed,
    request: StrategyRequest,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
) -> ReleaseResponse:
    """Change how a release grows, also while it runs."""
    ask = edge.to_change(app, layer, environment, CHANGE)
    plan = request.plan(release_wiring.releases().get(ask.at, release_id).plan)
    return ReleaseResponse.of(
        release_wiring.releases().plan(ask.at, release_id, plan, request.version, ask.call.origin)
    )


@app.post(f"{BASE}/<release_id>/<action>", right=CHANGES)
def move_release(
    release_id: ReleaseNamed,
    action: Annotated[Action, Path()],
    request: ActionRequest,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
) -> ReleaseResponse:
    """Start, pause, resume, cancel or complete a release."""
    ask = edge.to_change(app, layer, environment, CHANGE)
    found = release_wiring.releases()
    does = {
        Action.START: found.begin,
        Action.PAUSE: found.pause,
        Action.RESUME: found.resume,
        Action.CANCEL: found.cancel,
        Action.COMPLETE: found.complete,
    }[action]
    return ReleaseResponse.of(does(ask.at, release_id, request.version, ask.call.origin))


lambda_handler = entrypoints.http(app)
