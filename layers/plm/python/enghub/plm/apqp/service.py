"""Use cases of APQP projects: deliverables, gates, what the PLM says and is told (PLM-13)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.clock import Clock
from enghub.core.commits import Command, Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.core.timers.model import SetTimer
from enghub.plm import published
from enghub.plm.apqp.catalogue import Phase
from enghub.plm.apqp.errors import ProjectNotFound
from enghub.plm.apqp.model import Deliverable, DeliverableStatus, GateStatus, Project, Voice
from enghub.plm.apqp.repository import FoundProjects, PlmProjects, Projects
from enghub.plm.pushes.model import PlmSync, Push, action_of

QUEUE, PURPOSE = "push_apqp_gate", "apqp_push"
WORKER = "system:push-apqp-gate"
FROM_PLM = {"OPEN", "IN_PROGRESS", "DONE"}


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of reading the PLM: codes and statuses that mean nothing here are named."""

    kept: Kept[Project]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectBook:
    """The APQP projects of all tenants; ``ppap`` tells whether a project's PPAP is approved, None without one."""

    projects: Projects
    plm: PlmProjects
    ppap: Callable[[Project, date], bool | None]
    clock: Clock
    new_id: Callable[[datetime], str] = ids.new_id

    def get(self, tenant_id: str, project_code: str) -> Kept[Project]:
        """Return one.

        Raises:
            ProjectNotFound
        """
        found = self.projects.get(tenant_id, project_code)
        if found is None:
            raise ProjectNotFound(project_code=project_code)
        return found

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> FoundProjects:
        """Return a page of a tenant's projects."""
        return self.projects.page(tenant_id, limit, cursor)

    def create(self, wanted: Project, origin: Origin, claim: Claim | None) -> Kept[Project]:
        """Store a new one; raises ProjectExists, Replayed."""
        return self.projects.save(Commit(origin, "created", wanted, claim=claim))

    def put_deliverable(
        self, project_code: str, code: str, change: Callable[[Deliverable], Deliverable], origin: Origin
    ) -> Kept[Project]:
        """Change a deliverable; raises as ``get``, DeliverableUnknown, DeliverableReasonMissing, VersionConflict."""
        before = self.get(origin.tenant_id, project_code)
        after = before.value.with_deliverable(change(before.value.deliverable(code)), origin.at)
        return self._saved("deliverable_changed", after, before, origin)

    def ask(
        self, project_code: str, phase: Phase, conditions: str, until: date | None, origin: Origin
    ) -> Kept[Project]:
        """Ask for the signatures of a gate; the deliverable PPAP is what the project's PPAP is.

        Raises as ``get``, GateOutOfOrder, GateNotReady, GateNotAsked, ConditionWithoutEnd, VersionConflict.
        """
        before = self.get(origin.tenant_id, project_code)
        project = before.value
        if phase is Phase.VALIDATION:
            project = project.with_ppap(self.ppap(project, origin.at.date()), origin.at)
        after = project.asked(phase, origin.user_id, conditions, until, origin.at)
        if after == before.value:
            return before
        events = (_asked(after, phase, origin.at).envelope(origin),)
        return self.projects.save(Commit(origin, "gate_asked", after, before, events))

    def decide(self, project_code: str, phase: Phase, voice: Voice, origin: Origin) -> Kept[Project]:
        """Sign or reject a gate; with the last signature the PLM is told. The same voice again changes nothing.

        Raises as ``get`` and ``Project.decided``, VersionConflict.
        """
        before = self.get(origin.tenant_id, project_code)
        after = before.value.decided(phase, voice, origin.at)
        if after is before.value:
            return before
        status = after.status(phase, origin.at)
        if status is GateStatus.ASKED:
            return self.projects.save(Commit(origin, "gate_signed", after, before))
        if status is GateStatus.REJECTED:
            return self.projects.save(Commit(origin, "gate_rejected", after, before, reason=voice.comment))
        passed = after.passing(phase, self.new_id(origin.at), origin.at)
        events = (_passed(passed, phase, status).envelope(origin),)
        commands = (Command(QUEUE, {"project_code": project_code, "phase": phase.value}),)
        return self.projects.save(Commit(origin, "gate_passed", passed, before, events, commands))

    def take_over(self, project_code: str, origin: Origin) -> Taken:
        """Take the PLM's phase and statuses over; what is done here is not undone by it.

        Raises as ``get``, UnknownPlmPhase, PlmUnavailable, PlmRefused, VersionConflict.
        """
        before = self.get(origin.tenant_id, project_code)
        project, ignored = before.value, []
        told = self.plm.project(project.connection, project.tenant_id, project_code)
        phase = Phase.of_plm(str(told.get("phase")))
        codes = {one.code for one in project.deliverables}
        for one in told.get("deliverables") or ():
            code, status = str(one.get("code")), str(one.get("status"))
            if code not in codes or status not in FROM_PLM:
                ignored.append(f"{code} {status}"[:100])
                continue
            known = project.deliverable(code)
            if not known.is_complete:
                wanted = replace(known, status=DeliverableStatus(status), document=str(one.get("document") or "")[:500])
                project = project.with_deliverable(wanted, origin.at)
        if project != before.value or phase is not project.plm_phase:
            project = replace(project, plm_phase=phase, plm_read_at=origin.at)
        return Taken(self._saved("taken_over", project, before, origin), tuple(ignored[:50]))

    def _saved(self, action: str, after: Project, before: Kept[Project], origin: Origin) -> Kept[Project]:
        return before if after == before.value else self.projects.save(Commit(origin, action, after, before))

    def push(self, tenant_id: str, project_code: str, phase: Phase) -> PlmSync:
        """Tell the PLM that a gate is passed, if that is due; what does not arrive is tried again by a timer."""
        before, now = self.get(tenant_id, project_code), self.clock()
        push = before.value.gate(phase).push
        if push is None or not push.is_due(now):
            return push.state if push else PlmSync.NONE
        made = push.attempted(lambda: self._send(before.value, phase, push, now), now)
        origin = Origin(tenant_id, "", WORKER, now, push.push_id)
        named = {"project_code": project_code, "phase": phase.value}
        again = (SetTimer(f"apqp/{project_code}/{phase.value}", PURPOSE, made.due, named),) if made.due else ()
        try:
            self.projects.save(Commit(origin, action_of(made), before.value.pushed(phase, made), before, timers=again))
        except VersionConflict:
            if made.state is PlmSync.PENDING:
                raise
            return self.push(tenant_id, project_code, phase)  # the project moved on: told again under the same id
        return made.state

    def _send(self, project: Project, phase: Phase, push: Push, now: datetime) -> None:
        gate = project.gate(phase)
        told = {
            "projectCode": project.project_code,
            "phaseCode": phase.plm_code,
            "gateStatus": project.status(phase, now).value,
            "approvers": list(gate.approval.approvers) if gate.approval else [],
            "conditions": gate.conditions,
            "conditionsUntil": gate.until.isoformat() if gate.until else None,
        }
        self.plm.gate(project.connection, project.tenant_id, push.push_id, told)


def _asked(project: Project, phase: Phase, at: datetime) -> NoticeRequested:
    return NoticeRequested(
        notice_type="plm.apqp_gate_asked",
        severity=Severity.INFO,
        subject=f"apqp/{project.project_code}",
        facts={"projectCode": project.project_code, "phase": phase.value, "title": project.title},
        roles=project.signers,
        dedupe_key=f"apqp/{project.project_code}/{phase.value}/{at.isoformat()}",
    )


def _passed(project: Project, phase: Phase, status: GateStatus) -> published.ApqpGatePassed:
    approval = project.gate(phase).approval
    return published.ApqpGatePassed(
        project_code=project.project_code,
        product_code=project.product_code,
        phase=phase.value,
        status="CONDITIONAL" if status is GateStatus.CONDITIONAL else "PASSED",
        approvers=approval.approvers if approval else (),
    )
