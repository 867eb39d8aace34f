"""Shows and changes the security policy, lists sessions and ends them: signing out (CFG-19).

Trigger: GET, PUT /api/v1/settings/security-policy; GET /api/v1/settings/sessions; DELETE .../sessions/{sessionId}.
Runbook: docs/runbooks/settings-security.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.settings import rights
from enghub.settings.approvals.answers import ChangeRequestResponse
from enghub.settings.approvals.api import Space, answered
from enghub.settings.configs.api import UPDATE, asked
from enghub.settings.configs.model import Layer
from enghub.settings.security import wiring
from enghub.settings.security.api import (
    POLICY,
    SESSIONS,
    EndedResponse,
    PolicyRequest,
    PolicyResponse,
    SessionsResponse,
)

app = http.resolver(max_body_bytes=64 * 1024)

SpaceNamed = Annotated[Space, Query(alias="layer")]
UserNamed = Annotated[str | None, Query(alias="userId", min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
SessionNamed = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[0-9a-z]+$")]


@app.get(POLICY, right=rights.READ_SECURITY)
def read_security_policy() -> PolicyResponse:
    """Answer what is enforced for the tenant, and whose value each part is."""
    call = http.call(app)
    shown = wiring.policies().shown(call.principal.tenant_id, call.origin.at)
    return PolicyResponse.of(shown, call.origin.at, call.language)


@app.put(POLICY, right=(UPDATE[Layer.TENANT], UPDATE[Layer.GLOBAL]), sensitive="yes")
def change_security_policy(
    request: PolicyRequest, layer: SpaceNamed = "tenant"
) -> Response[PolicyResponse | ChangeRequestResponse]:
    """Change parts of a layer's policy together; in force within 30 s. Null leaves a part to the layer behind."""
    ask = asked(app, Layer(layer), None, UPDATE)
    call = ask.call
    held = wiring.changes().change(
        ask.owner,
        request.said(),
        call.origin,
        request.change_reason,
        revision=request.revision,
        forced="ipAllowList" in request.force,
        break_glass=request.break_glass,
    )
    shown = wiring.policies().shown(call.principal.tenant_id, call.origin.at)
    return answered(held or shown, call.origin.at, lambda one: PolicyResponse.of(one, call.origin.at, call.language))


@app.get(SESSIONS, right=(rights.OWN_SESSIONS, rights.READ_SESSIONS))
def list_sessions(user_id: UserNamed = None) -> SessionsResponse:
    """List the caller's sessions, or those of another user of the tenant."""
    call = http.call(app)
    who = user_id or call.principal.user_id
    call.require(rights.OWN_SESSIONS if who == call.principal.user_id else rights.READ_SESSIONS)
    found = wiring.sessions().of(call.principal.tenant_id, who)
    shown = wiring.policies().shown(call.principal.tenant_id, call.origin.at)
    return SessionsResponse.of(who, found.live, call.principal.session, shown, call.origin.at)


@app.delete(f"{SESSIONS}/<session_id>", right=(rights.OWN_SESSIONS, rights.END_SESSIONS), sensitive="data")
def end_session(session_id: SessionNamed, user_id: UserNamed = None) -> EndedResponse:
    """End one of the caller's sessions (``current``: sign out), or one of another user of the tenant."""
    call = http.call(app)
    who = user_id or call.principal.user_id
    if who == call.principal.user_id:
        call.require(rights.OWN_SESSIONS)
    else:
        call.require(rights.END_SESSIONS)
        call.confirm()
    named = call.principal.session if session_id == "current" else session_id
    wiring.sessions().end(who, named, call.origin)
    return EndedResponse(session_id=named, user_id=who)


lambda_handler = entrypoints.http(app)
