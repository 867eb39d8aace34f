"""Creates a configuration item in one layer.

Trigger: POST /api/v1/system-config.
Runbook: docs/runbooks/settings-configs.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.settings.approvals.answers import ChangeRequestResponse
from enghub.settings.approvals.api import answered
from enghub.settings.configs import wiring
from enghub.settings.configs.answers import ConfigResponse
from enghub.settings.configs.api import BASE, CREATE, asked, confirmed
from enghub.settings.configs.model import Layer
from enghub.settings.configs.requests import CreateConfigRequest

app = http.resolver()


@app.post(
    BASE, right=tuple(CREATE.values()), key="optional", status_code=201, sensitive="data", about="request.config_key"
)
def create_config(
    request: CreateConfigRequest,
    layer: Annotated[Layer, Query()] = Layer.TENANT,
    tenant_id: Annotated[str | None, Query(alias="tenantId")] = None,
) -> Response[ConfigResponse | ChangeRequestResponse]:
    """Create an item; the key must be new in its layer. 202: it waits for its approval."""
    ask = asked(app, layer, tenant_id, CREATE)
    confirmed(ask.call, request.config_key)
    claim = ask.call.claim(ConfigResponse.of, scope=layer)
    made = wiring.configs().create(
        ask.address(request.config_key),
        request.content(),
        ask.call.origin,
        request.change_reason,
        claim,
        break_glass=request.break_glass,
    )
    return answered(made, ask.call.origin.at, ConfigResponse.of, 201)


lambda_handler = entrypoints.http(app)
