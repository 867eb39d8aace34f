"""What people ask of the plant: which shift, which capacity (MES-07)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from enghub.core.commits import Kept
from enghub.kit.calendars.shifts import ShiftOnDay
from enghub.mes.factories import Factory
from enghub.mes.masters.errors import UnknownReference
from enghub.mes.masters.service import Masters
from enghub.mes.plant import model
from enghub.mes.plant.errors import PlantNotDescribed, TooManyDays
from enghub.mes.plant.model import CapacityOverride, DayCapacity, Line, Plant, Station, WorkCentre

MOST_DAYS = 92
"""Days of one answer: a quarter."""
PLANT = "PLANT"
Overrides = Callable[[Factory, str, date, date], Mapping[date, CapacityOverride]]


def days_between(first: date, last: date) -> list[date]:
    """Return the days from ``first`` to ``last``, both included.

    Raises:
        TooManyDays: none, or more than one answer holds.
    """
    count = (last - first).days + 1
    if not 1 <= count <= MOST_DAYS:
        raise TooManyDays(field="to", most=MOST_DAYS)
    return [first + timedelta(days=number) for number in range(count)]


@dataclass(frozen=True, slots=True)
class PlantService:
    """The use cases over all parts of a plant."""

    plants: Masters[Plant]
    lines: Masters[Line]
    work_centres: Masters[WorkCentre]
    stations: Masters[Station]
    overrides: Masters[CapacityOverride]
    overrides_of: Overrides

    def plant(self, factory: Factory) -> Kept[Plant]:
        """Return the factory.

        Raises:
            PlantNotDescribed
        """
        found = self.plants.repository.get(factory, PLANT)
        if found is None or found.value.is_deleted:
            raise PlantNotDescribed(name=factory.factory_id)
        return found

    def shifts(self, factory: Factory, first: date, last: date) -> dict[date, tuple[ShiftOnDay, ...]]:
        """Return the shifts that begin on each day.

        Raises:
            PlantNotDescribed, TooManyDays
        """
        calendar = model.calendar_of(self.plant(factory).value)
        return {day: calendar.shifts_of(day) for day in days_between(first, last)}

    def shift_at(self, factory: Factory, at: datetime) -> ShiftOnDay | None:
        """Return the shift of a moment; None between shifts.

        Raises:
            PlantNotDescribed
        """
        calendar = model.calendar_of(self.plant(factory).value)
        return calendar.shift_at(at) if calendar.shifts else None

    def capacity(self, factory: Factory, station_id: str, first: date, last: date) -> list[DayCapacity]:
        """Return what a station can do on each day.

        Raises:
            PlantNotDescribed, MasterNotFound, TooManyDays
        """
        days = days_between(first, last)
        calendar = model.calendar_of(self.plant(factory).value)
        station = self.stations.get(factory, station_id).value
        found = self.overrides_of(factory, station_id, first, last)
        return model.capacity(calendar, station, days, dict(found))


@dataclass(frozen=True, slots=True)
class StationCheck:
    """Demands that what a station names is described."""

    plants: Masters[Plant]
    lines: Masters[Line]
    work_centres: Masters[WorkCentre]

    def __call__(self, station: Station) -> None:
        """Check one.

        Raises:
            UnknownReference
        """
        if self.lines.find(station.factory, station.line_id) is None:
            raise UnknownReference(field="lineId", what="line", name=station.line_id)
        centre = station.work_centre_id
        if centre is not None and self.work_centres.find(station.factory, centre) is None:
            raise UnknownReference(field="workCentreId", what="work centre", name=centre)
        plant = self.plants.find(station.factory, PLANT) if station.shifts else None
        known = {shift.name for shift in plant.calendar.shifts} if plant else set()
        for name in station.shifts:
            if name not in known:
                raise UnknownReference(field="shifts", what="shift", name=name)
