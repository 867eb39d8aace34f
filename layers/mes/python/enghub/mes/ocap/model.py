"""Out-of-control action plans: a flow of checks and actions that follows a signal (MES-10). Pure.

Activators, checkpoints, terminators as Montgomery has them (Introduction to Statistical Quality Control, 6.2): a check
branches by its answer, an action is taken by its owner, an end says what the branch amounts to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from enghub.core.i18n import Text
from enghub.mes.factories import Factory
from enghub.mes.ocap.errors import BadFlow, NotThisStep, OwnVerification

END = "END"
_TWICE = Text("the id stands twice", "步骤编号重复")
_NOWHERE = Text("it leads to a step that does not exist", "指向不存在的步骤")
_CIRCLE = Text("it leads back to an earlier step: a flow ends", "流程不能循环")
_BRANCH = Text("a check has yes and no, an action has next", "检查步骤须有 yes 与 no，措施步骤须有 next")


class StepKind(StrEnum):
    """A check is answered yes or no; an action is done."""

    CHECK = "CHECK"
    ACTION = "ACTION"


class Answer(StrEnum):
    """What was said at a step."""

    YES = "YES"
    NO = "NO"
    DONE = "DONE"


class State(StrEnum):
    """Life of a case."""

    OPEN = "OPEN"
    VERIFYING = "VERIFYING"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``yes``, ``no``, ``next`` name steps, or END."""

    step_id: str
    kind: StepKind
    text: str
    owner_role: str = ""
    yes: str | None = None
    no: str | None = None
    next: str | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """Where it leads."""
        return tuple(one for one in (self.yes, self.no, self.next) if one is not None)

    def after(self, answer: Answer) -> str | None:
        """Return where an answer leads, None where the step does not know it."""
        return {Answer.YES: self.yes, Answer.NO: self.no, Answer.DONE: self.next}[answer]


@dataclass(frozen=True, slots=True)
class Flow:
    """A plan: its first step is where a case begins."""

    factory: Factory
    plan_id: str
    title: str
    steps: tuple[Step, ...]
    holds_lot: bool = True
    version: int = 1

    def check(self) -> None:
        """Raise BadFlow, naming the step, unless every way from the first step ends."""
        by_id = {step.step_id: step for step in self.steps}
        for place, step in enumerate(self.steps):
            field = f"steps.{place}"
            if by_id[step.step_id] is not step:
                raise BadFlow(field=field, problem=_TWICE)
            is_check = step.kind is StepKind.CHECK
            if is_check != (step.yes is not None and step.no is not None) or is_check == (step.next is not None):
                raise BadFlow(field=field, problem=_BRANCH)
            if any(target != END and target not in by_id for target in step.targets):
                raise BadFlow(field=field, problem=_NOWHERE)
        self._end(by_id, self.steps[0].step_id, ())

    def _end(self, by_id: Mapping[str, Step], step_id: str, before: tuple[str, ...]) -> None:
        if step_id == END:
            return
        if step_id in before:
            raise BadFlow(field="steps", problem=_CIRCLE)
        for target in by_id[step_id].targets:
            self._end(by_id, target, (*before, step_id))


