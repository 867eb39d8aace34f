"""What people do with plans and jobs of maintenance, and what comes due by itself (MES-12)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from enghub.core import ids
from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.core.paging import pages
from enghub.mes.equipment.errors import EquipmentNotFound
from enghub.mes.equipment.model import Equipment, Meter, Service
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found, Store
from enghub.mes.maintenance.errors import JobNamedOtherwise, JobNotFound, JobOpen, PlanNotFound
from enghub.mes.maintenance.model import (
    OPEN,
    Job,
    JobState,
    JobStep,
    Plan,
    Priority,
    is_overdue,
    job_of,
)

if TYPE_CHECKING:
    from enghub.core import notices
    from enghub.mes import published
else:
    notices = lazy("enghub.core.notices")
    published = lazy("enghub.mes.published")

PAGE = 100
KEPT = ("opened", "open_job", "last_done_on", "last_due_on", "last_units", "last_due_units")
"""What a plan knows of its own past; people do not write it."""
PAST = {
    JobStep.ACCEPT: "accepted",
    JobStep.REFUSE: "refused",
    JobStep.START: "started",
    JobStep.FINISH: "finished",
    JobStep.CANCEL: "cancelled",
}


@dataclass(frozen=True, slots=True)
class RequestJob:
    """Somebody asks for maintenance; ``job_id`` of the sender's own makes a repeat recognised."""

    origin: Origin
    equipment_id: str
    title: str
    text: str
    priority: Priority
    job_id: str | None = None


@dataclass(frozen=True, slots=True)
class MoveJob:
    """A step of a job, as somebody saw it at ``version``."""

    origin: Origin
    job_id: str
    version: int
    step: JobStep
    said: str = ""
    assigned_to: str = ""


class Maintenance:
    """The use cases; ``day_of`` is the factory's day of a moment."""

    def __init__(self, store: Store, day_of: Callable[[Factory, datetime], date]) -> None:
        self._store = store
        self._day_of = day_of

    def put_plan(self, origin: Origin, wanted: Plan, version: int | None) -> Plan:
        """Store a plan as wanted; what is due by it already is opened by the next look.

        Raises:
            PlanWithoutInterval, EquipmentNotFound, VersionConflict
            JobOpen: it is to be another machine's while its job is open.
        """
        wanted.check()
        before = self._store.get(Plan, wanted.factory, wanted.plan_id)
        known = before.value if before else None
        seen = known.version if known else 0
        if known is not None:
            wanted = replace(wanted, version=seen, **{name: getattr(known, name) for name in KEPT})
            if wanted == known and version in (None, seen - 1, seen):
                return known
        if (version or 0) != seen:
            raise VersionConflict(expected=version or 0, actual=seen)
        if known is not None and known.open_job and known.equipment_id != wanted.equipment_id:
            raise JobOpen(job_id=known.open_job)
        self._machine(wanted.factory, wanted.equipment_id)
        made = replace(wanted, version=seen + 1)
        self._store.save(Commit(origin, "changed" if known else "planned", made, before))
        return made

    def plan(self, factory: Factory, plan_id: str) -> Plan:
        """Return a plan.

        Raises:
            PlanNotFound
        """
        return self._plan(factory, plan_id).value

    def plans(self, factory: Factory, equipment_id: str | None, limit: int, cursor: str | None) -> Found[Plan]:
        """Return a page of a factory's plans, or of a machine's, by id."""
        name = ("EQUIPMENT", equipment_id) if equipment_id else ("ALL",)
        return self._store.find(Plan, factory, name, limit=limit, cursor=cursor)

    def request(self, command: RequestJob) -> Job:
        """Ask for maintenance; the same again under the same id gets the stored job, as it stands now.

        Raises:
            EquipmentNotFound, EquipmentScrapped
            JobNamedOtherwise: the id stands for another request.
        """
        origin, factory = command.origin, Factory.of(command.origin)
        known = self._store.get(Job, factory, command.job_id) if command.job_id else None
        if known is not None:
            job, asked = known.value, (command.equipment_id, command.title, command.text, command.priority)
            if (job.equipment_id, job.title, job.text, job.priority) != asked:
                raise JobNamedOtherwise(job_id=job.job_id)
            return job
        self._machine(factory, command.equipment_id).check_there()
        job = Job(
            factory=factory,
            job_id=command.job_id or ids.new_id(origin.at),
            equipment_id=command.equipment_id,
            title=command.title,
            requested_by=origin.user_id,
            requested_at=origin.at,
            state=JobState.REQUESTED,
            priority=command.priority,
            text=command.text,
        )
        self._store.save(_opened(origin, job))
        return job

    def move(self, command: MoveJob) -> Job:
        """Take a step of a job; one that is finished or given up frees its plan, in the same transaction.

        Raises:
            JobNotFound, VersionConflict, JobCannot
        """
        origin, factory = command.origin, Factory.of(command.origin)
        before = self._store.get(Job, factory, command.job_id)
        if before is None:
            raise JobNotFound(job_id=command.job_id)
        job = before.value
        if job.version == command.version + 1 and job.took(command.step, origin.user_id, command.said):
            return job
        if job.version != command.version:
            raise VersionConflict(expected=command.version, actual=job.version)
        after = job.step(command.step, origin.user_id, origin.at, command.said, command.assigned_to)
        event = published.MaintenanceChanged.model_validate(_facts(after)).envelope(origin)
        commits: list[Commit[Job] | Commit[Plan]] = [Commit(origin, PAST[command.step], after, before, (event,))]
        if after.plan_id is not None and after.state not in OPEN:
            commits.append(self._freed(origin, after))
        self._store.save(*commits)
        return after

    def job(self, factory: Factory, job_id: str) -> Job:
        """Return a job.

        Raises:
            JobNotFound
        """
        found = self._store.get(Job, factory, job_id)
        if found is None:
            raise JobNotFound(job_id=job_id)
        return found.value

    def jobs(self, factory: Factory, name: tuple[str, str], limit: int, cursor: str | None) -> Found[Job]:
        """Return a page of jobs in a state, or of a machine, the oldest first."""
        return self._store.find(Job, factory, name, limit=limit, cursor=cursor)

    def open_due(self, origin: Origin) -> int:
        """Open the job of every plan of a factory that is due; returns how many. What another look opened is left.

        Raises:
            Unavailable: the table cannot be read or written; what was opened stays.
        """
        factory, opened = Factory.of(origin), 0
        today = self._day_of(factory, origin.at)
        for plan in self._all_plans(factory):
            kept = self._plan(factory, plan.plan_id)
            due = kept.value.due(today, self._units(kept.value))
            if due is None or self._machine(factory, plan.equipment_id).service is not Service.IN_SERVICE:
                continue
            job = job_of(kept.value, due, origin.at, origin.user_id)
            try:
                self._store.save(
                    _opened(origin, job), Commit(origin, "came_due", kept.value.with_job(job.job_id), kept)
                )
            except VersionConflict:
                continue
            opened += 1
        return opened

    def overdue(self, factory: Factory, now: datetime) -> "list[notices.NoticeRequested]":
        """Return what people are told of jobs that should have been done: each once a day."""
        today = self._day_of(factory, now)
        found = []
        for state in (JobState.ACCEPTED, JobState.STARTED):
            found += [job for job in self._each(factory, ("STATE", state.value)) if is_overdue(job, today)]
        return [_overdue(job, today) for job in found]

    def _freed(self, origin: Origin, job: Job) -> Commit[Plan]:
        kept = self._plan(job.factory, job.plan_id or "")
        over = kept.value.with_done(job, self._day_of(job.factory, origin.at), self._units(kept.value))
        return Commit(origin, "job_done" if job.state is JobState.DONE else "job_given_up", over, kept)

    def _units(self, plan: Plan) -> Decimal:
        if plan.meter is None:
            return Decimal(0)
        found = self._store.get(Meter, plan.factory, plan.equipment_id, plan.meter)
        return found.value.total if found else Decimal(0)

    def _machine(self, factory: Factory, equipment_id: str) -> Equipment:
        found = self._store.get(Equipment, factory, equipment_id)
        if found is None:
            raise EquipmentNotFound(equipment_id=equipment_id)
        return found.value

    def _plan(self, factory: Factory, plan_id: str) -> Kept[Plan]:
        found = self._store.get(Plan, factory, plan_id)
        if found is None:
            raise PlanNotFound(plan_id=plan_id)
        return found

    def _all_plans(self, factory: Factory) -> Iterator[Plan]:
        for page in pages(lambda cursor: self._store.find(Plan, factory, ("ALL",), limit=PAGE, cursor=cursor)):
            yield from page.items

    def _each(self, factory: Factory, name: tuple[str, str]) -> Iterator[Job]:
        for page in pages(lambda cursor: self._store.find(Job, factory, name, limit=PAGE, cursor=cursor)):
            yield from page.items


