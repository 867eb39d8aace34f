"""Relays outbox items from a context's table stream to the bus and the command queues.

Trigger: DynamoDB stream, INSERT of OUTBOX items. Never fails a batch: what could not be sent waits for the sweeper.
Runbook: docs/runbooks/outbox-backlog.md.
"""

import json
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from enghub.core import config, relay
from enghub.core.clock import system_clock
from enghub.core.observability import logger
from enghub.core.outbox import OutboxRecord


@dataclass(frozen=True, slots=True)
class Config:
    """The bus, and the context's command queues as a JSON object of name to URL."""

    event_bus_name: str
    queue_urls: str = "{}"


def lambda_handler(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Send every new outbox item of the batch; answers with no failures, always."""
    settings = config.load(Config)
    records = []
    for change in event["Records"]:
        try:
            records.append(OutboxRecord.from_stream(change["dynamodb"]["NewImage"]))
        except (KeyError, ValueError, TypeError):
            logger.exception(
                "outbox item cannot be read", sequence_number=change.get("dynamodb", {}).get("SequenceNumber")
            )
    result = relay.relay(records, settings.event_bus_name, json.loads(settings.queue_urls), system_clock())
    logger.info("outbox relayed", sent=result.sent, failed=result.failed)
    return {"batchItemFailures": []}
