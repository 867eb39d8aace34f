"""Creates a configuration item in one layer.

Trigger: POST /api/v1/system-config.
Runbook: docs/runbooks/settings-configs.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.settings import wiring
from enghub.settings.configs.api import BASE, CREATE, ConfigResponse, CreateConfigRequest, asked
from enghub.settings.configs.model import Layer

app = http.resolver()


@app.post(BASE, right=tuple(CREATE.values()), key="optional", status_code=201)
def create_config(
    request: CreateConfigRequest,
    layer: Annotated[Layer, Query()] = Layer.TENANT,
    tenant_id: Annotated[str | None, Query(alias="tenantId")] = None,
) -> ConfigResponse:
    """Create an item; the key must be new in its layer."""
    ask = asked(app, layer, tenant_id, CREATE)
    claim = ask.call.claim(ConfigResponse.of, scope=layer)
    config = wiring.configs().create(
        ask.address(request.config_key), request.content(), ask.call.origin, request.change_reason, claim
    )
    return ConfigResponse.of(config)


lambda_handler = entrypoints.http(app)
