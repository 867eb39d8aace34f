"""An APQP project: deliverables of five phases, a gate after each, signed by people who did not ask (PLM-13). Pure.

Where a gate stands follows from its approval, its deliverables and the day; it is never stored. Whoever signs, signs
the deliverables as they are: when one changes meanwhile, the signature is refused and the gate is asked for anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from enghub.kit.approvals.model import Approval, Decider, Policy, Stage, Status, Verdict, ask, decide, fingerprint
from enghub.plm.apqp.catalogue import EDITION, OUTPUTS, PPAP, Phase
from enghub.plm.apqp.errors import (
    ConditionWithoutEnd,
    DeliverableReasonMissing,
    DeliverableTwice,
    DeliverableUnknown,
    GateNotAsked,
    GateNotReady,
    GateOutOfOrder,
)
from enghub.plm.pushes.model import PlmSync, Push

SIGNERS = ("QUALITY_ENGINEER", "PLM_ADMIN")
WITHIN = timedelta(days=14)
MOST_DELIVERABLES = 200


class DeliverableStatus(StrEnum):
    """Where a deliverable stands."""

    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    NOT_APPLICABLE = "NOT_APPLICABLE"


COMPLETE = frozenset({DeliverableStatus.DONE, DeliverableStatus.NOT_APPLICABLE})


class GateStatus(StrEnum):
    """Where a gate stands on a day."""

    OPEN = "OPEN"
    ASKED = "ASKED"
    REJECTED = "REJECTED"
    PASSED = "PASSED"
    CONDITIONAL = "CONDITIONAL"
    CONDITION_MISSED = "CONDITION_MISSED"
    """The day of a conditional pass is over, and deliverables are still open."""
    REOPENED = "REOPENED"
    """It was passed; a deliverable is open again."""


IN_FORCE = frozenset({GateStatus.PASSED, GateStatus.CONDITIONAL})


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One output of a phase; ``reason`` says why it does not apply."""

    code: str
    phase: Phase
    name: str
    status: DeliverableStatus = DeliverableStatus.OPEN
    owner: str = ""
    due: date | None = None
    document: str = ""
    reason: str = ""
    changed_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is to be done about it."""
        return self.status in COMPLETE


@dataclass(frozen=True, slots=True)
class Voice:
    """What one person says to a gate."""

    decider: Decider
    verdict: Verdict
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """What was asked of a phase's gate and said to it; ``conditions`` and ``until`` of a conditional pass."""

    phase: Phase
    approval: Approval | None = None
    conditions: str = ""
    until: date | None = None
    push: Push | None = None


def _standard() -> tuple[Deliverable, ...]:
    return tuple(Deliverable(code, phase, name) for phase, outputs in OUTPUTS.items() for code, name in outputs.items())


