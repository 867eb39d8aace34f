"""Reads defects, their dictionary and sums, suppliers' scores, action plans and cases (MES-10).

Trigger: GET /api/v1/defects, .../types, .../days/{day}, .../suppliers/{supplierId}; GET /api/v1/ocap/cases,
.../cases/{ocapId}, .../plans/{planId}.
Runbook: docs/runbooks/mes-quality.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.defects import api
from enghub.mes.defects.wiring import defects
from enghub.mes.factories import Factory
from enghub.mes.ocap.api import BASE, CaseResponse, CasesResponse, FlowResponse, ListQuery
from enghub.mes.ocap.wiring import ocap

app = http.resolver()
Size = Annotated[int, Query(ge=1, le=100, alias="pageSize")]
Cursor = Annotated[str | None, Query(max_length=2000)]


def _factory() -> Factory:
    return Factory.of(http.call(app).origin)


@app.get(api.BASE, right=rights.READ_QUALITY)
def list_defects(query: Annotated[api.DefectsQuery, Query()]) -> api.DefectsResponse:
    """Return one page of records of a work order, or with a disposition."""
    return api.DefectsResponse.of(defects().find(_factory(), query.name(), query.page_size, query.cursor))


@app.get(f"{api.BASE}/types", right=rights.READ_QUALITY)
def list_defect_types(page_size: Size = 50, cursor: Cursor = None) -> api.TypesResponse:
    """Return one page of the dictionary."""
    return api.TypesResponse.of(defects().types(_factory(), page_size, cursor))


@app.get(f"{api.BASE}/days/<day>", right=rights.READ_QUALITY)
def get_defect_day(day: Annotated[wire.Day, Path()], line: Annotated[wire.Code, Query()]) -> api.DayResponse:
    """Return the defects of a day on a line by type."""
    return api.DayResponse.of(defects().day(_factory(), day.isoformat(), line))


@app.get(f"{api.BASE}/suppliers/<supplier_id>", right=rights.READ_QUALITY)
def get_supplier_score(supplier_id: Annotated[wire.PathId, Path()]) -> api.ScoreResponse:
    """Return a supplier's score."""
    return api.ScoreResponse.of(defects().score(_factory(), supplier_id))


@app.get(f"{BASE}/cases", right=rights.READ_QUALITY)
def list_ocap_cases(query: Annotated[ListQuery, Query()]) -> CasesResponse:
    """Return one page of cases of a lot, of a work order, or in a status."""
    return CasesResponse.of(ocap().find(_factory(), query.name(), query.page_size, query.cursor))


@app.get(f"{BASE}/cases/<ocap_id>", right=rights.READ_QUALITY)
def get_ocap_case(ocap_id: Annotated[wire.PathId, Path()]) -> CaseResponse:
    """Return a case with the step to answer and the branches that helped before."""
    factory, service = _factory(), ocap()
    case = service.get(factory, ocap_id)
    return CaseResponse.of(case, service.history(factory, case.plan_id))


@app.get(f"{BASE}/plans/<plan_id>", right=rights.READ_QUALITY)
def get_ocap_plan(plan_id: Annotated[wire.PathId, Path()]) -> FlowResponse:
    """Return a plan with what is known of its branches."""
    factory, service = _factory(), ocap()
    return FlowResponse.of(service.plan(factory, plan_id), service.history(factory, plan_id))


lambda_handler = entrypoints.http(app)
