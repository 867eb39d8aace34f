"""Inspections on the wire (MES-09)."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.core.identity import Origin as Caller
from enghub.kit.approvals.model import Verdict
from enghub.mes.factories import Factory
from enghub.mes.inspections.model import (
    Feature,
    InspectionOrder,
    InspectionPlan,
    Kind,
    Measured,
    Origin,
    Result,
    State,
)
from enghub.mes.inspections.sampling import AQLS, Level, Severity
from enghub.mes.inspections.service import OpenInspection
from enghub.mes.inspections.switching import NO_SUPPLIER, Scheme, Switch
from enghub.mes.keeping.repository import Found

BASE = "/api/v1/inspections"
_AQL = Text("take one of the preferred AQLs: 0.010, 0.015 ... 650, 1000", "请使用标准 AQL：0.010、0.015 … 650、1000")
_ONE_LIST = Text("name one of lotId, workOrderId, status", "请指定 lotId、workOrderId、status 之一")
_MORE = Text("it cannot be more than inspected", "不能大于 inspected")


def _preferred(value: Decimal) -> Decimal:
    if value not in AQLS:
        raise wire.Unfit(_AQL)
    return AQLS[AQLS.index(value)]


Aql = Annotated[wire.Quantity, AfterValidator(_preferred)]


class FeatureRequest(wire.Request):
    """A characteristic to look at; a measured one has limits."""

    name: wire.ShortText
    unit: Annotated[str, Field(max_length=20)] = ""
    lower_limit: wire.Measure | None = None
    upper_limit: wire.Measure | None = None
    gauge: Annotated[str, Field(max_length=100)] = ""


class PutPlanRequest(wire.Request):
    """How a part's lots are inspected."""

    level: Level = Level.II
    aql: Aql = Decimal("1.0")
    features: Annotated[tuple[FeatureRequest, ...], Field(max_length=50)] = ()
    may_reduce: wire.Flag = True
    version: Annotated[int, Field(ge=1)] | None = None

    def to_plan(self, factory: Factory, kind: Kind, part_id: str) -> InspectionPlan:
        """Return it for the service."""
        features = tuple(Feature(**one.model_dump()) for one in self.features)
        return InspectionPlan(factory, kind, part_id, self.level, self.aql, features, self.may_reduce)


class OpenInspectionRequest(wire.Request):
    """A lot to be inspected."""

    inspection_id: wire.PathId | None = None
    kind: Kind
    part_id: wire.Code
    lot_size: Annotated[int, Field(ge=1, le=100_000_000)]
    lot_id: wire.Code | None = None
    supplier_id: wire.Code | None = None
    work_order_id: wire.Code | None = None
    operation: wire.Code | None = None
    station: wire.Code | None = None
    is_resubmitted: wire.Flag = False

    def to_command(self, caller: Caller) -> OpenInspection:
        """Return the command."""
        about = Origin(self.lot_id, self.work_order_id, self.operation, self.station)
        supplier = self.supplier_id or NO_SUPPLIER
        return OpenInspection(
            caller, self.kind, self.part_id, self.lot_size, about, supplier, self.inspection_id, self.is_resubmitted
        )


class MeasuredRequest(wire.Request):
    """The values of one characteristic, in the order of the units."""

    name: wire.ShortText
    values: Annotated[tuple[wire.Measure, ...], Field(min_length=1, max_length=1000)]


class ResultRequest(wire.Request):
    """What was found: units inspected, units nonconforming in any way, values measured."""

    version: Annotated[int, Field(ge=1)]
    inspected: wire.Count
    nonconforming: wire.Count
    measured: Annotated[tuple[MeasuredRequest, ...], Field(max_length=50)] = ()
    inspector: wire.Code | None = None
    note: Annotated[str, Field(max_length=1000)] = ""

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.nonconforming > self.inspected:
            raise wire.Unfit(_MORE, field="nonconforming")
        return self

    def to_result(self, caller: Caller) -> Result:
        """Return it for the service."""
        measured = tuple(Measured(one.name, one.values) for one in self.measured)
        inspector = self.inspector or caller.user_id
        return Result(self.inspected, self.nonconforming, measured, inspector, caller.at, self.note)


class ConcessionRequest(wire.Request):
    """Ask that a rejected lot may go as it is."""

    version: Annotated[int, Field(ge=1)]
    reason: wire.ShortText


class VoiceRequest(wire.Request):
    """A voice on a concession; a no says why."""

    verdict: Verdict
    comment: Annotated[str, Field(max_length=1000)] = ""


class ResumeRequest(wire.Request):
    """Inspect a discontinued supplier's part again."""

    kind: Kind
    part_id: wire.Code
    supplier_id: wire.Code
    reason: wire.ShortText


class ListQuery(wire.Request):
    """Which orders: those of a lot, of a work order, or in a status (OPEN without any)."""

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


class SchemeQuery(wire.Request):
    """Whose scheme."""

    kind: Kind
    part_id: wire.Code
    supplier_id: wire.Code | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=2000)] | None = None


class FeatureResponse(wire.Response):
    """A characteristic."""

    name: str
    unit: str
    lower_limit: wire.Total | None
    upper_limit: wire.Total | None
    gauge: str


