"""Defects: dictionary, records with disposition, sums by day, score of suppliers (MES-10). Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from enghub.mes.factories import Factory

MOST_TYPES = 500
"""Of a day and line; further ones are summed as OTHER."""
OTHER = "OTHER"


class DefectClass(StrEnum):
    """Critical, major, minor."""

    CRITICAL = "CRITICAL"
    MAJOR = "MAJOR"
    MINOR = "MINOR"


class Disposition(StrEnum):
    """What becomes of defective pieces."""

    PENDING = "PENDING"
    REWORK = "REWORK"
    SCRAP = "SCRAP"
    USE_AS_IS = "USE_AS_IS"
    RETURN_TO_SUPPLIER = "RETURN_TO_SUPPLIER"


@dataclass(frozen=True, slots=True)
class DefectType:
    """One entry of the dictionary."""

    factory: Factory
    code: str
    name: str
    name_zh: str
    defect_class: DefectClass = DefectClass.MAJOR
    is_active: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True)
class Defect:
    """Pieces found defective, by one report; USE_AS_IS wants a concession's number as ``reference``."""

    factory: Factory
    defect_id: str
    work_order_id: str
    product_id: str
    quantity: Decimal
    types: tuple[str, ...]
    operation: str
    station_id: str
    line_id: str
    shift_on: str
    shift: str
    found_by: str
    found_at: datetime
    disposition: Disposition = Disposition.PENDING
    disposed_by: str = ""
    reference: str = ""
    version: int = 1
    reversed_by: str = ""
    """The report that took it back."""

    def disposed(self, disposition: Disposition, by: str, reference: str) -> "Defect":
        """Return it with what becomes of the pieces."""
        return replace(self, disposition=disposition, disposed_by=by, reference=reference, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class TypeSum:
    """How often a type was named, and pieces of the reports that named it."""

    defect_type: str
    reports: int = 0
    pieces: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class DefectDay:
    """Defects of a day on a line, by type, most pieces first (Pareto)."""

    factory: Factory
    day: str
    line_id: str
    pieces: Decimal = Decimal(0)
    types: tuple[TypeSum, ...] = ()

    def counted(self, defect: Defect, sign: int = 1) -> "DefectDay":
        """Return it with a record, or without it (``sign`` -1); pieces count for each type that the report names."""
        known = {one.defect_type: one for one in self.types}
        for name in defect.types:
            place = name if name in known or len(known) < MOST_TYPES else OTHER
            before = known.get(place, TypeSum(place))
            known[place] = TypeSum(place, before.reports + sign, before.pieces + sign * defect.quantity)
        left = (one for one in known.values() if one.reports)
        ordered = sorted(left, key=lambda one: (-one.pieces, one.defect_type))
        return replace(self, pieces=self.pieces + sign * defect.quantity, types=tuple(ordered))


@dataclass(frozen=True, slots=True)
class SupplierScore:
    """How a supplier's lots did at incoming inspection; the score is the share of lots accepted, times 100."""

    factory: Factory
    supplier_id: str
    lots: int = 0
    accepted: int = 0
    inspected: Decimal = Decimal(0)
    nonconforming: Decimal = Decimal(0)

    @property
    def score(self) -> Decimal | None:
        """0 to 100; None before the first lot."""
        return None if not self.lots else (Decimal(100 * self.accepted) / self.lots).quantize(Decimal("0.01"))

    @property
    def ppm(self) -> Decimal | None:
        """Nonconforming units per million inspected."""
        if not self.inspected:
            return None
        return (1_000_000 * self.nonconforming / self.inspected).quantize(Decimal(1))

    def judged(self, accepted: bool, inspected: Decimal, nonconforming: Decimal) -> "SupplierScore":
        """Return it with one more lot."""
        return replace(
            self,
            lots=self.lots + 1,
            accepted=self.accepted + accepted,
            inspected=self.inspected + inspected,
            nonconforming=self.nonconforming + nonconforming,
        )
