"""Takes messages of devices in: counts them, or parks them where a person has to look."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from enghub.core.clock import from_text, to_text
from enghub.core.errors import EngHubError
from enghub.core.events import dumps
from enghub.core.identity import Origin
from enghub.core.observability import count, logger
from enghub.core.parked import dynamo as parked
from enghub.core.parked.model import NOBODY, ParkedMessage
from enghub.mes.devices.dynamo import DynamoCounters
from enghub.mes.devices.service import DeviceMessage, Ingestion
from enghub.mes.reports.dynamo import DynamoReports
from enghub.mes.reports.service import Reporting


def ingestion() -> Ingestion:
    """Return what counts messages."""
    return Ingestion(DynamoCounters(), Reporting(DynamoReports()))


PARKED = "PARKED"
CONSUMER = "ingest_device_message"


def take(message: DeviceMessage) -> str:
    """Count a message, or park it where a person has to look; returns what became of it.

    Raises:
        Unavailable: it can be tried again.
    """
    try:
        return ingestion().take(message).value
    except EngHubError as error:
        if error.status >= 500:
            raise
        _park(message, error)
        return PARKED


def _park(message: DeviceMessage, error: EngHubError) -> None:
    """Keep a message with its device, when it came, and why; it is sent again through the queue of messages."""
    owner = DynamoCounters().whose(message.device_id)
    tenant_id = owner.factory.tenant_id if owner else message.origin.tenant_id or NOBODY
    body = dumps(queued(message))
    wanted = ParkedMessage(
        parked_id=hashlib.sha256(body.encode()).hexdigest()[:32],
        tenant_id=tenant_id,
        consumer=CONSUMER,
        channel=CONSUMER,
        message_type="DeviceMessage",
        source=f"device/{message.device_id}",
        subject=message.device_id,
        body=body,
        reason=f"{error.name}: {error.message('en')}"[:500],
        attempts=1,
        parked_at=message.received_at,
    )
    parked.park(wanted, replace(message.origin, tenant_id=tenant_id))
    count("DeviceMessagesParked", 1)
    logger.warning("device message parked", device=message.device_id, error=error.name)


def queued(message: DeviceMessage) -> dict[str, object]:
    """Return a message as the queue has it: the payload, and beside it what only the broker or the hub knows."""
    known = {DEVICE: message.device_id, RECEIVED: to_text(message.received_at)}
    return {**message.payload, **known}


DEVICE, RECEIVED = "enghubDevice", "enghubReceivedAt"
"""Names that the IoT rule gives to the device in the topic and to the time of arrival (milliseconds)."""


def of_queue(body: dict[str, object], origin: Origin) -> DeviceMessage:
    """Return the message in a body of the queue.

    Raises:
        KeyError, ValueError: neither the rule nor the hub made it.
    """
    payload = {name: value for name, value in body.items() if name not in {DEVICE, RECEIVED}}
    received = body[RECEIVED]
    at = from_text(received) if isinstance(received, str) else datetime.fromtimestamp(float(str(received)) / 1000, UTC)
    return DeviceMessage(str(body[DEVICE]), payload, at, origin)
