"""Describes machines, takes their states and readings, plans maintenance and takes its jobs from step to step (MES-12).

Trigger: PUT /api/v1/plant/equipment/{equipmentId}, POST .../{states|readings};
PUT /api/v1/plant/maintenance/plans/{planId}; POST /api/v1/plant/maintenance/jobs,
.../{jobId}/{accept|refuse|start|finish|cancel}.
Events: EquipmentStateChanged, MaintenanceRequested, MaintenanceChanged; MAINTENANCE is told by notices.
Runbook: docs/runbooks/mes-equipment.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.equipment import api
from enghub.mes.equipment.wiring import ledger
from enghub.mes.factories import Factory
from enghub.mes.maintenance.api import (
    BASE,
    AcceptRequest,
    EndRequest,
    JobResponse,
    PlanResponse,
    PutPlanRequest,
    RequestJobRequest,
)
from enghub.mes.maintenance.model import JobStep
from enghub.mes.maintenance.wiring import maintenance

app = http.resolver()

Id = Annotated[wire.PathId, Path()]


@app.put(f"{api.BASE}/<equipment_id>", right=rights.MAINTAIN)
def put_equipment(equipment_id: Id, request: api.PutEquipmentRequest) -> api.EquipmentResponse:
    """Describe a machine."""
    origin = http.call(app).origin
    wanted = request.to_equipment(Factory.of(origin), equipment_id)
    return api.EquipmentResponse.of(ledger().put(origin, wanted, request.version))


@app.post(f"{api.BASE}/<equipment_id>/states", right=rights.TELL_EQUIPMENT, status_code=201)
def tell_equipment_state(equipment_id: Id, request: api.TellStateRequest) -> api.StateResponse:
    """Tell what a machine does; late and out of order is right, too."""
    return api.StateResponse.of(ledger().tell(request.to_command(http.call(app).origin, equipment_id)))


@app.post(f"{api.BASE}/<equipment_id>/readings", right=rights.TELL_EQUIPMENT, status_code=201)
def read_equipment_meter(equipment_id: Id, request: api.ReadMeterRequest) -> api.MeterResponse:
    """Tell what a meter shows."""
    return api.MeterResponse.of(ledger().read(request.to_command(http.call(app).origin, equipment_id)))


@app.put(f"{BASE}/plans/<plan_id>", right=rights.MAINTAIN)
def put_maintenance_plan(plan_id: Id, request: PutPlanRequest) -> PlanResponse:
    """Describe what has to be done again and again."""
    origin = http.call(app).origin
    return PlanResponse.of(
        maintenance().put_plan(origin, request.to_plan(Factory.of(origin), plan_id), request.version)
    )


@app.post(f"{BASE}/jobs", right=rights.TELL_EQUIPMENT, status_code=201)
def request_maintenance(request: RequestJobRequest) -> JobResponse:
    """Ask for maintenance."""
    return JobResponse.of(maintenance().request(request.to_command(http.call(app).origin)))


@app.post(f"{BASE}/jobs/<job_id>/accept", right=rights.MAINTAIN)
def accept_maintenance(job_id: Id, request: AcceptRequest) -> JobResponse:
    """Say that it will be done, and by whom."""
    return JobResponse.of(maintenance().move(request.to_command(http.call(app).origin, job_id, JobStep.ACCEPT)))


@app.post(f"{BASE}/jobs/<job_id>/refuse", right=rights.MAINTAIN)
def refuse_maintenance(job_id: Id, request: EndRequest) -> JobResponse:
    """Say that it will not be done, and why."""
    return JobResponse.of(maintenance().move(request.to_command(http.call(app).origin, job_id, JobStep.REFUSE)))


@app.post(f"{BASE}/jobs/<job_id>/start", right=rights.MAINTAIN)
def start_maintenance(job_id: Id, request: AcceptRequest) -> JobResponse:
    """Say that work begins."""
    return JobResponse.of(maintenance().move(request.to_command(http.call(app).origin, job_id, JobStep.START)))


@app.post(f"{BASE}/jobs/<job_id>/finish", right=rights.MAINTAIN)
def finish_maintenance(job_id: Id, request: EndRequest) -> JobResponse:
    """Say that it is done, and what was done; the plan's next date follows."""
    return JobResponse.of(maintenance().move(request.to_command(http.call(app).origin, job_id, JobStep.FINISH)))


@app.post(f"{BASE}/jobs/<job_id>/cancel", right=rights.MAINTAIN)
def cancel_maintenance(job_id: Id, request: EndRequest) -> JobResponse:
    """Give a job up, and say why; its plan waits for the next date."""
    return JobResponse.of(maintenance().move(request.to_command(http.call(app).origin, job_id, JobStep.CANCEL)))


lambda_handler = entrypoints.http(app)
