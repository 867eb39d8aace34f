"""Parks what lies in the context's dead-letter queues, so that nothing is lost when their time is over.

Trigger: every dead-letter queue of the context. A message that cannot be parked stays there and holds up no other.
Runbook: docs/runbooks/parked.md.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enghub.core import config, entrypoints
from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.core.observability import logger
from enghub.core.parked import dynamo
from enghub.core.parked.dead_letters import DeadLetters, of_record

PARKER = "system:park-dead-letters"


@dataclass(frozen=True, slots=True)
class Config:
    """JSON: name of a dead-letter queue to consumer and channel."""

    dead_letters: str


def park(record: Mapping[str, Any]) -> None:
    """Keep one message; a second time changes nothing."""
    name = record["eventSourceARN"].rpartition(":")[2]
    found = json.loads(config.load(Config).dead_letters)[name]
    queue = DeadLetters(found["consumer"], found.get("channel", found["consumer"]))
    message = of_record(record, queue, system_clock())
    origin = Origin(message.tenant_id, "", PARKER, message.parked_at, record["messageId"])
    if dynamo.park(message, origin):
        logger.error("message parked", parked_id=message.parked_id, consumer=message.consumer, reason=message.reason)


lambda_handler = entrypoints.records(park)
