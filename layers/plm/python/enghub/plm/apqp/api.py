"""APQP projects on the wire (PLM-13)."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.kit.approvals.model import Verdict
from enghub.plm.apqp.catalogue import NAMES, Phase
from enghub.plm.apqp.model import (
    MOST_DELIVERABLES,
    SIGNERS,
    Deliverable,
    DeliverableStatus,
    Gate,
    GateStatus,
    Project,
)
from enghub.plm.apqp.repository import FoundProjects
from enghub.plm.apqp.service import Taken
from enghub.plm.names import ConnectionName, PartNumber
from enghub.plm.pushes.model import PlmSync

BASE = "/api/v1/plm/apqp/projects"
PhaseNumber = Annotated[int, Field(ge=1, le=5)]


class OwnDeliverable(wire.Request):
    """A deliverable beside those of the manual."""

    code: wire.PathId
    phase: PhaseNumber
    name: wire.ShortText


class CreateProjectRequest(wire.Request):
    """A project; it begins with the manual's deliverables. ``signers`` are roles, each of which signs every gate."""

    project_code: wire.PathId
    product_code: PartNumber
    title: wire.ShortText
    customer: Annotated[str, Field(max_length=200)] = ""
    connection: ConnectionName = "default"
    signers: Annotated[tuple[wire.PathId, ...], Field(min_length=1, max_length=5)] = SIGNERS
    deliverables: Annotated[tuple[OwnDeliverable, ...], Field(max_length=MOST_DELIVERABLES - 50)] = ()

    def to_project(self, tenant_id: str, at: datetime) -> Project:
        """Return the project.

        Raises:
            DeliverableTwice
        """
        made = Project(
            tenant_id,
            self.project_code,
            self.product_code,
            self.title,
            at,
            self.customer,
            self.connection,
            tuple(dict.fromkeys(self.signers)),
        )
        return made.having(Deliverable(one.code, Phase(one.phase), one.name) for one in self.deliverables)


class PutDeliverableRequest(wire.Request):
    """What a deliverable is now; one that does not apply says why."""

    status: DeliverableStatus
    owner: Annotated[str, Field(max_length=128)] = ""
    due: wire.Day | None = None
    document: Annotated[str, Field(max_length=500)] = ""
    reason: Annotated[str, Field(max_length=500)] = ""

    def changed(self, known: Deliverable) -> Deliverable:
        """Return the deliverable as wanted."""
        return replace(
            known,
            status=self.status,
            owner=self.owner,
            due=self.due,
            document=self.document,
            reason=self.reason,
        )


class AskGateRequest(wire.Request):
    """Ask for the signatures of a gate; with open deliverables only on conditions that end."""

    conditions: wire.LongText = ""
    until: wire.Day | None = None


class DecideGateRequest(wire.Request):
    """A signature, or a no with its reason."""

    verdict: Verdict
    comment: wire.LongText = ""


class DeliverableResponse(wire.Response):
    """A deliverable."""

    code: str
    phase: int
    name: str
    status: DeliverableStatus
    owner: str
    due: date | None
    document: str
    reason: str
    changed_at: wire.Instant | None

    @classmethod
    def of(cls, one: Deliverable) -> "DeliverableResponse":
        """Return the answer."""
        shown = {name: getattr(one, name) for name in cls.model_fields if name != "phase"}
        return cls(phase=one.phase.value, **shown)


class GateResponse(wire.Response):
    """A gate as it stands today; ``waitsFor`` are the roles that have not signed."""

    phase: int
    plm_code: str
    name: str
    name_zh: str
    status: GateStatus
    missing: tuple[str, ...]
    requested_by: str | None
    approvers: tuple[str, ...]
    waits_for: tuple[str, ...]
    conditions: str
    until: date | None
    plm_sync: PlmSync
    plm_synced_at: wire.Instant | None
    plm_problem: str

    @classmethod
    def of(cls, project: Project, gate: Gate, now: datetime) -> "GateResponse":
        """Return the answer."""
        approval, push, status = gate.approval, gate.push, project.status(gate.phase, now)
        waits = approval.missing if approval and status is GateStatus.ASKED else ()
        return cls(
            phase=gate.phase.value,
            plm_code=gate.phase.plm_code,
            name=NAMES[gate.phase][0],
            name_zh=NAMES[gate.phase][1],
            status=status,
            missing=project.missing(gate.phase),
            requested_by=approval.requested_by if approval else None,
            approvers=approval.approvers if approval else (),
            waits_for=tuple(stage.name for stage, _ in waits),
            conditions=gate.conditions,
            until=gate.until,
            plm_sync=push.state if push else PlmSync.NONE,
            plm_synced_at=push.synced_at if push else None,
            plm_problem=push.trouble if push else "",
        )


class ProjectResponse(wire.Response):
    """A project as it stands today; ``ignored`` is what the PLM told that means nothing here."""

    project_code: str
    product_code: str
    title: str
    customer: str
    edition: str
    phase: int
    plm_phase: int | None
    plm_read_at: wire.Instant | None
    signers: tuple[str, ...]
    gates: tuple[GateResponse, ...]
    deliverables: tuple[DeliverableResponse, ...]
    ignored: tuple[str, ...]
    revision: int

    @classmethod
    def of(cls, kept: Kept[Project], now: datetime, ignored: tuple[str, ...] = ()) -> "ProjectResponse":
        """Return the answer."""
        project = kept.value
        return cls(
            project_code=project.project_code,
            product_code=project.product_code,
            title=project.title,
            customer=project.customer,
            edition=project.edition,
            phase=project.phase.value,
            plm_phase=project.plm_phase.value if project.plm_phase else None,
            plm_read_at=project.plm_read_at,
            signers=project.signers,
            gates=tuple(GateResponse.of(project, gate, now) for gate in project.gates),
            deliverables=tuple(map(DeliverableResponse.of, project.deliverables)),
            ignored=ignored,
            revision=kept.revision,
        )

    @classmethod
    def of_taken(cls, taken: Taken, now: datetime) -> "ProjectResponse":
        """Return the answer after the PLM was read."""
        return cls.of(taken.kept, now, taken.ignored)


class ProjectSummary(wire.Response):
    """A project in a list."""

    project_code: str
    product_code: str
    title: str
    phase: int
    open_deliverables: int


class ProjectList(wire.Response):
    """A page of projects."""

    items: tuple[ProjectSummary, ...]
    cursor: str | None

    @classmethod
    def of(cls, found: FoundProjects) -> "ProjectList":
        """Return the answer."""
        items = (
            ProjectSummary(
                project_code=one.project_code,
                product_code=one.product_code,
                title=one.title,
                phase=one.phase.value,
                open_deliverables=sum(not deliverable.is_complete for deliverable in one.deliverables),
            )
            for one in found.projects
        )
        return cls(items=tuple(items), cursor=found.cursor)
