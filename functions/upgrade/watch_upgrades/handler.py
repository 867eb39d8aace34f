"""Measures how many upgrades are live and how long the oldest of them runs (UPG-20).

Trigger: schedule, every minute. Emits metrics upgrade.active.count and upgrade.active.longest.
Runbook: docs/runbooks/upgrade-long.md.
"""

from dataclasses import asdict
from typing import Any

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.core.observability import count, seconds
from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.executions.live import load_of


def watch() -> dict[str, Any]:
    """Return the count and the age of the oldest in seconds, for all tenants."""
    load = load_of(DynamoExecutions().live(), system_clock())
    count("upgrade.active.count", load.count)
    seconds("upgrade.active.longest", load.longest_seconds)
    return asdict(load)


lambda_handler = entrypoints.schedule(watch)
