"""Relays outbox items from a context's table stream to the bus and the command queues.

Trigger: DynamoDB stream, INSERT of OUTBOX items. Never fails a batch: what could not be sent waits for the sweeper.
Runbook: docs/runbooks/outbox-backlog.md.
"""

import json
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from enghub.core import config, relay
from enghub.core.observability import logger
from enghub.core.outbox import OutboxRecord


@dataclass(frozen=True, slots=True)
class Config:
    """The bus, and the context's queues as a JSON object of name to URL."""

    event_bus_name: str
    queue_urls: str = "{}"


def lambda_handler(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Send every new outbox item of the batch; answers with no failures, always."""
    try:
        settings = config.load(Config)
        records = [record for change in event["Records"] if (record := _read(change))]
        result = relay.relay(records, settings.event_bus_name, json.loads(settings.queue_urls))
        logger.info("outbox relayed", sent=result.sent, failed=result.failed)
    except Exception:
        logger.exception("outbox not relayed")
    return {"batchItemFailures": []}


def _read(change: dict[str, Any]) -> OutboxRecord | None:
    try:
        return OutboxRecord.from_stream(change["dynamodb"]["NewImage"])
    except Exception:
        number = (change.get("dynamodb") or {}).get("SequenceNumber")
        logger.exception("outbox item cannot be read", sequence_number=number)
        return None
