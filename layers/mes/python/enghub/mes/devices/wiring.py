"""Puts the registry of devices together; what counts their messages is beside it, as readers need none of it."""

from enghub.mes.devices.dynamo import DynamoCounters, devices
from enghub.mes.devices.model import CounterState, Device
from enghub.mes.factories import Factory
from enghub.mes.masters.errors import UnknownReference
from enghub.mes.masters.service import Masters
from enghub.mes.plant.dynamo import stations


def registry() -> Masters[Device]:
    """Return the use cases of the registry."""
    return Masters("device", devices(), _check)


def counter(factory: Factory, device_id: str) -> CounterState | None:
    """Return a device's counter as it is now."""
    return DynamoCounters().state(factory, device_id)


def _check(device: Device) -> None:
    known = stations().get(device.factory, device.station_id)
    if known is None or known.value.is_deleted:
        raise UnknownReference(field="stationId", what="station", name=device.station_id)
