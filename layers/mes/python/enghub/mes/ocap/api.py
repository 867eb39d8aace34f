"""Out-of-control action plans on the wire (MES-10)."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found
from enghub.mes.ocap.model import Answer, Case, Cause, Flow, History, State, Step, StepKind, Taken, Verification

BASE = "/api/v1/ocap"
_ONE_LIST = Text("name one of lotId, workOrderId, status", "请指定 lotId、workOrderId、status 之一")


class StepRequest(wire.Request):
    """A check (yes, no) or an action (next); END ends."""

    step_id: wire.Code
    kind: StepKind
    text: wire.ShortText
    owner_role: Annotated[str, Field(max_length=64)] = ""
    yes: wire.Code | None = None
    no: wire.Code | None = None
    next: wire.Code | None = None


class PutFlowRequest(wire.Request):
    """A plan; a case begins at its first step."""

    title: wire.ShortText
    steps: Annotated[tuple[StepRequest, ...], Field(min_length=1, max_length=40)]
    holds_lot: wire.Flag = True
    version: Annotated[int, Field(ge=1)] | None = None

    def to_flow(self, factory: Factory, plan_id: str) -> Flow:
        """Return it for the service."""
        steps = tuple(Step(**one.model_dump()) for one in self.steps)
        return Flow(factory, plan_id, self.title, steps, self.holds_lot)


class StartRequest(wire.Request):
    """A person starts a case; the same reference opens one only."""

    plan_id: wire.Code | None = None
    reference: wire.Code
    said: wire.ShortText
    lot_id: wire.Code | None = None
    material_id: wire.Code | None = None
    work_order_id: wire.Code | None = None
    operation: wire.Code | None = None
    station: wire.Code | None = None

    def to_cause(self) -> Cause:
        """Return it for the service."""
        where = (self.lot_id, self.material_id, self.work_order_id, self.operation, self.station)
        return Cause("person", self.reference, self.said, *where)


class AnswerRequest(wire.Request):
    """What was said at the step that the case stands at."""

    version: Annotated[int, Field(ge=1)]
    step_id: wire.Code
    answer: Answer
    note: Annotated[str, Field(max_length=1000)] = ""

    def to_taken(self, origin: Origin) -> Taken:
        """Return it for the service."""
        return Taken(self.step_id, self.answer, origin.user_id, origin.at, self.note)


class VerifyRequest(wire.Request):
    """Whether it helped."""

    version: Annotated[int, Field(ge=1)]
    effective: wire.Flag
    note: Annotated[str, Field(max_length=1000)] = ""

    def to_verification(self, origin: Origin) -> Verification:
        """Return it for the service."""
        return Verification(origin.user_id, origin.at, self.effective, self.note)


class ListQuery(wire.Request):
    """Which cases: of a lot, of a work order, or in a status (OPEN without any)."""

    lot_id: wire.Code | None = None
    work_order_id: wire.Code | None = None
    status: State | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=2000)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(one is not None for one in (self.lot_id, self.work_order_id, self.status)) > 1:
            raise wire.Unfit(_ONE_LIST, field="status")
        return self

    def name(self) -> tuple[str, ...]:
        """Return the list's name."""
        if self.lot_id:
            return ("LOT", self.lot_id)
        if self.work_order_id:
            return ("ORDER", self.work_order_id)
        return ("STATUS", (self.status or State.OPEN).value)


class StepResponse(wire.Response):
    """A step."""

    step_id: str
    kind: StepKind
    text: str
    owner_role: str
    yes: str | None
    no: str | None
    next: str | None

    @classmethod
    def of(cls, step: Step) -> Self:
        """Return the answer for a step."""
        return cls(**{name: getattr(step, name) for name in cls.model_fields})


class BranchResponse(wire.Response):
    """How often a way through the plan helped."""

    branch: str
    helped: int
    failed: int


class FlowResponse(wire.Response):
    """A plan with what is known of its branches, the most helpful first; version 0 is the general plan."""

    plan_id: str
    title: str
    steps: list[StepResponse]
    holds_lot: bool
    branches: list[BranchResponse]
    version: int

    @classmethod
    def of(cls, plan: Flow, history: History) -> Self:
        """Return the answer for a plan."""
        return cls(
            plan_id=plan.plan_id,
            title=plan.title,
            steps=[StepResponse.of(step) for step in plan.steps],
            holds_lot=plan.holds_lot,
            branches=_branches(history),
            version=plan.version,
        )


def _branches(history: History) -> list[BranchResponse]:
    return [BranchResponse(branch=one.branch, helped=one.helped, failed=one.failed) for one in history.branches]


class TakenResponse(wire.Response):
    """An answered step."""

    step_id: str
    answer: Answer
    by: str
    at: wire.Instant
    note: str


class VerificationResponse(wire.Response):
    """Whether it helped."""

    by: str
    at: wire.Instant
    effective: bool
    note: str


class CaseResponse(wire.Response):
    """A case: where it stands, the step to answer now, which branches helped before."""

    ocap_id: str
    plan_id: str
    cause: str
    reference: str
    said: str
    lot_id: str | None
    holds_lot: bool
    work_order_id: str | None
    operation: str | None
    station: str | None
    opened_at: wire.Instant
    status: State
    step: StepResponse | None
    trail: list[TakenResponse]
    verification: VerificationResponse | None
    helped_before: list[BranchResponse]
    version: int

    @classmethod
    def of(cls, case: Case, history: History | None = None) -> Self:
        """Return the answer for a case."""
        cause, last = case.cause, case.verification
        step = next((one for one in case.steps if one.step_id == case.at_step), None)
        same = ("ocap_id", "plan_id", "holds_lot", "opened_at", "status", "version")
        trail = [
            TakenResponse(step_id=one.step_id, answer=one.answer, by=one.by, at=one.at, note=one.note)
            for one in case.trail
        ]
        checked = None
        if last is not None:
            checked = VerificationResponse(by=last.by, at=last.at, effective=last.effective, note=last.note)
        return cls(
            **{name: getattr(case, name) for name in same},
            cause=cause.kind,
            reference=cause.reference,
            said=cause.said,
            lot_id=cause.lot_id,
            work_order_id=cause.work_order_id,
            operation=cause.operation,
            station=cause.station_id,
            step=None if step is None else StepResponse.of(step),
            trail=trail,
            verification=checked,
            helped_before=[] if history is None else _branches(history),
        )


class CasesResponse(wire.Response):
    """One page of cases, oldest first."""

    items: list[CaseResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: Found[Case]) -> Self:
        """Return the answer for a page."""
        return cls(items=[CaseResponse.of(one) for one in page.items], cursor=page.cursor)
