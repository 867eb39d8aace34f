"""Maintenance in DynamoDB: plans and jobs, listed by factory, equipment, state."""

from enghub.core import clock
from enghub.mes.equipment.dynamo import KINDS as EQUIPMENT
from enghub.mes.keeping.dynamo import aggregate
from enghub.mes.maintenance.model import Job, Plan

KINDS = (
    *EQUIPMENT,
    aggregate(
        Plan,
        "MAINTENANCE-PLAN",
        lambda one: (one.plan_id,),
        shows=(
            *("equipment_id", "name", "tasks", "starts_on", "every_days", "every_months", "meter", "every_units"),
            *("basis", "lead_days", "lead_units", "is_active", "open_job", "last_done_on", "last_units"),
        ),
        lists=lambda one: (
            (("ALL",), (one.plan_id,)),
            (("EQUIPMENT", one.equipment_id), (one.plan_id,)),
        ),
    ),
    aggregate(
        Job,
        "MAINTENANCE-JOB",
        lambda one: (one.job_id,),
        shows=("equipment_id", "title", "state", "priority", "plan_id", "due_on", "assigned_to", "ended_by", "remedy"),
        lists=lambda one: (
            (("STATE", one.state.value), (clock.to_text(one.requested_at), one.job_id)),
            (("EQUIPMENT", one.equipment_id), (clock.to_text(one.requested_at), one.job_id)),
        ),
    ),
)
