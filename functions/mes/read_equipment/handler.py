"""Reads machines with their meters, state log, MTBF and MTTR; plans and jobs of maintenance (MES-12).

Trigger: GET /api/v1/plant/equipment, .../{equipmentId}, .../{equipmentId}/{states|figures}; GET
/api/v1/plant/maintenance/{plans|jobs}, .../plans/{planId}, .../jobs/{jobId}.
Runbook: docs/runbooks/mes-equipment.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.equipment import api
from enghub.mes.equipment.wiring import ledger
from enghub.mes.factories import Factory
from enghub.mes.maintenance.api import BASE, JobPage, JobResponse, JobsQuery, PlanPage, PlanResponse, PlansQuery
from enghub.mes.maintenance.wiring import maintenance

app = http.resolver()

Id = Annotated[wire.PathId, Path()]
Period = Annotated[api.PeriodQuery, Query()]


def _factory() -> Factory:
    return Factory.of(http.call(app).origin)


@app.get(api.BASE, right=rights.READ_EQUIPMENT)
def list_equipment(query: Annotated[api.EquipmentQuery, Query()]) -> api.EquipmentPage:
    """Return machines, a page at a time."""
    return api.EquipmentPage.of(ledger().page(_factory(), query.station_id, query.page_size, query.cursor))


@app.get(f"{api.BASE}/<equipment_id>", right=rights.READ_EQUIPMENT)
def get_equipment(equipment_id: Id) -> api.MachineResponse:
    """Return a machine with its meters."""
    factory, service = _factory(), ledger()
    found = service.get(factory, equipment_id)
    return api.MachineResponse.with_meters(found, service.meters(factory, equipment_id))


@app.get(f"{api.BASE}/<equipment_id>/states", right=rights.READ_EQUIPMENT)
def list_equipment_states(equipment_id: Id, query: Period) -> api.StatesResponse:
    """Return what a machine did in a period."""
    period = query.interval
    found = ledger().states(_factory(), equipment_id, period)
    return api.StatesResponse.of(equipment_id, [one for one in found if one.at < period.end])


@app.get(f"{api.BASE}/<equipment_id>/figures", right=rights.READ_EQUIPMENT)
def get_equipment_figures(equipment_id: Id, query: Period) -> api.FiguresResponse:
    """Return time by state, failures, MTBF and MTTR of a period."""
    return api.FiguresResponse.of(equipment_id, ledger().figures(_factory(), equipment_id, query.interval))


@app.get(f"{BASE}/plans", right=rights.READ_EQUIPMENT)
def list_maintenance_plans(query: Annotated[PlansQuery, Query()]) -> PlanPage:
    """Return plans with their next date and reading."""
    return PlanPage.of(maintenance().plans(_factory(), query.equipment_id, query.page_size, query.cursor))


@app.get(f"{BASE}/plans/<plan_id>", right=rights.READ_EQUIPMENT)
def get_maintenance_plan(plan_id: Id) -> PlanResponse:
    """Return a plan."""
    return PlanResponse.of(maintenance().plan(_factory(), plan_id))


@app.get(f"{BASE}/jobs", right=rights.READ_EQUIPMENT)
def list_maintenance_jobs(query: Annotated[JobsQuery, Query()]) -> JobPage:
    """Return jobs in a state, or of a machine."""
    return JobPage.of(maintenance().jobs(_factory(), query.name(), query.page_size, query.cursor))


@app.get(f"{BASE}/jobs/<job_id>", right=rights.READ_EQUIPMENT)
def get_maintenance_job(job_id: Id) -> JobResponse:
    """Return a job."""
    return JobResponse.of(maintenance().job(_factory(), job_id))


lambda_handler = entrypoints.http(app)
