"""Reads all that is known of a lot, as JSON or as a page that prints (MES-26).

Trigger: GET /api/v1/dossiers/{lotId}.
Runbook: docs/runbooks/mes-quality.md.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

from enghub.core import entrypoints, http, wire
from enghub.core.lazy import lazy
from enghub.mes import rights
from enghub.mes.dossiers import page
from enghub.mes.dossiers.api import BASE, DossierResponse
from enghub.mes.factories import Factory

if TYPE_CHECKING:
    from enghub.mes.dossiers import wiring
else:
    wiring = lazy("enghub.mes.dossiers.wiring")

app = http.resolver()
Format = Annotated[Literal["json", "html"] | None, Query()]
PAGE: OpenAPIResponse = {"description": "The dossier", "content": {"text/html": {"schema": {"type": "string"}}}}


@app.get(f"{BASE}/<lot_id>", right=rights.READ_QUALITY, responses={200: PAGE})
def get_dossier(
    lot_id: Annotated[wire.PathId, Path()],
    format: Format = None,  # noqa: A002 - its name in the query
) -> Response[DossierResponse | str]:
    """Return genealogy, reports, operators, inspections, defects and action cases of a lot; a page for ?format=html."""
    call = http.call(app)
    found = wiring.dossiers().get(Factory.of(call.origin), lot_id, call.origin.at)
    if (format or _accepted()) == "html":
        text = page.render(found, call.language)
        return Response(200, f"{content_types.TEXT_HTML}; charset=utf-8", text, headers=dict(page.HEADERS))
    return Response(200, content_types.APPLICATION_JSON, DossierResponse.of(found))


def _accepted() -> str:
    return "html" if "text/html" in (app.current_event.headers.get("accept") or "").lower() else "json"


lambda_handler = entrypoints.http(app)
