"""Brings earlier versions of configuration items back, and lets staged ones come into force; many at once or none.

Trigger: POST /api/v1/system-config/{configKey}/rollback, /rollback, /confirm.
Runbook: docs/runbooks/settings-configs.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.settings.approvals.answers import ChangeRequestResponse
from enghub.settings.approvals.api import answered
from enghub.settings.configs import wiring
from enghub.settings.configs.answers import BatchResponse, RolledBackResponse
from enghub.settings.configs.api import BASE, UPDATE, asked, confirmed
from enghub.settings.configs.model import Layer
from enghub.settings.configs.requests import KEY_SHOWN, ConfirmRequest, RollbackAllRequest, RollbackRequest
from enghub.settings.configs.restoring import Restored

app = http.resolver()

LayerNamed = Annotated[Layer, Query()]
TenantNamed = Annotated[str | None, Query(alias="tenantId")]


@app.post(
    f"{BASE}/<config_key>/rollback", right=tuple(UPDATE.values()), key="optional", sensitive="data", about="config_key"
)
def roll_back_config(
    config_key: Annotated[str, Path(json_schema_extra=KEY_SHOWN)],
    request: RollbackRequest,
    layer: LayerNamed = Layer.TENANT,
    tenant_id: TenantNamed = None,
) -> Response[RolledBackResponse | ChangeRequestResponse]:
    """Make a new version of what an earlier one held; it is read again afterwards."""
    ask = asked(app, layer, tenant_id, UPDATE)
    confirmed(ask.call, config_key)
    claim = ask.call.claim(lambda config: RolledBackResponse.of_restored(Restored(config, verified=True)), scope=layer)
    restored = wiring.restoring().roll_back(
        ask.address(config_key),
        request.to_version,
        request.version,
        origin=ask.call.origin,
        reason=request.change_reason,
        claim=claim,
        break_glass=request.break_glass,
    )
    return answered(restored, ask.call.origin.at, RolledBackResponse.of_restored)


@app.post(
    f"{BASE}/rollback",
    right=tuple(UPDATE.values()),
    key="optional",
    sensitive="yes",
    about="request.configs.config_key",
)
def roll_back_configs(
    request: RollbackAllRequest, layer: LayerNamed = Layer.TENANT, tenant_id: TenantNamed = None
) -> Response[BatchResponse | ChangeRequestResponse]:
    """Bring several items of one layer back, all or none."""
    ask = asked(app, layer, tenant_id, UPDATE)
    wanted = [(ask.address(item.config_key), item.to_version, item.version) for item in request.configs]
    claim = ask.call.claim(BatchResponse.of, scope=layer)
    made = wiring.restoring().roll_back_all(wanted, ask.call.origin, request.change_reason, claim)
    return answered(made, ask.call.origin.at, lambda all_of: BatchResponse.of(tuple(one.config for one in all_of)))


@app.post(f"{BASE}/confirm", right=tuple(UPDATE.values()), key="optional")
def confirm_configs(
    request: ConfirmRequest, layer: LayerNamed = Layer.TENANT, tenant_id: TenantNamed = None
) -> Response[BatchResponse | ChangeRequestResponse]:
    """Let staged versions of one layer come into force, all or none."""
    ask = asked(app, layer, tenant_id, UPDATE)
    claim = ask.call.claim(BatchResponse.of, scope=layer)
    made = wiring.restoring().confirm(request.pairs(ask.owner), ask.call.origin, request.change_reason, claim)
    return answered(made, ask.call.origin.at, BatchResponse.of)


lambda_handler = entrypoints.http(app)