def _facts(job: Job) -> dict[str, object]:
    names = ("job_id", "equipment_id", "title", "plan_id", "due_on", "requested_at", "started_at", "ended_at", "remedy")
    return {**{name: getattr(job, name) for name in names}, "state": job.state.value, "priority": job.priority.value}


def _opened(origin: Origin, job: Job) -> Commit[Job]:
    event = published.MaintenanceRequested.model_validate(_facts(job)).envelope(origin)
    return Commit(origin, "opened", job, events=(event, _notice(job).envelope(origin)))


def _told_facts(job: Job) -> dict[str, str]:
    facts = {"job": job.job_id, "equipment": job.equipment_id, "title": job.title, "priority": job.priority.value}
    return facts if job.due_on is None else {**facts, "due": job.due_on.isoformat()}


def _notice(job: Job) -> "notices.NoticeRequested":
    is_urgent = job.priority is Priority.URGENT
    kind = "mes.maintenance_requested" if job.plan_id is None else "mes.maintenance_due"
    return notices.NoticeRequested(
        notice_type=kind,
        severity=notices.Severity.CRITICAL if is_urgent else notices.Severity.WARNING,
        subject=f"maintenance/{job.job_id}",
        facts=_told_facts(job),
        roles=("MAINTENANCE", "SHIFT_LEAD") if is_urgent else ("MAINTENANCE",),
        dedupe_key=f"maintenance/{job.factory.factory_id}/{job.job_id}",
    )


def _overdue(job: Job, today: date) -> "notices.NoticeRequested":
    return notices.NoticeRequested(
        notice_type="mes.maintenance_overdue",
        severity=notices.Severity.WARNING,
        subject=f"maintenance/{job.job_id}",
        facts=_told_facts(job),
        roles=("MAINTENANCE", "SHIFT_LEAD"),
        dedupe_key=f"overdue/{job.factory.factory_id}/{job.job_id}/{today.isoformat()}",
    )
