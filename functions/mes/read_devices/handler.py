"""Reads registered devices and their counters (MES-24).

Trigger: GET /api/v1/plant/devices, one device, GET /api/v1/plant/devices/{deviceId}/counter.
Runbook: docs/runbooks/mes-devices.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.devices import wiring
from enghub.mes.devices.api import CounterResponse, DevicePage, DeviceResponse
from enghub.mes.factories import Factory
from enghub.mes.plant.api import BASE, PageQuery

app = http.resolver()

Id = Annotated[wire.PathId, Path()]


@app.get(f"{BASE}/devices", right=rights.READ_PLANT)
def list_devices(query: Annotated[PageQuery, Query()]) -> DevicePage:
    """Return devices, a page at a time."""
    factory = Factory.of(http.call(app).origin)
    return DevicePage.of(wiring.registry().page(factory, query.page_size, query.cursor))


@app.get(f"{BASE}/devices/<device_id>", right=rights.READ_PLANT)
def get_device(device_id: Id) -> DeviceResponse:
    """Return a device."""
    return DeviceResponse.of(wiring.registry().get(Factory.of(http.call(app).origin), device_id))


@app.get(f"{BASE}/devices/<device_id>/counter", right=rights.READ_PLANT)
def get_counter(device_id: Id) -> CounterResponse:
    """Return a device's counter as last read, with how often it was reset, rolled over, or late."""
    factory = Factory.of(http.call(app).origin)
    wiring.registry().get(factory, device_id)
    return CounterResponse.of(device_id, wiring.counter(factory, device_id))


lambda_handler = entrypoints.http(app)
