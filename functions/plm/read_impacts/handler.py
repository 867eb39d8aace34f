"""Reads the chain of a change, from notice to where-used, orders, inspections and risk: an answer or a page (PLM-09).

Trigger: GET /api/v1/plm/change-orders/{ecnNumber}/impact and .../impact.html. Runbook: docs/runbooks/plm-changes.md.
"""

from aws_lambda_powertools.event_handler import Response, content_types

from enghub.core import entrypoints, http
from enghub.plm import rights
from enghub.plm.impacts.api import ImpactResponse
from enghub.plm.impacts.page import HEADERS, page
from enghub.plm.impacts.wiring import impacts

app = http.resolver()
BASE = "/api/v1/plm/change-orders/<ecn_number>"
PAGE = {"description": "The page", "content": {content_types.TEXT_HTML: {"schema": {"type": "string"}}}}


@app.get(f"{BASE}/impact", right=rights.READ_IMPACT)
def read_impact(ecn_number: str) -> ImpactResponse:
    """What the change touches, as far as is known now."""
    return ImpactResponse.of(impacts().of(http.call(app).principal.tenant_id, ecn_number))


@app.get(f"{BASE}/impact.html", right=rights.READ_IMPACT, responses={200: PAGE})
def read_impact_page(ecn_number: str) -> Response[str]:
    """The same as a page to open and print."""
    call = http.call(app)
    found = ImpactResponse.of(impacts().of(call.principal.tenant_id, ecn_number))
    body = page(found, call.language)
    return Response(200, f"{content_types.TEXT_HTML}; charset=utf-8", body, headers=dict(HEADERS))


lambda_handler = entrypoints.http(app)
