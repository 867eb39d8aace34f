"""Shows rights given for a time and a part, gives and takes them, takes requests for them (CFG-22).

Trigger: GET /api/v1/settings/grants, .../own, .../{userId}; POST .../{userId}, .../{userId}/{grantId}/revoke;
POST .../own/requests, .../{userId}/requests/{requestId}/approve, /reject. Runbook: docs/runbooks/settings-security.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.core.http import Call
from enghub.settings import rights
from enghub.settings.grants import wiring
from enghub.settings.grants.api import (
    GRANTS,
    CommentRequest,
    GrantRequestResponse,
    GrantResponse,
    GrantRightRequest,
    GrantsResponse,
    OwnRightsResponse,
    ReasonRequest,
    UserGrantsResponse,
    WantedRequest,
)
from enghub.settings.grants.model import Level, Wanted

app = http.resolver(max_body_bytes=16 * 1024)

CHANGE = (rights.CHANGE_GRANTS, rights.CHANGE_GLOBAL_GRANTS)
UserNamed = Annotated[str, Path(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
Named = Annotated[str, Path(max_length=26, pattern=r"^[0-9A-Z]+$")]


def _to_change(wanted: Wanted) -> Call:
    call = http.call(app)
    call.require(rights.CHANGE_GLOBAL_GRANTS if wanted.level is Level.GLOBAL else rights.CHANGE_GRANTS)
    return call


@app.get(GRANTS, right=rights.READ_GRANTS)
def list_grants(
    page_size: Annotated[int, Query(ge=1, le=50, alias="pageSize")] = 20,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> GrantsResponse:
    """List the tenant's users that have grants or ask for them."""
    call = http.call(app)
    return GrantsResponse.of(*wiring.grants().page(call.principal.tenant_id, page_size, cursor), call.origin.at)


@app.get(f"{GRANTS}/own", right=rights.ASK_GRANT)
def read_own_rights() -> OwnRightsResponse:
    """Answer what the caller may do now, within what, until when, and what has lapsed since when."""
    call = http.call(app)
    who = call.principal
    return OwnRightsResponse.of_caller(who, wiring.grants().of(who.tenant_id, who.user_id), call.origin.at)


@app.post(f"{GRANTS}/own/requests", right=rights.ASK_GRANT, status_code=201)
def ask_for_right(request: WantedRequest) -> GrantRequestResponse:
    """Ask for a right; who may give it is told. Sent again it is the request that waits."""
    call = http.call(app)
    made = wiring.grants().ask(request.wanted(), request.reason, call.origin)
    return GrantRequestResponse.of(call.principal.user_id, made)


@app.get(f"{GRANTS}/<user_id>", right=rights.READ_GRANTS)
def read_grants(user_id: UserNamed) -> UserGrantsResponse:
    """Answer a user's grants and requests, and which of them contradict each other with what counts."""
    call = http.call(app)
    return UserGrantsResponse.of(wiring.grants().of(call.principal.tenant_id, user_id), call.origin.at)


@app.post(f"{GRANTS}/<user_id>", right=CHANGE, status_code=201, sensitive="yes")
def grant_right(user_id: UserNamed, request: GrantRightRequest) -> GrantResponse:
    """Give somebody else a right for a time, or take it (DENY). Sent again it is the grant that is there."""
    wanted = request.wanted(request.effect)
    call = _to_change(wanted)
    return GrantResponse.of(wiring.grants().give(user_id, wanted, request.reason, call.origin), call.origin.at)


@app.post(f"{GRANTS}/<user_id>/<grant_id>/revoke", right=CHANGE, sensitive="yes")
def revoke_right(user_id: UserNamed, grant_id: Named, request: ReasonRequest) -> GrantResponse:
    """Take a grant back, from now on."""
    call = http.call(app)
    found = wiring.grants().of(call.principal.tenant_id, user_id).grants
    levels = [one.wanted for one in found if one.grant_id == grant_id]
    _to_change(levels[0]) if levels else call.require(rights.CHANGE_GRANTS)
    made = wiring.grants().revoke(user_id, grant_id, request.reason, call.origin)
    return GrantResponse.of(made, call.origin.at)


@app.post(f"{GRANTS}/<user_id>/requests/<request_id>/approve", right=CHANGE, sensitive="yes")
def approve_right(user_id: UserNamed, request_id: Named, request: CommentRequest) -> GrantRequestResponse:
    """Give what somebody asked for."""
    return _decide(user_id, request_id, request, approve=True)


@app.post(f"{GRANTS}/<user_id>/requests/<request_id>/reject", right=CHANGE)
def reject_right(user_id: UserNamed, request_id: Named, request: CommentRequest) -> GrantRequestResponse:
    """Refuse what somebody asked for."""
    return _decide(user_id, request_id, request, approve=False)


def _decide(user_id: str, request_id: str, request: CommentRequest, *, approve: bool) -> GrantRequestResponse:
    call, grants = http.call(app), wiring.grants()
    call.require(rights.CHANGE_GRANTS)
    waiting = grants.waiting(grants.of(call.principal.tenant_id, user_id), request_id)
    if waiting.wanted.level is Level.GLOBAL:
        call.require(rights.CHANGE_GLOBAL_GRANTS)
    done = grants.decide(user_id, request_id, request.comment, call.origin, approve=approve)
    return GrantRequestResponse.of(user_id, done)


lambda_handler = entrypoints.http(app)
