"""Sends outbox messages that the stream relay left behind, in order, and reports how many wait and for how long.

Trigger: schedule, every minute. Emits metrics OutboxBacklog and OutboxOldestSeconds.
Runbook: docs/runbooks/outbox-backlog.md.
"""

import json
from dataclasses import dataclass
from typing import Any

from enghub.core import config, entrypoints, relay
from enghub.core.clock import system_clock
from enghub.core.observability import count, seconds


@dataclass(frozen=True, slots=True)
class Config:
    """The bus, and the context's command queues as a JSON object of name to URL."""

    event_bus_name: str
    queue_urls: str = "{}"


def sweep() -> dict[str, Any]:
    """Sweep once; returns counts of messages sent, failed and still waiting, and the oldest one's age in seconds."""
    settings = config.load(Config)
    now = system_clock()
    result = relay.sweep(settings.event_bus_name, json.loads(settings.queue_urls), now)
    waiting, oldest_seconds = relay.backlog(now)
    count("OutboxBacklog", waiting)
    seconds("OutboxOldestSeconds", oldest_seconds)
    return {"sent": result.sent, "failed": result.failed, "waiting": waiting, "oldest_seconds": oldest_seconds}


lambda_handler = entrypoints.schedule(sweep)
