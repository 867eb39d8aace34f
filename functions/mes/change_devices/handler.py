"""Registers devices: whose they are, where they stand, how their counters and clocks are read (MES-24).

Trigger: PUT and DELETE /api/v1/plant/devices/{deviceId}.
Runbook: docs/runbooks/mes-devices.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.devices import wiring
from enghub.mes.devices.api import DeviceResponse, PutDeviceRequest
from enghub.mes.factories import Factory
from enghub.mes.plant.api import BASE

app = http.resolver()

Id = Annotated[wire.PathId, Path()]


@app.put(f"{BASE}/devices/<device_id>", right=rights.MANAGE_PLANT)
def put_device(device_id: Id, request: PutDeviceRequest) -> DeviceResponse:
    """Register a device under the identity that the broker knows it by; 409 when another factory has it."""
    call = http.call(app)
    wanted = request.to_device(Factory.of(call.origin), device_id)
    return DeviceResponse.of(wiring.registry().put(device_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/devices/<device_id>", right=rights.MANAGE_PLANT, status_code=204)
def delete_device(device_id: Id, version: Annotated[int | None, Query(ge=1, le=1_000_000_000)] = None) -> None:
    """Take a device away; its messages are parked from then on."""
    wiring.registry().delete(device_id, version, http.call(app).origin)


lambda_handler = entrypoints.http(app)
