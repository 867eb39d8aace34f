"""What the plant looks like in answers."""

from datetime import date, datetime
from typing import Self

from pydantic import Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.kit.calendars.shifts import ShiftOnDay
from enghub.mes.masters.repository import MasterPage
from enghub.mes.plant.model import CapacityOverride, DayCapacity, Line, Plant, PlantCalendar, Station, WorkCentre


class SpanResponse(wire.Response):
    """Hours by the wall clock."""

    start: str
    end: str


class ShiftPlanResponse(wire.Response):
    """A shift of the calendar."""

    name: str
    start: str
    end: str
    breaks: tuple[SpanResponse, ...]
    weekdays: tuple[int, ...]
    counts_to_next_day: bool


class CalendarResponse(wire.Response):
    """The calendar."""

    zone: str
    shifts: tuple[ShiftPlanResponse, ...]
    weekdays: tuple[int, ...]
    holidays: tuple[str, ...]
    make_up_days: tuple[str, ...]

    @classmethod
    def of(cls, calendar: PlantCalendar) -> Self:
        """Return the answer for a calendar."""
        shifts = tuple(
            ShiftPlanResponse(
                name=one.name,
                start=one.hours.start,
                end=one.hours.end,
                breaks=tuple(SpanResponse(start=rest.start, end=rest.end) for rest in one.breaks),
                weekdays=one.weekdays,
                counts_to_next_day=bool(one.counts_to),
            )
            for one in calendar.shifts
        )
        return cls(
            zone=calendar.zone,
            shifts=shifts,
            weekdays=calendar.weekdays,
            holidays=calendar.holidays,
            make_up_days=calendar.make_up_days,
        )


class ReportingResponse(wire.Response):
    """What the factory demands of reports."""

    conflict_seconds: int
    oldest_hours: int
    reversal_hours: int
    defect_types: tuple[str, ...]
    most_a_minute: int
    stuck_hours: int
    most_of_capacity: wire.Total


class PlantResponse(wire.Response):
    """The factory."""

    factory_id: str
    name: str
    calendar: CalendarResponse
    reporting: ReportingResponse
    version: int

    @classmethod
    def of(cls, kept: Kept[Plant]) -> Self:
        """Return the answer for a factory."""
        plant = kept.value
        rules = plant.reporting
        return cls(
            factory_id=plant.factory.factory_id,
            name=plant.name,
            calendar=CalendarResponse.of(plant.calendar),
            reporting=ReportingResponse(**{name: getattr(rules, name) for name in ReportingResponse.model_fields}),
            version=kept.revision,
        )


class LineResponse(wire.Response):
    """A line."""

    line_id: str
    name: str
    area: str | None
    version: int

    @classmethod
    def of(cls, kept: Kept[Line]) -> Self:
        """Return the answer for a line."""
        line = kept.value
        return cls(line_id=line.line_id, name=line.name, area=line.area, version=kept.revision)


class LinePage(wire.Response):
    """One page of lines."""

    items: tuple[LineResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: MasterPage[Line]) -> Self:
        """Return the answer for a page."""
        return cls(items=tuple(map(LineResponse.of, page.items)), cursor=page.cursor)


class WorkCentreResponse(wire.Response):
    """A work centre."""

    work_centre_id: str
    name: str
    version: int

    @classmethod
    def of(cls, kept: Kept[WorkCentre]) -> Self:
        """Return the answer for a work centre."""
        return cls(work_centre_id=kept.value.work_centre_id, name=kept.value.name, version=kept.revision)


class WorkCentrePage(wire.Response):
    """One page of work centres."""

    items: tuple[WorkCentreResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: MasterPage[WorkCentre]) -> Self:
        """Return the answer for a page."""
        return cls(items=tuple(map(WorkCentreResponse.of, page.items)), cursor=page.cursor)


class StationResponse(wire.Response):
    """A station."""

    station_id: str
    name: str
    line_id: str
    work_centre_id: str | None
    units: int
    efficiency: wire.Ratio
    shifts: tuple[str, ...]
    version: int

    @classmethod
    def of(cls, kept: Kept[Station]) -> Self:
        """Return the answer for a station."""
        station = kept.value
        return cls(
            station_id=station.station_id,
            name=station.name,
            line_id=station.line_id,
            work_centre_id=station.work_centre_id,
            units=station.units,
            efficiency=station.efficiency,
            shifts=station.shifts,
            version=kept.revision,
        )


class StationPage(wire.Response):
    """One page of stations."""

    items: tuple[StationResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: MasterPage[Station]) -> Self:
        """Return the answer for a page."""
        return cls(items=tuple(map(StationResponse.of, page.items)), cursor=page.cursor)


class ShiftResponse(wire.Response):
    """One occurrence of a shift: begin and end (just before it), and how much of it is worked."""

    shift: str
    shift_date: wire.Day
    start: wire.Instant
    end: wire.Instant
    working_seconds: int

    @classmethod
    def of(cls, shift: ShiftOnDay) -> Self:
        """Return the answer for a shift."""
        working = sum(int(part.duration.total_seconds()) for part in shift.working)
        return cls(
            shift=shift.name,
            shift_date=shift.day,
            start=shift.interval.start,
            end=shift.interval.end,
            working_seconds=working,
        )


class ShiftsResponse(wire.Response):
    """The shifts that begin on the days asked for; none on a holiday."""

    items: tuple[ShiftResponse, ...]

    @classmethod
    def of(cls, found: dict[date, tuple[ShiftOnDay, ...]]) -> Self:
        """Return the answer for days."""
        return cls(items=tuple(ShiftResponse.of(shift) for shifts in found.values() for shift in shifts))


class ShiftAtResponse(wire.Response):
    """The shift of a moment; null between shifts."""

    at: wire.Instant
    shift: ShiftResponse | None

    @classmethod
    def of(cls, at: datetime, found: ShiftOnDay | None) -> Self:
        """Return the answer for a moment."""
        return cls(at=at, shift=None if found is None else ShiftResponse.of(found))


class DayCapacityResponse(wire.Response):
    """A station's capacity on a day in seconds of station time; ``reason`` where people said another figure."""

    day: wire.Day = Field(alias="date")
    capacity_seconds: wire.Total
    shifts: tuple[str, ...]
    reason: str | None

    @classmethod
    def of(cls, found: DayCapacity) -> Self:
        """Return the answer for a day."""
        return cls(
            day=found.day,
            capacity_seconds=found.seconds,
            shifts=tuple(shift.name for shift in found.shifts),
            reason=found.override.reason if found.override else None,
        )


class CapacityResponse(wire.Response):
    """A station's capacity by day."""

    station_id: str
    items: tuple[DayCapacityResponse, ...]

    @classmethod
    def of(cls, station_id: str, found: list[DayCapacity]) -> Self:
        """Return the answer for a station."""
        return cls(station_id=station_id, items=tuple(map(DayCapacityResponse.of, found)))


class CapacityOverrideResponse(wire.Response):
    """What people said a station has on a day."""

    station_id: str
    day: wire.Day = Field(alias="date")
    capacity_seconds: wire.Total
    reason: str
    version: int

    @classmethod
    def of(cls, kept: Kept[CapacityOverride]) -> Self:
        """Return the answer for an override."""
        one = kept.value
        return cls(
            station_id=one.station_id,
            day=one.day,
            capacity_seconds=one.seconds,
            reason=one.reason,
            version=kept.revision,
        )
