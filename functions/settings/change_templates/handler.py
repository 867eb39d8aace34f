"""Keeps templates in versions, makes and upgrades configuration from them as one change set (CFG-13).

Trigger: PUT /api/v1/settings/templates/{templateId}, POST .../import, .../{templateId}/apply, .../{templateId}/upgrade.
Runbook: docs/runbooks/settings-templates.md.
"""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.settings import rights
from enghub.settings.approvals.answers import ChangeRequestResponse
from enghub.settings.approvals.api import Space, answered, origin_in, require
from enghub.settings.configs.api import CREATE, UPDATE, Asked, asked
from enghub.settings.configs.model import Layer
from enghub.settings.templates import wiring
from enghub.settings.templates.answers import AppliedResponse, TemplateResponse
from enghub.settings.templates.requests import (
    BASE,
    ID,
    MAX_FILE_BYTES,
    ApplyRequest,
    ImportTemplateRequest,
    TemplateRequest,
    UpgradeRequest,
)

app = http.resolver(max_body_bytes=MAX_FILE_BYTES)

Named = Annotated[str, Path(min_length=1, max_length=64, pattern=ID)]
SpaceNamed = Annotated[Space, Query(alias="layer")]
LayerNamed = Annotated[Literal[Layer.TENANT, Layer.GLOBAL], Query(alias="layer")]
CHANGE = (rights.CHANGE_TEMPLATE, rights.CHANGE_GLOBAL_TEMPLATE)
MAKE = tuple(right[layer] for right in (CREATE, UPDATE) for layer in (Layer.TENANT, Layer.GLOBAL))


@app.put(f"{BASE}/<template_id>", right=CHANGE)
def put_config_template(template_id: Named, request: TemplateRequest, layer: SpaceNamed = "tenant") -> TemplateResponse:
    """Store a template or its next version; a stored version never changes."""
    return _put(template_id, request, layer)


@app.post(f"{BASE}/import", right=CHANGE, form=True)
def import_config_template(request: ImportTemplateRequest, layer: SpaceNamed = "tenant") -> TemplateResponse:
    """Store a template of a file, as an export writes it."""
    document = request.document()
    reason = request.change_reason or document.change_reason
    return _put(document.template_id, document.model_copy(update={"change_reason": reason}), layer)


@app.post(f"{BASE}/<template_id>/apply", right=MAKE, sensitive="yes")
def apply_config_template(
    template_id: Named, request: ApplyRequest, layer: LayerNamed = Layer.TENANT
) -> Response[AppliedResponse | ChangeRequestResponse]:
    """Make a layer's items from a template, all or none; what is there stays unless asked. Sent again: no change."""
    ask = _making(layer)
    made = wiring.applying().apply(request.wanted(ask.owner, template_id), ask.call.origin)
    return answered(made, ask.call.origin.at, lambda one: AppliedResponse.of(layer, one, dry_run=request.dry_run))


@app.post(f"{BASE}/<template_id>/upgrade", right=MAKE, sensitive="yes")
def upgrade_config_template(
    template_id: Named, request: UpgradeRequest, layer: LayerNamed = Layer.TENANT
) -> Response[AppliedResponse | ChangeRequestResponse]:
    """Let the items that follow a template follow a newer version; what was changed by hand stays."""
    ask = _making(layer)
    made = wiring.applying().upgrade(request.wanted(ask.owner, template_id), ask.call.origin)
    return answered(made, ask.call.origin.at, lambda one: AppliedResponse.of(layer, one, dry_run=request.dry_run))


def _making(layer: Layer) -> Asked:
    ask = asked(app, layer, None, CREATE)
    ask.call.require(UPDATE[layer])
    return ask


def _put(template_id: str, request: TemplateRequest, layer: Space) -> TemplateResponse:
    call = http.call(app)
    require(call, layer, *CHANGE)
    origin = origin_in(call, layer)
    wanted = request.wanted(origin.tenant_id, template_id)
    return TemplateResponse.of_both(*wiring.templates().put(wanted, origin, is_active=request.is_active))


lambda_handler = entrypoints.http(app)
