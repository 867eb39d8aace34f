"""Takes messages of Amazon MQ for RabbitMQ into a run of the product sync (PLM-25).

Trigger: Amazon MQ, one event source per broker of the stage (infra/stage.py, ``plm_brokers``); what fails comes again.
Safe to repeat: a batch that comes again is the same run. Runbook: docs/runbooks/plm-broker.md.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

from enghub.core import config, entrypoints
from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.core.observability import count
from enghub.plm.broker.model import MOST_MESSAGES, BrokerMessage
from enghub.plm.broker.service import WORKER
from enghub.plm.connections.store import Connections
from enghub.plm.gateways.broker import receiving


@dataclass(frozen=True, slots=True)
class Config:
    """Which connection's messages each queue holds: JSON, ``{"queue::virtual host": "connection"}``."""

    plm_queues: str


def take_broker_messages(event: dict[str, Any]) -> dict[str, Any]:
    """Return the runs that take the records.

    Raises:
        RateLimited, Unavailable: the batch comes again.
        KeyError: a queue of no connection.
    """
    queues, runs = json.loads(config.load(Config).plm_queues), []
    for queue, found in event["rmqMessagesByQueue"].items():
        api = Connections.here().api(queues[queue])
        messages = [_message(one) for one in found]
        for start in range(0, len(messages), MOST_MESSAGES):
            part = messages[start : start + MOST_MESSAGES]
            origin = Origin(api.tenant_id, api.factory_id, WORKER, system_clock(), part[0].message_id)
            received = receiving().take(api.name, origin, part)
            count("plm.messages.taken", received.messages)
            count("plm.messages.redelivered", sum(one.is_redelivered for one in part))
            count("plm.messages.unreadable", received.unreadable)
            runs.append(received.run_id)
    return {"runs": runs}


def _message(found: dict[str, Any]) -> BrokerMessage:
    name = str((found.get("basicProperties") or {}).get("messageId") or "")
    is_redelivered = found.get("redelivered") is True
    return BrokerMessage.of(name, base64.b64decode(found["data"]), is_redelivered=is_redelivered)


lambda_handler = entrypoints.task(take_broker_messages)
