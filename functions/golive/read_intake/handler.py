"""Reads integrations, their keys by hash, and silences (OPS-11).

Trigger: GET /api/v1/golive/{integrations|silences}, one of each; GET .../integrations/{id}/pulse;
GET /api/v1/golive/keys.
Runbook: docs/runbooks/golive-incidents.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.core.setup.api import Name
from enghub.golive import rights
from enghub.golive.alerts import dynamo, wiring
from enghub.golive.alerts.api import (
    IntegrationResponse,
    IntegrationsResponse,
    KeyResponse,
    KeysResponse,
    PulseResponse,
    SilenceResponse,
    SilencesResponse,
)
from enghub.golive.forms import BASE, paged
from enghub.golive.keys import dynamo as keys

app = http.resolver()

Size = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=1000)]
Id = Annotated[Name, Path()]


@app.get(f"{BASE}/integrations", right=rights.MANAGE_ONCALL)
def list_integrations(page_size: Size = 50, cursor: Cursor = None) -> IntegrationsResponse:
    """Return a page of integrations."""
    tenant_id = http.call(app).principal.tenant_id
    return IntegrationsResponse(
        **paged(dynamo.integrations().page(tenant_id, page_size, cursor), IntegrationResponse.of)
    )


@app.get(f"{BASE}/integrations/<integration_id>", right=rights.MANAGE_ONCALL)
def get_integration(integration_id: Id) -> IntegrationResponse:
    """Return an integration."""
    return IntegrationResponse.of(wiring.integrations().get(http.call(app).principal.tenant_id, integration_id))


@app.get(f"{BASE}/integrations/<integration_id>/pulse", right=rights.READ_GOLIVE)
def get_pulse(integration_id: Id) -> PulseResponse:
    """Return when a sender was heard of, and whether it is silent."""
    tenant_id = http.call(app).principal.tenant_id
    wiring.integrations().get(tenant_id, integration_id)
    return PulseResponse.of(integration_id, dynamo.DynamoPulses().get(tenant_id, integration_id))


@app.get(f"{BASE}/silences", right=rights.READ_GOLIVE)
def list_silences(page_size: Size = 50, cursor: Cursor = None) -> SilencesResponse:
    """Return a page of silences."""
    tenant_id = http.call(app).principal.tenant_id
    return SilencesResponse(**paged(dynamo.silences().page(tenant_id, page_size, cursor), SilenceResponse.of))


@app.get(f"{BASE}/silences/<silence_id>", right=rights.READ_GOLIVE)
def get_silence(silence_id: Id) -> SilenceResponse:
    """Return a silence."""
    return SilenceResponse.of(wiring.silences().get(http.call(app).principal.tenant_id, silence_id))


@app.get(f"{BASE}/keys", right=rights.MANAGE_ONCALL)
def list_access_keys(page_size: Size = 50, cursor: Cursor = None) -> KeysResponse:
    """Return a page of keys, by their hashes."""
    tenant_id = http.call(app).principal.tenant_id
    return KeysResponse(**paged(keys.page(tenant_id, page_size, cursor), KeyResponse.of))


lambda_handler = entrypoints.http(app)
