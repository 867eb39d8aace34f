"""What lies in dead-letter queues, read as parked messages. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from enghub.core.parked.model import ParkedMessage, parked_id, read_json, tenant_of


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """One dead-letter queue: whose failures it holds, and which queue tries them again (empty: none does)."""

    consumer: str
    channel: str


def of_record(record: Mapping[str, Any], queue: DeadLetters, now: datetime) -> ParkedMessage:
    """Return the message in a record of a dead-letter queue; whatever its body is, it is kept as it is."""
    body = record["body"]
    wire = read_json(body)
    attributes = {name: value.get("stringValue", "") for name, value in record.get("messageAttributes", {}).items()}
    attempts = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
    consumer = queue.consumer if queue.channel else _function(wire) or queue.consumer
    event = wire.get("detail-type", "") if isinstance(wire, Mapping) else ""
    return ParkedMessage(
        parked_id=parked_id(consumer, body, record["messageId"]),
        tenant_id=tenant_of(body),
        consumer=consumer,
        channel=queue.channel,
        message_type=event or queue.consumer,
        source=wire.get("source", "") if isinstance(wire, Mapping) else "",
        subject="",
        body=body,
        reason=_reason(wire, attributes, record["messageId"]),
        attempts=attempts,
        parked_at=now,
    )


def _function(wire: Any) -> str:
    """Return the function whose call failed, as Lambda names it."""
    if not isinstance(wire, Mapping):
        return ""
    arn = (wire.get("requestContext") or {}).get("functionArn", "")
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 else ""


def _reason(wire: Any, attributes: Mapping[str, str], message_id: str) -> str:
    if attributes.get("ERROR_CODE"):
        return f"{attributes['ERROR_CODE']}: {attributes.get('ERROR_MESSAGE', '')}"[:500]
    answer = wire.get("responsePayload") if isinstance(wire, Mapping) else None
    if isinstance(answer, Mapping) and answer.get("errorMessage"):
        return f"{answer.get('errorType', 'Error')}: {answer['errorMessage']}"[:500]
    return f"its consumer failed every time; its log names message {message_id}"
