"""Equipment in DynamoDB: an aggregate each, listed by factory and station; the state log is facts by their moment."""

from enghub.core import clock
from enghub.mes.equipment.model import Equipment, Meter
from enghub.mes.equipment.states import StateChange
from enghub.mes.keeping.dynamo import aggregate, fact
from enghub.mes.keeping.repository import Name

_SHOWS = ("name", "category", "station_id", "manufacturer", "model", "serial_number", "installed_on", "service")


def _lists(one: Equipment) -> list[tuple[Name, Name]]:
    at_station = [(("STATION", one.station_id), (one.equipment_id,))] if one.station_id else []
    return [(("ALL",), (one.equipment_id,)), *at_station]


KINDS = (
    aggregate(Equipment, "EQUIPMENT", lambda one: (one.equipment_id,), shows=_SHOWS, lists=_lists),
    aggregate(
        Meter,
        "EQUIPMENT-METER",
        lambda one: (one.equipment_id, one.meter),
        shows=("total", "last_value", "resets"),
        lists=lambda one: (((one.equipment_id,), (one.meter,)),),
    ),
    fact(
        StateChange,
        "EQUIPMENT-STATE",
        lambda one: (one.equipment_id,),
        lambda one: (clock.to_text(one.at), one.change_id),
    ),
)
