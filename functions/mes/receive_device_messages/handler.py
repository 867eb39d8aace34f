"""Takes messages of devices that a bridge brings from a factory's own broker (MES-24).

Trigger: POST /api/v1/plant/devices/messages. Events: ProductionReported, one of each report.
Runbook: docs/runbooks/mes-devices.md.
"""

from enghub.core import entrypoints, http
from enghub.mes import rights
from enghub.mes.devices import intake
from enghub.mes.devices.api import DeviceMessagesRequest, DeviceMessagesResponse
from enghub.mes.devices.service import DeviceMessage
from enghub.mes.plant.api import BASE

app = http.resolver()


@app.post(f"{BASE}/devices/messages", right=rights.SEND_DEVICE_MESSAGES, limit="batch")
def receive_device_messages(request: DeviceMessagesRequest) -> DeviceMessagesResponse:
    """Count messages in their order; repeats add nothing. What a person has to look at is parked, not refused."""
    origin = http.call(app).origin
    messages = (DeviceMessage(one.device_id, one.payload, origin.at, origin) for one in request.messages)
    return DeviceMessagesResponse(items=tuple(intake.take(message) for message in messages))


lambda_handler = entrypoints.http(app)