GENERAL = (
    Step("CONTAIN", StepKind.ACTION, "Hold the lot and separate what was made since the last good check", next="DATA"),
    Step("DATA", StepKind.CHECK, "Are measurement and record right?", yes="CAUSE", no="GAUGE"),
    Step("GAUGE", StepKind.ACTION, "Correct gauge or record, measure again", next=END),
    Step(
        "CAUSE", StepKind.ACTION, "Find the cause (man, machine, material, method, environment) and remove it", next=END
    ),
)
"""What is done where nobody made a plan."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What started a case; ``kind`` is chart, yield or person."""

    kind: str
    reference: str
    said: str
    lot_id: str | None = None
    material_id: str | None = None
    work_order_id: str | None = None
    operation: str | None = None
    station_id: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """One answered step."""

    step_id: str
    answer: Answer
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether it helped, said by somebody who took no part."""

    by: str
    at: datetime
    effective: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One use of a plan, with the steps as they were when it began."""

    factory: Factory
    ocap_id: str
    plan_id: str
    cause: Cause
    opened_at: datetime
    steps: tuple[Step, ...]
    holds_lot: bool
    at_step: str
    status: State = State.OPEN
    trail: tuple[Taken, ...] = ()
    verification: Verification | None = None
    version: int = 1

    @property
    def branch(self) -> str:
        """The way taken: ``DATA=NO>GAUGE=DONE``."""
        return ">".join(f"{one.step_id}={one.answer.value}" for one in self.trail)

    def answered(self, taken: Taken) -> "Case":
        """Return it one step on; after the last step it waits for verification.

        Raises:
            NotThisStep: it stands elsewhere, or the step has no such answer.
        """
        step = next((one for one in self.steps if one.step_id == self.at_step), None)
        target = step.after(taken.answer) if step is not None and taken.step_id == self.at_step else None
        if self.status is not State.OPEN or target is None:
            raise NotThisStep(ocap_id=self.ocap_id, status=self.status.value, at=self.at_step, step_id=taken.step_id)
        status = State.VERIFYING if target == END else State.OPEN
        return replace(self, at_step=target, status=status, trail=(*self.trail, taken), version=self.version + 1)

    def verified(self, verification: Verification) -> "Case":
        """Return it closed; what did not help begins again at the first step.

        Raises:
            NotThisStep: steps are open. OwnVerification: the person took part.
        """
        if self.status is not State.VERIFYING:
            raise NotThisStep(ocap_id=self.ocap_id, status=self.status.value, at=self.at_step, step_id="verification")
        if verification.by in {one.by for one in self.trail}:
            raise OwnVerification(permission="verification")
        if verification.effective:
            return replace(self, status=State.CLOSED, verification=verification, version=self.version + 1)
        first = self.steps[0].step_id
        return replace(
            self, status=State.OPEN, at_step=first, trail=(), verification=verification, version=self.version + 1
        )


@dataclass(frozen=True, slots=True)
class Branch:
    """How often a way through a plan helped."""

    branch: str
    helped: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a plan's branches; a flow has few."""

    factory: Factory
    plan_id: str
    branches: tuple[Branch, ...] = ()

    def with_outcome(self, branch: str, effective: bool) -> "History":
        """Return it with one more outcome."""
        known = {one.branch: one for one in self.branches}
        before = known.get(branch, Branch(branch))
        known[branch] = Branch(branch, before.helped + effective, before.failed + (not effective))
        most = sorted(known.values(), key=lambda one: (-one.helped, one.failed, one.branch))
        return replace(self, branches=tuple(most[:200]))


@dataclass(frozen=True, slots=True)
class ShiftYield:
    """Good and defective pieces of one product at one operation in one shift."""

    shift_on: str
    shift: str
    good: int
    defect: int
    alarmed: bool = False

    @property
    def total(self) -> int:
        """All pieces."""
        return self.good + self.defect


LEAST_PIECES = 30
LEAST_SHIFTS = 5
SHIFTS_KEPT = 21
FLOOR_PERCENT = 85


@dataclass(frozen=True, slots=True)
class Yield:
    """The last shifts of one product at one operation, oldest first."""

    factory: Factory
    product_id: str
    operation: str
    shifts: tuple[ShiftYield, ...] = ()

    def counted(self, shift_on: str, shift: str, good: int, defect: int) -> tuple["Yield", str]:
        """Return it with a report, and why the shift's yield is too low, empty where it is not or was said before.

        Too low: under 85 %, or under the lower 3-sigma limit of the proportion of its own last shifts (at least five),
        both from 30 pieces on. A mean alone would be undercut by every second shift.
        """
        known = {(one.shift_on, one.shift): one for one in self.shifts}
        before = known.get((shift_on, shift), ShiftYield(shift_on, shift, 0, 0))
        now = replace(before, good=before.good + good, defect=before.defect + defect)
        why = "" if now.alarmed else self._low(now)
        known[shift_on, shift] = replace(now, alarmed=now.alarmed or bool(why))
        shifts = tuple(known[name] for name in sorted(known))[-SHIFTS_KEPT:]
        return replace(self, shifts=shifts), why

    def _low(self, now: ShiftYield) -> str:
        if now.total < LEAST_PIECES or now.good < 0:
            return ""
        if now.good * 100 < FLOOR_PERCENT * now.total:
            return f"yield {100 * now.good / now.total:.1f} % is under {FLOOR_PERCENT} %"
        history = [one for one in self.shifts if (one.shift_on, one.shift) < (now.shift_on, now.shift)]
        total, good = sum(one.total for one in history), sum(one.good for one in history)
        if len(history) < LEAST_SHIFTS or not total:
            return ""
        usual = good / total
        limit = usual - 3 * (usual * (1 - usual) / now.total) ** 0.5
        if now.good / now.total < limit:
            return f"yield {100 * now.good / now.total:.1f} % is under its history, {100 * usual:.1f} %"
        return ""
