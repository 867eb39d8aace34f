"""Puts the services of the plant together."""

from datetime import UTC

from enghub.kit.calendars.shifts import FactoryCalendar
from enghub.mes.factories import Factory
from enghub.mes.masters.service import Masters
from enghub.mes.plant import dynamo, model
from enghub.mes.plant.service import PLANT, PlantService, StationCheck


def plant() -> PlantService:
    """Return the service of the plant."""
    lines, centres = Masters("line", dynamo.lines()), Masters("work centre", dynamo.work_centres())
    plants, overrides = Masters("factory", dynamo.plants(), _check), dynamo.overrides()
    stations = Masters("station", dynamo.stations(), StationCheck(plants, lines, centres))
    return PlantService(plants, lines, centres, stations, Masters("capacity override", overrides), overrides.of_station)


def calendar(factory: Factory) -> FactoryCalendar:
    """Return a factory's calendar; Mondays to Fridays in UTC where nobody described it. One GetItem."""
    found = dynamo.plants().get(factory, PLANT)
    if found is None or found.value.is_deleted:
        return FactoryCalendar(UTC)
    return model.calendar_of(found.value)


def _check(plant: model.Plant) -> None:
    model.factory_calendar(plant.calendar)