class PlanResponse(wire.Response):
    """How a part's lots are inspected; version 0 is the rule where nobody said otherwise."""

    kind: Kind
    part_id: str
    level: Level
    aql: wire.Total
    features: list[FeatureResponse]
    may_reduce: bool
    version: int

    @classmethod
    def of(cls, plan: InspectionPlan) -> Self:
        """Return the answer for a plan."""
        return cls(
            kind=plan.kind,
            part_id=plan.part_id,
            level=plan.level,
            aql=plan.aql,
            features=_features(plan.features),
            may_reduce=plan.may_reduce,
            version=plan.version,
        )


def _features(features: tuple[Feature, ...]) -> list[FeatureResponse]:
    names = FeatureResponse.model_fields
    return [FeatureResponse(**{name: getattr(one, name) for name in names}) for one in features]


class SamplingResponse(wire.Response):
    """The plan by ISO 2859-1: how many, with how many nonconforming accepted, from how many on rejected."""

    code_letter: str
    sample_size: int
    accept: int
    reject: int
    inspects_all: bool


class MeasuredResponse(wire.Response):
    """The values of one characteristic."""

    name: str
    values: tuple[wire.Total, ...]


class ResultResponse(wire.Response):
    """What was found."""

    inspected: int
    nonconforming: int
    measured: list[MeasuredResponse]
    inspector: str
    at: wire.Instant
    note: str


class ConcessionResponse(wire.Response):
    """A concession: who asked why, who agreed."""

    requested_by: str
    reason: str
    due: wire.Instant
    approved_by: tuple[str, ...]


class InspectionResponse(wire.Response):
    """An inspection order."""

    inspection_id: str
    kind: Kind
    part_id: str
    supplier_id: str | None
    lot_id: str | None
    lot_size: int
    work_order_id: str | None
    operation: str | None
    station: str | None
    severity: Severity
    level: Level
    aql: wire.Total
    sampling: SamplingResponse
    features: list[FeatureResponse]
    is_resubmitted: bool
    status: State
    opened_at: wire.Instant
    result: ResultResponse | None
    concession: ConcessionResponse | None
    version: int

    @classmethod
    def of(cls, one: InspectionOrder) -> Self:
        """Return the answer for an order."""
        plan, about, asked = one.plan, one.about, one.concession
        same = ("kind", "part_id", "lot_size", "severity", "level", "aql", "is_resubmitted", "status", "opened_at")
        return cls(
            **{name: getattr(one, name) for name in (*same, "version")},
            inspection_id=one.order_id,
            supplier_id=None if one.supplier_id == NO_SUPPLIER else one.supplier_id,
            lot_id=about.lot_id,
            work_order_id=about.work_order_id,
            operation=about.operation,
            station=about.station_id,
            sampling=SamplingResponse(
                code_letter=plan.letter,
                sample_size=plan.size,
                accept=plan.accept,
                reject=plan.reject,
                inspects_all=one.inspects_all,
            ),
            features=_features(one.features),
            result=None if one.result is None else _result(one.result),
            concession=None
            if asked is None
            else ConcessionResponse(
                requested_by=asked.requested_by, reason=asked.reason, due=asked.due, approved_by=asked.approvers
            ),
        )


def _result(found: Result) -> ResultResponse:
    return ResultResponse(
        inspected=found.inspected,
        nonconforming=found.nonconforming,
        measured=[MeasuredResponse(name=one.name, values=one.values) for one in found.measured],
        inspector=found.inspector,
        at=found.at,
        note=found.note,
    )


class InspectionsResponse(wire.Response):
    """One page of orders, oldest first."""

    items: list[InspectionResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: Found[InspectionOrder]) -> Self:
        """Return the answer for a page."""
        return cls(items=[InspectionResponse.of(one) for one in page.items], cursor=page.cursor)


class SwitchResponse(wire.Response):
    """One switch and its reason."""

    at: wire.Instant
    inspection_id: str
    before: Severity
    after: Severity
    discontinued: bool
    reason: str


class SchemeResponse(wire.Response):
    """Where the inspection of a supplier's part stands, and how it came there, the newest switch first."""

    kind: str
    part_id: str
    supplier_id: str | None
    severity: Severity
    discontinued: bool
    switching_score: int
    lots: int
    standard: Literal["ISO 2859-1:1999"] = "ISO 2859-1:1999"
    items: list[SwitchResponse]
    cursor: str | None

    @classmethod
    def of(cls, scheme: Scheme, page: Found[Switch]) -> Self:
        """Return the answer for a scheme."""
        return cls(
            kind=scheme.kind,
            part_id=scheme.part_id,
            supplier_id=None if scheme.supplier_id == NO_SUPPLIER else scheme.supplier_id,
            severity=scheme.severity,
            discontinued=scheme.discontinued,
            switching_score=scheme.score,
            lots=scheme.lots,
            items=[
                SwitchResponse(
                    at=one.at,
                    inspection_id=one.order_id,
                    before=one.before,
                    after=one.after,
                    discontinued=one.discontinued,
                    reason=one.reason,
                )
                for one in page.items
            ],
            cursor=page.cursor,
        )
