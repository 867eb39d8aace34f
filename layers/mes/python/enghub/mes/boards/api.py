"""The shift board on the wire."""

from typing import Self

from pydantic import Field

from enghub.core import wire
from enghub.mes.boards.model import Board, BoardKey, LineFigures
from enghub.mes.factories import Factory


class BoardQuery(wire.Request):
    """Which board: the day the shift began, and the shift."""

    shift_on: wire.Day = Field(alias="date")
    shift: wire.Code

    def to_key(self, factory: Factory) -> BoardKey:
        """Return the board asked for."""
        return BoardKey(factory, self.shift_on, self.shift)


class LineResponse(wire.Response):
    """One line; rates are ratios, null when ``lacking`` says why."""

    line: str
    plan: wire.Total | None
    output: wire.Total
    good_qty: wire.Total
    defect_qty: wire.Total
    yield_rate: wire.Ratio | None = Field(alias="yield")
    availability: wire.Ratio | None
    performance: wire.Ratio | None
    quality: wire.Ratio | None
    oee: wire.Ratio | None
    lacking: tuple[str, ...]
    open_alarms: int
    reports: int
    conflicts: int
    as_of: wire.Instant | None

    @classmethod
    def of(cls, line: LineFigures) -> Self:
        """Return the answer for a line."""
        return cls(
            line=line.line_id,
            plan=line.plan,
            output=line.counts.good + line.counts.defect,
            good_qty=line.counts.good,
            defect_qty=line.counts.defect,
            yield_rate=line.quality,
            availability=line.availability,
            performance=line.performance,
            quality=line.quality,
            oee=line.oee,
            lacking=tuple(reason.value for reason in line.lacking),
            open_alarms=line.open_alarms,
            reports=line.counts.reports,
            conflicts=line.counts.conflicts,
            as_of=line.as_of,
        )


class BoardResponse(wire.Response):
    """The board; ``asOf`` is when its latest report was stored, ``behindSeconds`` how long it took to get here."""

    factory_id: str
    shift_on: wire.Day = Field(alias="date")
    shift: str
    as_of: wire.Instant | None
    behind_seconds: wire.Ratio | None
    lines: list[LineResponse]

    @classmethod
    def of(cls, board: Board) -> Self:
        """Return the answer for a board."""
        return cls(
            factory_id=board.key.factory.factory_id,
            shift_on=board.key.shift_on,
            shift=board.key.shift,
            as_of=board.as_of,
            behind_seconds=board.behind_seconds,
            lines=[LineResponse.of(line) for line in board.lines],
        )
