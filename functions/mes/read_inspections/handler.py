"""Reads inspection orders, plans and switching schemes (MES-09).

Trigger: GET /api/v1/inspections, .../orders/{inspectionId}, .../plans/{kind}/{partId}, .../schemes.
Runbook: docs/runbooks/mes-quality.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.factories import Factory
from enghub.mes.inspections.api import (
    BASE,
    InspectionResponse,
    InspectionsResponse,
    ListQuery,
    PlanResponse,
    SchemeQuery,
    SchemeResponse,
)
from enghub.mes.inspections.model import Kind
from enghub.mes.inspections.switching import NO_SUPPLIER
from enghub.mes.inspections.wiring import inspections

app = http.resolver()


@app.get(BASE, right=rights.READ_QUALITY)
def list_inspections(query: Annotated[ListQuery, Query()]) -> InspectionsResponse:
    """Return one page of inspection orders of a lot, of a work order, or in a status."""
    factory = Factory.of(http.call(app).origin)
    return InspectionsResponse.of(inspections().find(factory, query.name(), query.page_size, query.cursor))


@app.get(f"{BASE}/orders/<inspection_id>", right=rights.READ_QUALITY)
def get_inspection(inspection_id: Annotated[wire.PathId, Path()]) -> InspectionResponse:
    """Return an inspection order."""
    return InspectionResponse.of(inspections().get(Factory.of(http.call(app).origin), inspection_id))


@app.get(f"{BASE}/plans/<kind>/<part_id>", right=rights.READ_QUALITY)
def get_plan(kind: Annotated[Kind, Path()], part_id: Annotated[wire.PathId, Path()]) -> PlanResponse:
    """Return how a part's lots are inspected."""
    return PlanResponse.of(inspections().plan(Factory.of(http.call(app).origin), kind, part_id))


@app.get(f"{BASE}/schemes", right=rights.READ_QUALITY)
def get_scheme(query: Annotated[SchemeQuery, Query()]) -> SchemeResponse:
    """Return where the inspection of a supplier's part stands, with the reason of each switch."""
    factory, supplier = Factory.of(http.call(app).origin), query.supplier_id or NO_SUPPLIER
    service = inspections()
    scheme = service.scheme(factory, query.kind, query.part_id, supplier)
    page = service.switches(scheme, query.page_size, query.cursor)
    return SchemeResponse.of(scheme, page)


lambda_handler = entrypoints.http(app)
