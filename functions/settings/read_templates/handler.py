"""Reads templates and their versions, as files too, and counts how complete configuration is (CFG-13, CFG-20).

Trigger: GET /api/v1/settings/templates, .../completeness, .../{templateId}, .../{templateId}/versions, /export,
/completeness; GET /api/v1/settings/interface, .../css; POST .../preview: what they configure (CFG-16).
Runbook: docs/runbooks/settings-templates.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

from enghub.core import entrypoints, http
from enghub.core.conditional import tagged
from enghub.settings import rights
from enghub.settings.configs.model import Layer, Owner
from enghub.settings.interface import api as interface
from enghub.settings.interface import wiring as interface_wiring
from enghub.settings.interface.api import InterfaceResponse, PreviewRequest, PreviewResponse
from enghub.settings.templates import wiring
from enghub.settings.templates.answers import (
    CompletenessOfAllResponse,
    CompletenessResponse,
    TemplateFileResponse,
    TemplateResponse,
    TemplatesResponse,
    TemplateVersionsResponse,
)
from enghub.settings.templates.model import Template
from enghub.settings.templates.requests import BASE, ID, VERSION

app = http.resolver()

Named = Annotated[str, Path(min_length=1, max_length=64, pattern=ID)]
VersionNamed = Annotated[str | None, Query(max_length=17, pattern=VERSION)]
Category = Annotated[str | None, Query(max_length=50)]
SHEET: OpenAPIResponse = {"description": "The style sheet", "content": {"text/css": {"schema": {"type": "string"}}}}
After = Annotated[str, Query(max_length=64)]


@app.get(BASE, right=rights.READ_TEMPLATE)
def list_config_templates(category: Category = None) -> TemplatesResponse:
    """List what the tenant can use, by id: what is built in, everybody's, its own."""
    found = wiring.templates().all(_owner().tenant_id)
    return TemplatesResponse.of([one for one in found if category is None or one.category == category])


@app.get(f"{BASE}/completeness", right=rights.READ_TEMPLATE)
def count_completeness(after: After = "") -> CompletenessOfAllResponse:
    """Count, for each active template, which required items the tenant has in force."""
    owner, at = _owner(), http.call(app).origin.at
    found, next_after = wiring.applying().counted(owner, after, at)
    shown = [CompletenessResponse.of(one) for one in found]
    return CompletenessOfAllResponse(tenant_id=owner.tenant_id, items=shown, next_after=next_after)


@app.get(f"{BASE}/<template_id>", right=rights.READ_TEMPLATE)
def read_config_template(template_id: Named, version: VersionNamed = None) -> TemplateResponse:
    """Answer a template with one of its versions, the latest by default."""
    found = _template(template_id)
    return TemplateResponse.of_both(found, wiring.templates().version(found, version))


@app.get(f"{BASE}/<template_id>/versions", right=rights.READ_TEMPLATE)
def list_config_template_versions(template_id: Named) -> TemplateVersionsResponse:
    """List a template's versions, the newest first."""
    found = _template(template_id)
    return TemplateVersionsResponse.of(found, wiring.templates().versions(found))


@app.get(f"{BASE}/<template_id>/export", right=rights.READ_TEMPLATE)
def export_config_template(template_id: Named, version: VersionNamed = None) -> TemplateFileResponse:
    """Answer a version as a file that an import takes."""
    return TemplateFileResponse.of(wiring.templates().version(_template(template_id), version))


@app.get(f"{BASE}/<template_id>/completeness", right=rights.READ_TEMPLATE)
def count_config_template(template_id: Named, version: VersionNamed = None) -> CompletenessResponse:
    """Count which of the items that a template requires the tenant has in force, and which versions it follows."""
    at = http.call(app).origin.at
    return CompletenessResponse.of(wiring.applying().completeness(_owner(), _template(template_id), version, at))


@app.get(interface.BASE, right=rights.READ_INTERFACE, etag="read")
def read_interface() -> Response[InterfaceResponse | None]:
    """Answer theme, layout, menus and languages of the caller, each with whose value counts."""
    call = http.call(app)
    found = interface_wiring.interfaces().of(_caller(), call.origin.at)
    return tagged(app, InterfaceResponse.of(found, call.language), found.etag)


@app.get(f"{interface.BASE}/css", right=rights.READ_INTERFACE, etag="read", responses={200: SHEET})
def read_interface_css() -> Response[str | None]:
    """Answer the caller's theme and layout as CSS custom properties of ``:root``."""
    found = interface_wiring.interfaces().of(_caller(), http.call(app).origin.at)
    return tagged(app, found.sheet, found.etag, "text/css; charset=utf-8")


@app.post(f"{interface.BASE}/preview", right=rights.READ_INTERFACE, limit="read")
def preview_interface(request: PreviewRequest) -> PreviewResponse:
    """Answer what the interface would look like with some values; what cannot be used is named, nothing is stored."""
    call = http.call(app)
    found = interface_wiring.interfaces().preview(_caller(), request.values, request.layer, call.origin.at)
    return PreviewResponse.of(found, call.language)


def _caller() -> Owner:
    principal = http.call(app).principal
    return Owner.of(Layer.USER, principal.tenant_id, principal.user_id)


def _owner() -> Owner:
    return Owner.of(Layer.TENANT, http.call(app).principal.tenant_id, "")


def _template(template_id: str) -> Template:
    return wiring.templates().find(_owner().tenant_id, template_id)


lambda_handler = entrypoints.http(app)
