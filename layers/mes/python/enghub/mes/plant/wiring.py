"""Puts the services of the plant together."""

from enghub.mes.masters.service import Masters
from enghub.mes.plant import dynamo, model
from enghub.mes.plant.service import PlantService, StationCheck


def plant() -> PlantService:
    """Return the service of the plant."""
    lines, centres = Masters("line", dynamo.lines()), Masters("work centre", dynamo.work_centres())
    plants, overrides = Masters("factory", dynamo.plants(), _check), dynamo.overrides()
    stations = Masters("station", dynamo.stations(), StationCheck(plants, lines, centres))
    return PlantService(plants, lines, centres, stations, Masters("capacity override", overrides), overrides.of_station)


def _check(plant: model.Plant) -> None:
    model.factory_calendar(plant.calendar)
