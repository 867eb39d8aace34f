"""Maintenance on the wire (MES-12)."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field

from enghub.core import wire
from enghub.core.identity import Origin
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found
from enghub.mes.maintenance.model import MOST_TASKS, Basis, Job, JobState, JobStep, Plan, Priority
from enghub.mes.maintenance.service import MoveJob, RequestJob
from enghub.mes.plant.api import BASE as PLANT

BASE = f"{PLANT}/maintenance"
Version = Annotated[int, Field(ge=1)]
Said = Annotated[str, Field(max_length=200)]


class PutPlanRequest(wire.Request):
    """What has to be done again and again: every so many days or months, every so many units of a meter, or both."""

    equipment_id: wire.Code
    name: wire.ShortText
    starts_on: wire.Day
    tasks: Annotated[tuple[wire.ShortText, ...], Field(max_length=MOST_TASKS)] = ()
    every_days: Annotated[int, Field(ge=1, le=3_650)] | None = None
    every_months: Annotated[int, Field(ge=1, le=120)] | None = None
    meter: wire.PathId | None = None
    every_units: Annotated[wire.Quantity, Field(gt=0)] | None = None
    basis: Basis = Basis.FIXED
    lead_days: Annotated[int, Field(ge=0, le=365)] = 0
    lead_units: wire.Quantity = Decimal(0)
    is_active: wire.Flag = True
    version: Version | None = None

    def to_plan(self, factory: Factory, plan_id: str) -> Plan:
        """Return the plan."""
        given = {name: getattr(self, name) for name in type(self).model_fields if name != "version"}
        return Plan(factory, plan_id, **given)


class RequestJobRequest(wire.Request):
    """Somebody asks for maintenance; ``jobId`` of the sender's own makes a repeat recognised."""

    equipment_id: wire.Code
    title: wire.ShortText
    text: Annotated[str, Field(max_length=1_000)] = ""
    priority: Priority = Priority.NORMAL
    job_id: wire.PathId | None = None

    def to_command(self, origin: Origin) -> RequestJob:
        """Return the command for the service."""
        return RequestJob(origin, self.equipment_id, self.title, self.text, self.priority, self.job_id)


class AcceptRequest(wire.Request):
    """Maintenance will do it, or begins."""

    version: Version
    assigned_to: Annotated[str, Field(max_length=100)] = ""

    def to_command(self, origin: Origin, job_id: str, step: JobStep) -> MoveJob:
        """Return the command for the service."""
        return MoveJob(origin, job_id, self.version, step, assigned_to=self.assigned_to)


class EndRequest(wire.Request):
    """What was done, or why it is not."""

    version: Version
    remedy: wire.ShortText

    def to_command(self, origin: Origin, job_id: str, step: JobStep) -> MoveJob:
        """Return the command for the service."""
        return MoveJob(origin, job_id, self.version, step, self.remedy)


class PlansQuery(wire.Request):
    """Which plans: all of the factory, or a machine's."""

    equipment_id: wire.Code | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=2000)] | None = None


class JobsQuery(wire.Request):
    """Which jobs: in a state, or of a machine whatever their state."""

    state: JobState = JobState.REQUESTED
    equipment_id: wire.Code | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=2000)] | None = None

    def name(self) -> tuple[str, str]:
        """Return the list's name."""
        return ("EQUIPMENT", self.equipment_id) if self.equipment_id else ("STATE", self.state.value)


class PlanResponse(wire.Response):
    """A plan; ``nextOn`` and ``nextUnits`` are when it is due, whichever comes first."""

    plan_id: str
    equipment_id: str
    name: str
    starts_on: wire.Day
    tasks: tuple[str, ...]
    every_days: int | None
    every_months: int | None
    meter: str | None
    every_units: wire.Total | None
    basis: Basis
    lead_days: int
    lead_units: wire.Total
    is_active: bool
    open_job: str
    last_done_on: wire.Day | None
    last_units: wire.Total | None
    next_on: wire.Day | None
    next_units: wire.Total | None
    version: int

    @classmethod
    def of(cls, one: Plan) -> Self:
        """Return the answer for a plan."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class PlanPage(wire.Response):
    """One page of plans, by id."""

    items: list[PlanResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: Found[Plan]) -> Self:
        """Return the answer for a page."""
        return cls(items=[PlanResponse.of(one) for one in page.items], cursor=page.cursor)


class JobResponse(wire.Response):
    """A job; without ``planId`` somebody asked for it."""

    job_id: str
    equipment_id: str
    title: str
    text: str
    priority: Priority
    state: JobState
    tasks: tuple[str, ...]
    plan_id: str | None
    due_on: wire.Day | None
    due_units: wire.Total | None
    requested_by: str
    requested_at: wire.Instant
    accepted_by: str
    assigned_to: str
    started_at: wire.Instant | None
    ended_at: wire.Instant | None
    ended_by: str
    remedy: str
    version: int

    @classmethod
    def of(cls, one: Job) -> Self:
        """Return the answer for a job."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class JobPage(wire.Response):
    """One page of jobs, the oldest first."""

    items: list[JobResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: Found[Job]) -> Self:
        """Return the answer for a page."""
        return cls(items=[JobResponse.of(one) for one in page.items], cursor=page.cursor)
