"""Sends outbox messages that the stream relay left behind, in order, parks those that never get through, and counts.

Trigger: schedule, every minute. Emits metrics OutboxBacklog, OutboxOldestSeconds and ParkedMessages.
Runbook: docs/runbooks/outbox-backlog.md.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from enghub.core import bus, config, entrypoints, outbox
from enghub.core.clock import system_clock
from enghub.core.observability import count, seconds
from enghub.core.parked import dynamo as parked
from enghub.core.sweeper import Sweep


@dataclass(frozen=True, slots=True)
class Config:
    """The bus, and the context's queues as a JSON object of name to URL."""

    event_bus_name: str
    queue_urls: str = "{}"


def sweep(seconds_left: Callable[[], float]) -> dict[str, Any]:
    """Sweep once; returns counts of messages sent, failed, parked and still waiting, and the oldest one's age."""
    settings = config.load(Config)
    queue_urls = json.loads(settings.queue_urls)
    done = Sweep(
        lambda records: bus.send(records, settings.event_bus_name, queue_urls), system_clock(), seconds_left
    ).run()
    waiting, oldest_seconds = outbox.backlog(system_clock())
    count("OutboxBacklog", waiting)
    seconds("OutboxOldestSeconds", oldest_seconds)
    count("ParkedMessages", parked.waiting())
    return {
        "sent": done.sent,
        "failed": done.failed,
        "parked": done.parked,
        "waiting": waiting,
        "oldest_seconds": oldest_seconds,
    }


lambda_handler = entrypoints.timed_schedule(sweep)
