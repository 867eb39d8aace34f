"""Sets up integrations, gives out and revokes their keys, sets silences (OPS-11).

Trigger: PUT and DELETE /api/v1/golive/{integrations|silences}/{id}; POST /api/v1/golive/integrations/{id}/keys;
DELETE /api/v1/golive/keys/{keyHash}.
Runbook: docs/runbooks/golive-incidents.md.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.core.commits import Commit
from enghub.core.setup.api import Name
from enghub.core.setup.errors import SetupNotFound
from enghub.golive import rights
from enghub.golive.alerts import wiring
from enghub.golive.alerts.api import (
    IntegrationResponse,
    KeyHash,
    KeyResponse,
    PutIntegrationRequest,
    PutSilenceRequest,
    SilenceResponse,
)
from enghub.golive.forms import BASE
from enghub.golive.keys import dynamo as keys
from enghub.golive.keys.model import KeyKind

app = http.resolver()

Id = Annotated[Name, Path()]
Seen = Annotated[int | None, Query(ge=1, le=1_000_000_000)]


@app.put(f"{BASE}/integrations/<integration_id>", right=rights.MANAGE_ONCALL)
def put_integration(integration_id: Id, request: PutIntegrationRequest) -> IntegrationResponse:
    """Store an integration."""
    call = http.call(app)
    wanted = request.to_integration(call.principal.tenant_id, integration_id)
    return IntegrationResponse.of(wiring.integrations().put(integration_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/integrations/<integration_id>", right=rights.MANAGE_ONCALL, status_code=204)
def delete_integration(integration_id: Id, version: Seen = None) -> None:
    """Take an integration away; its keys open nothing any more."""
    wiring.integrations().delete(integration_id, version, http.call(app).origin)


@app.post(f"{BASE}/integrations/<integration_id>/keys", right=rights.MANAGE_ONCALL, status_code=201)
def make_integration_key(integration_id: Id) -> KeyResponse:
    """Give out a key; it is shown this once."""
    call = http.call(app)
    wiring.integrations().get(call.principal.tenant_id, integration_id)
    text, kept = keys.issue(KeyKind.INTAKE, integration_id, call.origin)
    return KeyResponse.of(kept, text)


@app.delete(f"{BASE}/keys/<key_hash>", right=rights.MANAGE_ONCALL)
def revoke_access_key(
    key_hash: Annotated[KeyHash, Path()], minutes: Annotated[int, Query(ge=0, le=100_000)] = 0
) -> KeyResponse:
    """Revoke a key now, or in some minutes while senders are changed over to another one."""
    call = http.call(app)
    kept = keys.get(call.principal.tenant_id, key_hash)
    if kept is None:
        raise SetupNotFound(what="key", name=key_hash)
    after = replace(kept.value, revoked_at=call.origin.at + timedelta(minutes=minutes))
    return KeyResponse.of(keys.KEYS.save(Commit(call.origin, "revoked", after, kept)))


@app.put(f"{BASE}/silences/<silence_id>", right=rights.RESPOND)
def put_silence(silence_id: Id, request: PutSilenceRequest) -> SilenceResponse:
    """Store a silence."""
    call = http.call(app)
    wanted = request.to_silence(call.principal.tenant_id, silence_id)
    return SilenceResponse.of(wiring.silences().put(silence_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/silences/<silence_id>", right=rights.RESPOND, status_code=204)
def delete_silence(silence_id: Id, version: Seen = None) -> None:
    """End a silence for what fires from now on; incidents that it made quiet page at its former end."""
    wiring.silences().delete(silence_id, version, http.call(app).origin)


lambda_handler = entrypoints.http(app)