@dataclass(frozen=True, slots=True)
class Project:
    """A project, by the PLM's project code."""

    tenant_id: str
    project_code: str
    product_code: str
    title: str
    created_at: datetime
    customer: str = ""
    connection: str = "default"
    signers: tuple[str, ...] = SIGNERS
    """Roles, each of which signs every gate."""
    edition: str = EDITION
    deliverables: tuple[Deliverable, ...] = field(default_factory=_standard)
    gates: tuple[Gate, ...] = tuple(Gate(phase) for phase in Phase)
    plm_phase: Phase | None = None
    plm_read_at: datetime | None = None

    # --- deliverables ---

    def having(self, more: Iterable[Deliverable]) -> "Project":
        """Return it with deliverables of its own.

        Raises:
            DeliverableTwice
        """
        known, found = {one.code for one in self.deliverables}, list(self.deliverables)
        for at, one in enumerate(more):
            if one.code in known:
                raise DeliverableTwice(field=f"deliverables.{at}.code", code=one.code)
            known.add(one.code)
            found.append(one)
        return replace(self, deliverables=tuple(sorted(found, key=lambda one: one.phase)))

    def deliverable(self, code: str) -> Deliverable:
        """Return one.

        Raises:
            DeliverableUnknown
        """
        found = next((one for one in self.deliverables if one.code == code), None)
        if found is None:
            raise DeliverableUnknown(project_code=self.project_code, code=code)
        return found

    def with_deliverable(self, wanted: Deliverable, at: datetime) -> "Project":
        """Return it with a deliverable as wanted; the same object where nothing changes.

        Raises:
            DeliverableUnknown
            DeliverableReasonMissing: it does not apply, and nothing says why.
        """
        known = self.deliverable(wanted.code)
        if replace(wanted, changed_at=known.changed_at) == known:
            return self
        if wanted.status is DeliverableStatus.NOT_APPLICABLE and not wanted.reason.strip():
            raise DeliverableReasonMissing(field="reason")
        changed = replace(wanted, changed_at=at)
        return replace(self, deliverables=tuple(changed if one is known else one for one in self.deliverables))

    def of(self, phase: Phase) -> tuple[Deliverable, ...]:
        """Return a phase's deliverables."""
        return tuple(one for one in self.deliverables if one.phase is phase)

    def missing(self, phase: Phase) -> tuple[str, ...]:
        """Return the codes of what is not done."""
        return tuple(one.code for one in self.of(phase) if not one.is_complete)

    def with_ppap(self, is_approved: bool | None, at: datetime) -> "Project":
        """Return it with the deliverable PPAP as the project's PPAP stands; None: there is none, people say it."""
        known = next((one for one in self.deliverables if one.code == PPAP), None)
        if is_approved is None or known is None or known.status is DeliverableStatus.NOT_APPLICABLE:
            return self
        status = DeliverableStatus.DONE if is_approved else DeliverableStatus.IN_PROGRESS
        return self.with_deliverable(replace(known, status=status), at)

    # --- gates ---

    def gate(self, phase: Phase) -> Gate:
        """Return a phase's gate."""
        return next(gate for gate in self.gates if gate.phase is phase)

    def seen(self, phase: Phase) -> str:
        """Return the hash of what a gate is about: its deliverables, and what was asked."""
        gate = self.gate(phase)
        shown = [[one.code, one.status.value, one.document, one.reason] for one in self.of(phase)]
        return fingerprint([shown, gate.conditions, gate.until.isoformat() if gate.until else None])

    def status(self, phase: Phase, now: datetime) -> GateStatus:
        """Return where a gate stands."""
        gate = self.gate(phase)
        if gate.approval is None:
            return GateStatus.OPEN
        said = gate.approval.status(now)
        if said is not Status.APPROVED:
            return {Status.PENDING: GateStatus.ASKED, Status.REJECTED: GateStatus.REJECTED}.get(said, GateStatus.OPEN)
        if not self.missing(phase):
            return GateStatus.PASSED
        if gate.until is None:
            return GateStatus.REOPENED
        return GateStatus.CONDITIONAL if now.date() <= gate.until else GateStatus.CONDITION_MISSED

    @property
    def phase(self) -> Phase:
        """The phase that the project is in: that of the first gate that nobody agreed to."""
        agreed = (gate.approval is not None and not gate.approval.missing for gate in self.gates)
        return next((phase for phase, is_over in zip(Phase, agreed, strict=True) if not is_over), Phase.FEEDBACK)

    def asked(self, phase: Phase, requester: str, conditions: str, until: date | None, at: datetime) -> "Project":
        """Return it with a gate that waits for signatures; asked again as it stands, it stays.

        Raises:
            GateOutOfOrder, GateNotReady, GateNotAsked, ConditionWithoutEnd
        """
        status, gate = self.status(phase, at), self.gate(phase)
        if status is GateStatus.ASKED and gate.approval is not None and gate.approval.seen == self.seen(phase):
            return self
        if status is GateStatus.PASSED:
            raise GateNotAsked(project_code=self.project_code, phase=phase.value, status=status.value)
        if phase > Phase.PLAN:
            before = Phase(phase - 1)
            standing = self.status(before, at)
            if standing not in IN_FORCE:
                raise GateOutOfOrder(
                    project_code=self.project_code, phase=phase.value, before=before.value, status=standing.value
                )
        if bool(conditions.strip()) != (until is not None) or (until is not None and until < at.date()):
            raise ConditionWithoutEnd(field="until")
        missing = self.missing(phase)
        if missing and until is None:
            raise GateNotReady(project_code=self.project_code, phase=phase.value, missing=", ".join(missing))
        waiting = self._with(Gate(phase, None, conditions, until))
        policy = Policy(tuple(Stage(role, 1, roles=(role,)) for role in self.signers), WITHIN, in_order=False)
        approval = ask(policy, requester=requester, at=at, seen=waiting.seen(phase))
        return waiting._with(replace(waiting.gate(phase), approval=approval))

    def decided(self, phase: Phase, voice: Voice, at: datetime) -> "Project":
        """Return it with one more voice; the same voice again changes nothing.

        Raises:
            GateNotAsked
            SeenAnother: a deliverable changed since it was asked for.
            OwnApproval, NotAnApprover, DecidedAlready, ApprovalClosed, ReasonRequired
        """
        gate = self.gate(phase)
        if gate.approval is None:
            status = self.status(phase, at)
            raise GateNotAsked(project_code=self.project_code, phase=phase.value, status=status.value)
        seen = self.seen(phase)
        made = decide(gate.approval, voice.decider, voice.verdict, seen=seen, at=at, comment=voice.comment)
        return self if made == gate.approval else self._with(replace(gate, approval=made))

    def passing(self, phase: Phase, push_id: str, at: datetime) -> "Project":
        """Return it with what its gate became on its way to the PLM."""
        return self.pushed(phase, Push(push_id, PlmSync.PENDING, due=at))

    def pushed(self, phase: Phase, push: Push) -> "Project":
        """Return it with a gate's way to the PLM as it is now."""
        return self._with(replace(self.gate(phase), push=push))

    def _with(self, gate: Gate) -> "Project":
        return replace(self, gates=tuple(gate if one.phase is gate.phase else one for one in self.gates))
