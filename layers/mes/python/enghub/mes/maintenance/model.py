"""Maintenance (MES-12): plans that make jobs due by time or by usage, and jobs, planned or asked for. Pure.

Time-based plans count from ``starts_on``: the n-th date is ``starts_on`` and n intervals, so a plan of the 31st is due
on the last day of a short month and on the 31st again after it. FIXED plans stay on that grid, whenever the work was
done; what was missed is made up by one job, not by many. FLOATING plans count from when the work was done. Where a plan
has both a time and units, whichever comes first makes it due.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from enghub.core.lazy import lazy
from enghub.mes.factories import Factory
from enghub.mes.maintenance.errors import JobCannot, PlanWithoutInterval

if TYPE_CHECKING:
    from dateutil import relativedelta as relative
else:
    relative = lazy("dateutil.relativedelta")

ZERO = Decimal(0)
MOST_TASKS = 50


class Basis(StrEnum):
    """What the next date counts from."""

    FIXED = "FIXED"
    FLOATING = "FLOATING"


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done to a machine again and again.

    ``lead_days`` before the date, and ``lead_units`` before the reading, its job is opened. ``done`` counts jobs.
    """

    factory: Factory
    plan_id: str
    equipment_id: str
    name: str
    starts_on: date
    tasks: tuple[str, ...] = ()
    every_days: int | None = None
    every_months: int | None = None
    meter: str | None = None
    every_units: Decimal | None = None
    basis: Basis = Basis.FIXED
    lead_days: int = 0
    lead_units: Decimal = ZERO
    is_active: bool = True
    opened: int = 0
    open_job: str = ""
    last_done_on: date | None = None
    last_due_on: date | None = None
    last_units: Decimal | None = None
    last_due_units: Decimal | None = None
    version: int = 1

    def check(self) -> None:
        """Demand that something makes it due.

        Raises:
            PlanWithoutInterval
        """
        times = [every for every in (self.every_days, self.every_months) if every is not None]
        if len(times) > 1 or (not times and self.every_units is None):
            raise PlanWithoutInterval(field="everyDays")
        if (self.meter is None) != (self.every_units is None):
            raise PlanWithoutInterval(field="everyUnits" if self.every_units is None else "meter")

    def date_after(self, base: date, count: int) -> date:
        """Return the date ``count`` intervals after ``base``; the last day of a month that is too short."""
        if self.every_months is None:
            return base + timedelta(days=(self.every_days or 0) * count)
        return add_months(base, self.every_months * count)

    @property
    def next_on(self) -> date | None:
        """The day on which it is due; None where only usage counts."""
        if self.every_days is None and self.every_months is None:
            return None
        if self.last_done_on is None:
            return self.starts_on
        if self.basis is Basis.FLOATING:
            return self.date_after(self.last_done_on, 1)
        passed = max(self.last_done_on, self.last_due_on or self.last_done_on)
        count = _intervals(self, passed)
        while self.date_after(self.starts_on, count) <= passed:
            count += 1
        return self.date_after(self.starts_on, count)

    @property
    def next_units(self) -> Decimal | None:
        """The reading at which it is due; None where only time counts."""
        if self.every_units is None:
            return None
        if self.last_units is None:
            return self.every_units
        if self.basis is Basis.FLOATING:
            return self.last_units + self.every_units
        passed = max(self.last_units, self.last_due_units or ZERO)
        return (passed // self.every_units + 1) * self.every_units

    def due(self, today: date, units: Decimal) -> "Due | None":
        """Return why it is due, None while it is not or while its job is open."""
        if not self.is_active or self.open_job:
            return None
        by_time = self.next_on is not None and today >= self.next_on - timedelta(days=self.lead_days)
        by_usage = self.next_units is not None and units >= self.next_units - self.lead_units
        return Due(self.next_on, self.next_units, by_time, by_usage) if by_time or by_usage else None

    def with_job(self, job_id: str) -> "Plan":
        """Return it with an open job."""
        return replace(self, open_job=job_id, opened=self.opened + 1, version=self.version + 1)

    def with_done(self, job: "Job", on: date, units: Decimal) -> "Plan":
        """Return it with its job over on a day at a reading; what was due by the other measure is done with it.

        A job that was given up counts likewise: its plan waits for the next date, else it were opened again at once.
        """
        return replace(
            self,
            open_job="",
            last_done_on=on,
            last_due_on=job.due_on if job.by_time else None,
            last_units=units if self.every_units is not None else None,
            last_due_units=job.due_units if job.by_usage else None,
            version=self.version + 1,
        )


def _intervals(plan: Plan, passed: date) -> int:
    """Return a number of intervals that does not lead past ``passed``."""
    days = max((passed - plan.starts_on).days, 0)
    return days // (plan.every_days or 31 * (plan.every_months or 1))


def add_months(day: date, months: int) -> date:
    """Return the same day ``months`` later, or the last day of that month where it is shorter."""
    return day + relative.relativedelta(months=months)


@dataclass(frozen=True, slots=True)
class Due:
    """Why a plan is due."""

    on: date | None
    units: Decimal | None
    by_time: bool
    by_usage: bool


class Priority(StrEnum):
    """How much a job matters."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"
    URGENT = "URGENT"


class JobState(StrEnum):
    """Where a job is."""

    REQUESTED = "REQUESTED"
    ACCEPTED = "ACCEPTED"
    STARTED = "STARTED"
    DONE = "DONE"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"


class JobStep(StrEnum):
    """What people do with a job."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    START = "start"
    FINISH = "finish"
    CANCEL = "cancel"


_STEPS = {
    JobStep.ACCEPT: ((JobState.REQUESTED,), JobState.ACCEPTED),
    JobStep.REFUSE: ((JobState.REQUESTED,), JobState.REFUSED),
    JobStep.START: ((JobState.ACCEPTED,), JobState.STARTED),
    JobStep.FINISH: ((JobState.STARTED,), JobState.DONE),
    JobStep.CANCEL: ((JobState.REQUESTED, JobState.ACCEPTED, JobState.STARTED), JobState.CANCELLED),
}
OPEN = frozenset({JobState.REQUESTED, JobState.ACCEPTED, JobState.STARTED})


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of maintenance: of a plan (``plan_id``), or asked for by a person."""

    factory: Factory
    job_id: str
    equipment_id: str
    title: str
    requested_by: str
    requested_at: datetime
    state: JobState
    priority: Priority = Priority.NORMAL
    text: str = ""
    tasks: tuple[str, ...] = ()
    plan_id: str | None = None
    due_on: date | None = None
    due_units: Decimal | None = None
    by_time: bool = False
    by_usage: bool = False
    assigned_to: str = ""
    accepted_by: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""
    remedy: str = ""
    moved_by: str = ""
    """Who took its last step."""
    version: int = 1

    def step(self, step: JobStep, by: str, at: datetime, said: str, assigned_to: str = "") -> "Job":
        """Take a step; ``said`` is the remedy of one that is finished, the reason of one that is refused or cancelled.

        Raises:
            JobCannot
        """
        begins, ends = _STEPS[step]
        if self.state not in begins:
            raise JobCannot(job_id=self.job_id, state=self.state.value, step=step.value)
        moved = replace(self, state=ends, moved_by=by, version=self.version + 1)
        if step is JobStep.ACCEPT:
            return replace(moved, accepted_by=by, assigned_to=assigned_to or self.assigned_to)
        if step is JobStep.START:
            return replace(moved, started_at=at, assigned_to=assigned_to or self.assigned_to or by)
        return replace(moved, ended_at=at, ended_by=by, remedy=said)

    def took(self, step: JobStep, by: str, said: str) -> bool:
        """Tell whether its last step was this one, by the same person in the same words."""
        return (self.state, self.moved_by) == (_STEPS[step][1], by) and (self.state in OPEN or self.remedy == said)


def job_of(plan: Plan, due: Due, at: datetime, by: str) -> Job:
    """Return the job of a plan that is due; its number follows from the plan, so it is opened once."""
    return Job(
        factory=plan.factory,
        job_id=f"{plan.plan_id}-{plan.opened + 1}",
        equipment_id=plan.equipment_id,
        title=plan.name,
        requested_by=by,
        requested_at=at,
        state=JobState.ACCEPTED,
        tasks=plan.tasks,
        plan_id=plan.plan_id,
        due_on=due.on,
        due_units=due.units,
        by_time=due.by_time,
        by_usage=due.by_usage,
    )


def is_overdue(job: Job, today: date) -> bool:
    """Tell whether a job should have been done by yesterday."""
    return job.state in OPEN and job.due_on is not None and job.by_time and job.due_on < today
