"""Daily summaries on the wire."""

from typing import Annotated, Self

from pydantic import Field

from enghub.core import wire
from enghub.mes.factories import Factory
from enghub.mes.summaries.model import Day, Dimension, Row
from enghub.mes.summaries.repository import RowPage


class SummaryQuery(wire.Request):
    """Which day, by what."""

    day: wire.Day = Field(alias="date")
    by: Dimension = Dimension.FACTORY
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=2000)] | None = None

    def to_day(self, factory: Factory) -> Day:
        """Return the day asked for."""
        return Day(factory, self.day)


class SummaryRowResponse(wire.Response):
    """What was made; ``name`` is the line, product, employee or operation, empty for the whole factory."""

    name: str
    good_quantity: wire.Total
    defect_quantity: wire.Total
    rework_quantity: wire.Total
    yield_rate: wire.Ratio | None = Field(alias="yield")
    reports: int
    conflicts: int
    run_seconds: wire.Total
    down_seconds: wire.Total

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the answer for a row."""
        counts = row.counts
        return cls(
            name=row.name,
            good_quantity=counts.good,
            defect_quantity=counts.defect,
            rework_quantity=counts.rework,
            yield_rate=row.yield_rate,
            reports=counts.reports,
            conflicts=counts.conflicts,
            run_seconds=counts.run_seconds,
            down_seconds=counts.down_seconds,
        )


class SummaryResponse(wire.Response):
    """One page of a day."""

    day: wire.Day = Field(alias="date")
    by: Dimension
    items: tuple[SummaryRowResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, query: SummaryQuery, page: RowPage) -> Self:
        """Return the answer for a page."""
        return cls(day=query.day, by=query.by, items=tuple(map(SummaryRowResponse.of, page.rows)), cursor=page.cursor)
