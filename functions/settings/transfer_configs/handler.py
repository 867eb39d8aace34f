"""Takes configuration into a layer from a file, and out of it as a file: Excel, CSV, JSON, YAML, XML, properties.

Trigger: POST /api/v1/system-config/import (multipart/form-data), GET /api/v1/system-config/export.
Runbook: docs/runbooks/settings-configs.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.kit.sheets.model import Format
from enghub.settings import rights
from enghub.settings.approvals.answers import ChangeRequestResponse
from enghub.settings.approvals.api import answered
from enghub.settings.configs.api import BASE, CREATE, UPDATE, asked
from enghub.settings.configs.model import Layer, Scope
from enghub.settings.transfers import wiring
from enghub.settings.transfers.api import MAX_FILE_BYTES, ExportResponse, ImportRequest, ImportResponse
from enghub.settings.transfers.service import Import

app = http.resolver(max_body_bytes=MAX_FILE_BYTES + 64 * 1024)

LayerNamed = Annotated[Layer, Query()]
TenantNamed = Annotated[str | None, Query(alias="tenantId")]


@app.post(f"{BASE}/import", right=(*CREATE.values(), *UPDATE.values()), form=True, sensitive="yes")
def import_configs(
    request: ImportRequest, layer: LayerNamed = Layer.TENANT, tenant_id: TenantNamed = None
) -> Response[ImportResponse | ChangeRequestResponse]:
    """Create and change items of one layer as a file says, all or none, in force at one moment.

    Sent again it changes nothing. A row with the ``version`` of its export is merged with what others changed since.
    """
    ask = asked(app, layer, tenant_id, CREATE)
    ask.call.require(UPDATE[layer])
    template = wiring.template(ask.owner.tenant_id, request.template_id)
    rules = (request.overwrite_existing, request.dry_run, request.change_reason, template)
    wanted = Import(ask.owner, request.rows(), *rules)
    made = wiring.transfers().take_in(wanted, ask.call.origin)
    return answered(made, ask.call.origin.at, lambda taken: ImportResponse.of(layer, taken, dry_run=request.dry_run))


@app.get(f"{BASE}/export", right=rights.READ_CONFIG)
def export_configs(
    kind: Annotated[Format, Query(alias="format")] = Format.JSON,
    scope: Annotated[Scope | None, Query()] = None,
    layer: LayerNamed = Layer.TENANT,
    tenant_id: TenantNamed = None,
) -> ExportResponse:
    """Answer a layer's items as a file that an import takes; the audit keeps who took it."""
    ask = asked(app, layer, tenant_id)
    found = wiring.transfers().export(ask.owner, scope, ask.call.origin, {"format": kind.value, "scope": scope})
    return ExportResponse.of(layer, kind, found)


lambda_handler = entrypoints.http(app)
