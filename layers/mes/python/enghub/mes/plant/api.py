"""The plant on the wire."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.mes.factories import Factory
from enghub.mes.plant.model import (
    CapacityOverride,
    Plant,
    PlantCalendar,
    ReportingRules,
    ShiftPlan,
    Span,
    Station,
)

BASE = "/api/v1/plant"
Clock = Annotated[
    str, wire.form(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", Text("a time as 22:00", "时间，如 22:00"), max_length=5)
]
DaySpan = Annotated[
    str,
    wire.form(
        r"^\d{4}-\d{2}-\d{2}(/\d{4}-\d{2}-\d{2})?$",
        Text("a day, or a span as 2026-02-15/2026-02-23", "日期，或区间如 2026-02-15/2026-02-23"),
        max_length=21,
    ),
]
Weekday = Annotated[wire.Count, Field(le=6)]
Weekdays = Annotated[tuple[Weekday, ...], Field(max_length=7)]
Version = Annotated[wire.Count, Field(ge=1)]
Positive = Annotated[wire.Quantity, Field(gt=0)]
PageSize = Annotated[int, Field(ge=1, le=100)]
Cursor = Annotated[str, Field(max_length=2000)]
ALL_DAYS = tuple(range(7))


class SpanPart(wire.Request):
    """Hours by the wall clock; over midnight when the end is not later than the start."""

    start: Clock
    end: Clock

    def to_span(self) -> Span:
        """Return the hours."""
        return Span(self.start, self.end)


class ShiftPart(wire.Request):
    """A shift; ``countsToNextDay`` for a night shift that is reported under the day it ends on."""

    name: wire.Code
    start: Clock
    end: Clock
    breaks: Annotated[tuple[SpanPart, ...], Field(max_length=12)] = ()
    weekdays: Weekdays = ALL_DAYS
    counts_to_next_day: wire.Flag = False

    def to_plan(self) -> ShiftPlan:
        """Return the shift."""
        breaks = tuple(one.to_span() for one in self.breaks)
        days = tuple(sorted(set(self.weekdays)))
        return ShiftPlan(self.name, Span(self.start, self.end), breaks, days, int(self.counts_to_next_day))


class CalendarPart(wire.Request):
    """When the factory works, in the IANA time zone ``zone``."""

    zone: Annotated[str, Field(min_length=1, max_length=64)]
    shifts: Annotated[tuple[ShiftPart, ...], Field(max_length=12)] = ()
    weekdays: Weekdays = ALL_DAYS
    holidays: Annotated[tuple[DaySpan, ...], Field(max_length=200)] = ()
    make_up_days: Annotated[tuple[DaySpan, ...], Field(max_length=200)] = ()

    def to_calendar(self) -> PlantCalendar:
        """Return the calendar."""
        return PlantCalendar(
            zone=self.zone,
            shifts=tuple(shift.to_plan() for shift in self.shifts),
            weekdays=tuple(sorted(set(self.weekdays))),
            holidays=self.holidays,
            make_up_days=self.make_up_days,
        )


class ReportingPart(wire.Request):
    """What the factory demands of reports; ``defectTypes`` empty: any."""

    conflict_seconds: Annotated[wire.Count, Field(ge=1, le=3600)] = 60
    oldest_hours: Annotated[wire.Count, Field(ge=1, le=8784)] = 168
    reversal_hours: Annotated[wire.Count, Field(ge=1, le=8784)] = 72
    defect_types: Annotated[tuple[wire.ShortText, ...], Field(max_length=300)] = ()
    most_a_minute: Annotated[wire.Count, Field(ge=1, le=100_000)] = 100
    stuck_hours: Annotated[wire.Count, Field(ge=1, le=8784)] = 24
    most_of_capacity: Annotated[wire.Quantity, Field(gt=0, le=100)] = Decimal("1.1")

    def to_rules(self) -> ReportingRules:
        """Return the rules."""
        return ReportingRules(**{name: getattr(self, name) for name in type(self).model_fields})


class PutPlantRequest(wire.Request):
    """The factory of the caller."""

    name: wire.ShortText
    calendar: CalendarPart
    reporting: ReportingPart = ReportingPart()
    version: Version | None = None

    def to_plant(self, factory: Factory) -> Plant:
        """Return the factory."""
        return Plant(factory, self.name, self.calendar.to_calendar(), self.reporting.to_rules())


class PutLineRequest(wire.Request):
    """A line."""

    name: wire.ShortText
    area: wire.Code | None = None
    version: Version | None = None


class PutWorkCentreRequest(wire.Request):
    """A work centre."""

    name: wire.ShortText
    version: Version | None = None


class PutStationRequest(wire.Request):
    """A station."""

    name: wire.ShortText
    line_id: wire.Code
    work_centre_id: wire.Code | None = None
    units: Annotated[wire.Count, Field(ge=1, le=1000)] = 1
    efficiency: Annotated[wire.Quantity, Field(gt=0, le=10)] = Decimal(1)
    shifts: Annotated[tuple[wire.Code, ...], Field(max_length=12)] = ()
    version: Version | None = None

    def to_station(self, factory: Factory, station_id: str) -> Station:
        """Return the station."""
        return Station(
            factory=factory,
            station_id=station_id,
            name=self.name,
            line_id=self.line_id,
            work_centre_id=self.work_centre_id,
            units=self.units,
            efficiency=self.efficiency,
            shifts=self.shifts,
        )


class PutCapacityRequest(wire.Request):
    """What a station has on one day, in hours of station time."""

    hours: Annotated[wire.Quantity, Field(le=24_000)]
    reason: wire.ShortText
    version: Version | None = None

    def to_override(self, factory: Factory, station_id: str, day: date) -> CapacityOverride:
        """Return the override."""
        return CapacityOverride(factory, station_id, day, self.hours * 3600, self.reason)


class PageQuery(wire.Request):
    """Which page."""

    page_size: PageSize = 50
    cursor: Cursor | None = None


class DaysQuery(wire.Request):
    """Which days, both ends included; at most 92."""

    first: wire.Day = Field(alias="from")
    last: wire.Day = Field(alias="to")
