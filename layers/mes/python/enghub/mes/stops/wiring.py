"""Puts the services of stops together."""

from enghub.core.clock import system_clock
from enghub.mes.equipment.dynamo import KINDS
from enghub.mes.equipment.log import StationMachines
from enghub.mes.keeping.dynamo import DynamoStore
from enghub.mes.masters.errors import UnknownReference
from enghub.mes.masters.service import Masters
from enghub.mes.plant import wiring as plant_wiring
from enghub.mes.plant.dynamo import stations
from enghub.mes.stops.dynamo import DynamoStationLedger, DynamoStops
from enghub.mes.stops.dynamo import reasons as stored_reasons
from enghub.mes.stops.model import DEEPEST, StopReason, check_tree
from enghub.mes.stops.service import Losses, Stops


def reasons() -> Masters[StopReason]:
    """Return the use cases of stop reasons."""
    return Masters("stop reason", stored_reasons(), _check)


def stops() -> Stops:
    """Return the service of stops."""
    return Stops(DynamoStops(), reasons(), Masters("station", stations()))


def losses() -> Losses:
    """Return what computes the figures of stations."""
    machines = StationMachines(DynamoStore(*KINDS))
    return Losses(DynamoStops(), plant_wiring.plant(), DynamoStationLedger(), system_clock, machines)


def _check(reason: StopReason) -> None:
    known: dict[str, str | None] = {}
    current, stored = reason.parent, stored_reasons()
    for _ in range(DEEPEST + 1):
        if current is None or current in known or current == reason.code:
            break
        found = stored.get(reason.factory, current)
        if found is None or found.value.is_deleted:
            raise UnknownReference(field="parent", what="stop reason", name=current)
        known[current] = found.value.parent
        current = found.value.parent
    check_tree(reason, known)
