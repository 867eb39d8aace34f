"""Capacity load on the wire (MES-07, MES-08); seconds of station time."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field

from enghub.core import wire
from enghub.kit.rulings.api import DecidedByResponse
from enghub.mes.planning.loading import Constraint, DayLoad, Load, Placed

RATE = Decimal("0.0001")


class LoadQuery(wire.Request):
    """How far to look, from now on, and at which station; all where none is named."""

    days: Annotated[int, Field(ge=1, le=90)] = 14
    station_id: wire.Code | None = None


class DayLoadResponse(wire.Response):
    """A station's day. ``load`` is placed work of capacity; overloaded: more is due than can be done."""

    day: wire.Day = Field(alias="date")
    capacity_seconds: wire.Total
    placed_seconds: wire.Total
    due_seconds: wire.Total
    load: wire.Ratio | None
    is_overloaded: bool

    @classmethod
    def of(cls, one: DayLoad) -> Self:
        """Return the answer for a day."""
        return cls(
            day=one.day,
            capacity_seconds=one.capacity,
            placed_seconds=one.placed,
            due_seconds=one.due,
            load=(one.placed / one.capacity).quantize(RATE) if one.capacity else None,
            is_overloaded=one.is_overloaded,
        )


class StationLoadResponse(wire.Response):
    """A station's days; today's capacity is what is left of it."""

    station_id: str
    items: tuple[DayLoadResponse, ...]


class OperationLoadResponse(wire.Response):
    """When an operation can be done; ``end`` null: not in these days; ``waitsFor``: what its station does first.

    ``priority``: lower comes first; ``priorityBy`` is the rule that said it, null where none holds.
    """

    work_order_id: str
    operation: str
    station_id: str
    seconds: wire.Total
    due_date: wire.Day
    start: wire.Day | None
    end: wire.Day | None
    priority: int
    priority_by: DecidedByResponse | None
    is_late: bool
    why_late: tuple[Constraint, ...]
    waits_for: tuple[str, ...]

    @classmethod
    def of(cls, one: Placed) -> Self:
        """Return the answer for an operation."""
        return cls(
            work_order_id=one.work.work_order_id,
            operation=one.work.operation,
            station_id=one.station_id,
            seconds=one.work.seconds,
            due_date=one.work.due,
            start=one.start,
            end=one.end,
            priority=one.work.priority,
            priority_by=DecidedByResponse.of(one.work.decided_by) if one.work.decided_by else None,
            is_late=bool(one.why_late),
            why_late=one.why_late,
            waits_for=one.waits_for,
        )


class CapacityLoadResponse(wire.Response):
    """Load by station and day, operations as they can be done, and orders without standard times or stations."""

    stations: tuple[StationLoadResponse, ...]
    operations: tuple[OperationLoadResponse, ...]
    untimed: tuple[str, ...]

    @classmethod
    def of(cls, found: Load, station_id: str | None) -> Self:
        """Return the answer; of one station, where one was named."""
        stations = {name: days for name, days in found.stations.items() if station_id in (None, name)}
        placed = [one for one in found.placed if station_id in (None, one.station_id)]
        return cls(
            stations=tuple(
                StationLoadResponse(station_id=name, items=tuple(map(DayLoadResponse.of, days)))
                for name, days in stations.items()
            ),
            operations=tuple(map(OperationLoadResponse.of, placed)),
            untimed=found.untimed,
        )
