"""The plant in DynamoDB: master data of the factory; the factory itself is one item with its calendar as a text.

So a report reads the calendar as one attribute and parses it once per text and process.
"""

from datetime import date
from functools import lru_cache

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, Layout, RawItem, loads
from enghub.core.commits import Kept
from enghub.core.dynamo import each, key
from enghub.mes.factories import Factory
from enghub.mes.masters.dynamo import DynamoMasters, factory_of_key, master_key
from enghub.mes.plant.model import CapacityOverride, Line, Plant, Station, WorkCentre

_OF_FACTORY = Layout(given=("factory",), of_key=factory_of_key)
PLANT_BODY = "plant"


def plant_key(factory: Factory) -> Key:
    """Return where a factory is kept."""
    return master_key(factory, "PLANT", "PLANT")


def station_key(factory: Factory, station_id: str) -> Key:
    """Return where a station is kept."""
    return master_key(factory, "STATIONS", station_id)


PLANTS = Aggregate(
    Plant,
    "PLANT",
    key=lambda plant: plant_key(plant.factory),
    layout=Layout(body=PLANT_BODY),
    name="plant",
    identity=lambda plant: plant.factory.factory_id,
    factory=lambda plant: plant.factory.factory_id,
    shows=("name", "calendar", "reporting", "is_deleted"),
)
LINES = Aggregate(
    Line,
    "LINE",
    key=lambda line: master_key(line.factory, "LINES", line.line_id),
    layout=_OF_FACTORY,
    name="line",
    identity=lambda line: line.line_id,
    factory=lambda line: line.factory.factory_id,
    shows=("name", "area", "is_deleted"),
)
WORK_CENTRES = Aggregate(
    WorkCentre,
    "WORK_CENTRE",
    key=lambda centre: master_key(centre.factory, "WORK-CENTRES", centre.work_centre_id),
    layout=_OF_FACTORY,
    name="work_centre",
    identity=lambda centre: centre.work_centre_id,
    factory=lambda centre: centre.factory.factory_id,
    shows=("name", "is_deleted"),
)
STATIONS = Aggregate(
    Station,
    "STATION",
    key=lambda station: station_key(station.factory, station.station_id),
    layout=_OF_FACTORY,
    name="station",
    identity=lambda station: station.station_id,
    factory=lambda station: station.factory.factory_id,
    shows=("name", "line_id", "work_centre_id", "units", "efficiency", "shifts", "is_deleted"),
)
OVERRIDES = Aggregate(
    CapacityOverride,
    "CAPACITY_OVERRIDE",
    key=lambda one: (_overrides(one.factory, one.station_id), key(one.day.isoformat())),
    layout=_OF_FACTORY,
    name="capacity_override",
    identity=lambda one: f"{one.station_id}/{one.day}",
    factory=lambda one: one.factory.factory_id,
    shows=("seconds", "reason", "is_deleted"),
)


def _overrides(factory: Factory, station_id: str) -> str:
    return master_key(factory, "CAPACITY", "x")[0] + "#" + key(station_id)


@lru_cache(maxsize=512)
def _plant(text: str) -> Plant:
    return loads(Plant, text)


def plant_of(item: RawItem | None) -> Plant | None:
    """Return the factory of an item, parsed once per text."""
    if item is None:
        return None
    found = _plant(item[PLANT_BODY]["S"])
    return None if found.is_deleted else found


def plants() -> DynamoMasters[Plant]:
    """Return the store of factories."""
    return DynamoMasters(PLANTS, "PLANT")


def lines() -> DynamoMasters[Line]:
    """Return the store of lines."""
    return DynamoMasters(LINES, "LINES")


def work_centres() -> DynamoMasters[WorkCentre]:
    """Return the store of work centres."""
    return DynamoMasters(WORK_CENTRES, "WORK-CENTRES")


def stations() -> DynamoMasters[Station]:
    """Return the store of stations."""
    return DynamoMasters(STATIONS, "STATIONS")


class DynamoOverrides(DynamoMasters[CapacityOverride]):
    """Capacity overrides, named ``<station>/<day>``."""

    def get(self, factory: Factory, name: str) -> Kept[CapacityOverride] | None:
        """One consistent GetItem."""
        station_id, _, day = name.rpartition("/")
        return OVERRIDES.read((_overrides(factory, station_id), key(day)))

    def of_station(self, factory: Factory, station_id: str, first: date, last: date) -> dict[date, CapacityOverride]:
        """One Query; both days are included."""
        between = (first.isoformat(), last.isoformat())
        found = map(OVERRIDES.value, each(_overrides(factory, station_id), between=between))
        return {one.day: one for one in found if not one.is_deleted}


def overrides() -> DynamoOverrides:
    """Return the store of capacity overrides."""
    return DynamoOverrides(OVERRIDES, "CAPACITY")
