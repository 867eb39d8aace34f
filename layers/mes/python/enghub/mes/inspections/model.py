"""Inspection plans and orders: incoming, in-process, final (MES-09). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from enghub.kit.approvals.model import Approval, Decider, Status, Verdict, decide
from enghub.mes.factories import Factory
from enghub.mes.inspections.errors import (
    FewerThanMeasured,
    InspectionDecidedAlready,
    SampleTooSmall,
    UnknownCharacteristic,
)
from enghub.mes.inspections.sampling import Level, Plan, Severity, single_plan


class Kind(StrEnum):
    """Incoming, in-process, final quality control."""

    IQC = "IQC"
    IPQC = "IPQC"
    FQC = "FQC"


class State(StrEnum):
    """Life of an order. CONCESSION_REQUESTED waits for approval; CONCEDED lets a rejected lot go as it is."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    CONCESSION_REQUESTED = "CONCESSION_REQUESTED"
    CONCEDED = "CONCEDED"


@dataclass(frozen=True, slots=True)
class Feature:
    """What is looked at: a measured one has a unit and limits, another is judged by eye."""

    name: str
    unit: str = ""
    lower_limit: Decimal | None = None
    upper_limit: Decimal | None = None
    gauge: str = ""

    def holds(self, value: Decimal) -> bool:
        """Tell whether a value lies within the limits, which belong to them."""
        above = self.lower_limit is None or value >= self.lower_limit
        return above and (self.upper_limit is None or value <= self.upper_limit)


@dataclass(frozen=True, slots=True)
class InspectionPlan:
    """How lots of one part are inspected."""

    factory: Factory
    kind: Kind
    part_id: str
    level: Level = Level.II
    aql: Decimal = Decimal("1.0")
    features: tuple[Feature, ...] = ()
    may_reduce: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """The values of one characteristic, unit by unit."""

    name: str
    values: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What was found."""

    inspected: int
    nonconforming: int
    measured: tuple[Measured, ...]
    inspector: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """What an order is about."""

    lot_id: str | None = None
    work_order_id: str | None = None
    operation: str | None = None
    station_id: str | None = None
    report_id: str | None = None


@dataclass(frozen=True, slots=True)
class InspectionOrder:
    """One lot to be inspected by one plan; the plan is fixed when the order opens."""

    factory: Factory
    order_id: str
    kind: Kind
    part_id: str
    lot_size: int
    severity: Severity
    level: Level
    aql: Decimal
    plan: Plan
    features: tuple[Feature, ...]
    opened_at: datetime
    about: Origin
    supplier_id: str = "-"
    is_resubmitted: bool = False
    status: State = State.OPEN
    version: int = 1
    result: Result | None = None
    concession: Approval | None = None

    @property
    def inspects_all(self) -> bool:
        """Whether the sample is the whole lot."""
        return self.plan.size >= self.lot_size

    def decided(self, result: Result) -> "InspectionOrder":
        """Return it accepted or rejected by its result.

        Raises:
            InspectionDecidedAlready, SampleTooSmall, UnknownCharacteristic, FewerThanMeasured
        """
        self._must_be(State.OPEN, "decide")
        if result.inspected < self.plan.size:
            raise SampleTooSmall(field="inspected", size=self.plan.size, inspected=result.inspected)
        outside = self._outside(result.measured)
        if result.nonconforming < outside:
            raise FewerThanMeasured(field="nonconforming", measured=outside, stated=result.nonconforming)
        status = State.ACCEPTED if result.nonconforming <= self.plan.accept else State.REJECTED
        return replace(self, status=status, result=result, version=self.version + 1)

    def _outside(self, measured: Sequence[Measured]) -> int:
        """Return how many units have a value out of its limits."""
        known: Mapping[str, Feature] = {feature.name: feature for feature in self.features}
        units: set[int] = set()
        for one in measured:
            feature = known.get(one.name)
            if feature is None:
                raise UnknownCharacteristic(field="measured", name=one.name)
            units |= {unit for unit, value in enumerate(one.values) if not feature.holds(value)}
        return len(units)

    def asked(self, approval: Approval) -> "InspectionOrder":
        """Return it with a concession asked for.

        Raises:
            InspectionDecidedAlready: it is not rejected.
        """
        self._must_be(State.REJECTED, "concession")
        return replace(self, status=State.CONCESSION_REQUESTED, concession=approval, version=self.version + 1)

    def answered(self, decider: Decider, verdict: Verdict, at: datetime, comment: str, seen: str) -> "InspectionOrder":
        """Return it with a voice on the concession: conceded once all agree, rejected again by one no.

        Raises:
            InspectionDecidedAlready, and what ``approvals.decide`` raises.
        """
        if self.concession is None or self.status is not State.CONCESSION_REQUESTED:
            self._must_be(State.CONCESSION_REQUESTED, "decide")
            return self
        made = decide(self.concession, decider, verdict, seen=seen, at=at, comment=comment)
        status = {Status.APPROVED: State.CONCEDED, Status.REJECTED: State.REJECTED}.get(made.status(at), self.status)
        return replace(self, concession=made, status=status, version=self.version + 1)

    def _must_be(self, status: State, step: str) -> None:
        if self.status is not status:
            raise InspectionDecidedAlready(order_id=self.order_id, status=self.status.value, step=step)


def planned(severity: Severity, lot_size: int, level: Level, aql: Decimal) -> Plan:
    """Return the sampling plan of a lot; a lot of one is inspected whole and takes no nonconforming item."""
    if lot_size < 2:
        return Plan("A", lot_size, 0)
    return single_plan(severity, lot_size, level, aql)
