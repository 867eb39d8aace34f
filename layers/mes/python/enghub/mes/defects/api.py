"""Defects on the wire (MES-10)."""

from typing import Annotated, Self

from pydantic import Field

from enghub.core import wire
from enghub.mes.defects.model import Defect, DefectClass, DefectDay, DefectType, Disposition, SupplierScore
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found

BASE = "/api/v1/defects"


class PutTypeRequest(wire.Request):
    """An entry of the dictionary."""

    name: wire.ShortText
    name_zh: Annotated[str, Field(max_length=200)] = ""
    defect_class: DefectClass = DefectClass.MAJOR
    is_active: wire.Flag = True
    version: Annotated[int, Field(ge=1)] | None = None

    def to_type(self, factory: Factory, code: str) -> DefectType:
        """Return it for the service."""
        return DefectType(factory, code, self.name, self.name_zh, self.defect_class, self.is_active)


class DisposeRequest(wire.Request):
    """What becomes of defective pieces; USE_AS_IS names the concession."""

    version: Annotated[int, Field(ge=1)]
    disposition: Disposition
    reference: Annotated[str, Field(max_length=200)] = ""


class DefectsQuery(wire.Request):
    """Whose records: of a work order, or with a disposition (PENDING without any)."""

    work_order_id: wire.Code | None = None
    disposition: Disposition = Disposition.PENDING
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=2000)] | None = None

    def name(self) -> tuple[str, ...]:
        """Return the list's name."""
        return ("ORDER", self.work_order_id) if self.work_order_id else ("DISPOSITION", self.disposition.value)


class TypeResponse(wire.Response):
    """An entry of the dictionary."""

    code: str
    name: str
    name_zh: str
    defect_class: DefectClass
    is_active: bool
    version: int

    @classmethod
    def of(cls, one: DefectType) -> Self:
        """Return the answer for an entry."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class TypesResponse(wire.Response):
    """One page of the dictionary."""

    items: list[TypeResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: Found[DefectType]) -> Self:
        """Return the answer for a page."""
        return cls(items=[TypeResponse.of(one) for one in page.items], cursor=page.cursor)


class DefectResponse(wire.Response):
    """A record."""

    defect_id: str
    work_order_id: str
    product_id: str
    quantity: wire.Total
    types: tuple[str, ...]
    operation: str
    station: str
    line: str
    shift: str
    found_by: str
    found_at: wire.Instant
    disposition: Disposition
    disposed_by: str
    reference: str
    reversed_by: str
    version: int

    @classmethod
    def of(cls, one: Defect) -> Self:
        """Return the answer for a record."""
        names = {"station": "station_id", "line": "line_id"}
        return cls(**{name: getattr(one, names.get(name, name)) for name in cls.model_fields})


class DefectsResponse(wire.Response):
    """One page of records, oldest first."""

    items: list[DefectResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: Found[Defect]) -> Self:
        """Return the answer for a page."""
        return cls(items=[DefectResponse.of(one) for one in page.items], cursor=page.cursor)


class TypeSumResponse(wire.Response):
    """Reports that named a type, and their pieces."""

    defect_type: str
    reports: int
    pieces: wire.Total


class DayResponse(wire.Response):
    """Defects of a day on a line, most pieces first."""

    day: str
    line: str
    pieces: wire.Total
    items: list[TypeSumResponse]

    @classmethod
    def of(cls, day: DefectDay) -> Self:
        """Return the answer for a day."""
        items = [
            TypeSumResponse(defect_type=one.defect_type, reports=one.reports, pieces=one.pieces) for one in day.types
        ]
        return cls(day=day.day, line=day.line_id, pieces=day.pieces, items=items)


class ScoreResponse(wire.Response):
    """A supplier's score: lots accepted at incoming inspection in per cent; nonconforming units per million."""

    supplier_id: str
    lots: int
    accepted: int
    score: wire.Total | None
    ppm: wire.Total | None

    @classmethod
    def of(cls, one: SupplierScore) -> Self:
        """Return the answer for a supplier."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})
