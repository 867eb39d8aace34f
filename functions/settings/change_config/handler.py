"""Changes and deletes configuration items, on the version that was read if it is named; many at once or none.

Trigger: PUT, PATCH, DELETE /api/v1/system-config/{configKey}; POST /api/v1/system-config/batch.
Runbook: docs/runbooks/settings-configs.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.settings.approvals.answers import ChangeRequestResponse
from enghub.settings.approvals.api import answered
from enghub.settings.configs import wiring
from enghub.settings.configs.answers import BatchResponse, ConfigResponse
from enghub.settings.configs.api import BASE, DELETE, UPDATE, asked, confirmed, version_read
from enghub.settings.configs.model import Layer
from enghub.settings.configs.requests import (
    KEY_SHOWN,
    BatchRequest,
    Description,
    PatchConfigRequest,
    ReplaceConfigRequest,
    VersionQuery,
)
from enghub.settings.configs.service import Edited

app = http.resolver()

LayerNamed = Annotated[Layer, Query()]
KeyNamed = Annotated[str, Path(json_schema_extra=KEY_SHOWN)]
TenantNamed = Annotated[str | None, Query(alias="tenantId")]


@app.post(
    f"{BASE}/batch", right=tuple(UPDATE.values()), key="optional", sensitive="yes", about="request.configs.config_key"
)
def change_configs(
    request: BatchRequest, layer: LayerNamed = Layer.TENANT, tenant_id: TenantNamed = None
) -> Response[BatchResponse | ChangeRequestResponse]:
    """Change several items of one layer, all or none."""
    ask = asked(app, layer, tenant_id, UPDATE)
    claim = ask.call.claim(BatchResponse.of, scope=layer)
    changed = wiring.configs().change_all(
        request.edits(ask.owner), ask.call.origin, request.change_reason, claim, break_glass=request.break_glass
    )
    return answered(changed, ask.call.origin.at, BatchResponse.of)


@app.put(
    f"{BASE}/<config_key>",
    right=tuple(UPDATE.values()),
    key="optional",
    etag="change",
    sensitive="data",
    about="config_key",
)
def replace_config(
    config_key: KeyNamed,
    request: ReplaceConfigRequest,
    layer: LayerNamed = Layer.TENANT,
    tenant_id: TenantNamed = None,
) -> Response[ConfigResponse | ChangeRequestResponse]:
    """Replace the content of an item."""
    return _change(config_key, request, layer, tenant_id)


@app.patch(
    f"{BASE}/<config_key>",
    right=tuple(UPDATE.values()),
    key="optional",
    etag="change",
    sensitive="data",
    about="config_key",
)
def patch_config(
    config_key: KeyNamed,
    request: PatchConfigRequest,
    layer: LayerNamed = Layer.TENANT,
    tenant_id: TenantNamed = None,
) -> Response[ConfigResponse | ChangeRequestResponse]:
    """Change some fields of an item."""
    return _change(config_key, request, layer, tenant_id)


def _change(
    config_key: KeyNamed, request: ReplaceConfigRequest | PatchConfigRequest, layer: Layer, tenant_id: str | None
) -> Response[ConfigResponse | ChangeRequestResponse]:
    ask = asked(app, layer, tenant_id, UPDATE)
    confirmed(ask.call, config_key)
    wanted = Edited(ask.address(config_key), version_read(ask.call, layer, request.version), request.edit)
    claim = ask.call.claim(ConfigResponse.of, scope=layer)
    made = wiring.configs().change(
        wanted, ask.call.origin, request.change_reason, claim, break_glass=request.break_glass
    )
    return answered(made, ask.call.origin.at, ConfigResponse.of)


@app.delete(
    f"{BASE}/<config_key>",
    right=tuple(DELETE.values()),
    key="optional",
    etag="change",
    sensitive="data",
    about="config_key",
)
def delete_config(
    *,
    config_key: KeyNamed,
    layer: LayerNamed = Layer.TENANT,
    tenant_id: TenantNamed = None,
    version: Annotated[VersionQuery | None, Query()] = None,
    change_reason: Annotated[Description, Query(alias="changeReason")] = "",
    break_glass: Annotated[bool, Query(alias="breakGlass")] = False,
) -> Response[ConfigResponse | ChangeRequestResponse]:
    """Delete an item softly, unless others refer to it."""
    ask = asked(app, layer, tenant_id, DELETE)
    confirmed(ask.call, config_key)
    seen = version_read(ask.call, layer, version)
    claim = ask.call.claim(ConfigResponse.of, scope=layer)
    gone = wiring.configs().delete(
        ask.address(config_key), seen, ask.call.origin, change_reason, claim, break_glass=break_glass
    )
    return answered(gone, ask.call.origin.at, ConfigResponse.of)


lambda_handler = entrypoints.http(app)
