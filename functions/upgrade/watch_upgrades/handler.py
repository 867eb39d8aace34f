"""Measures how many upgrades are live, how long the oldest runs, and how long upgrades wait (UPG-10, UPG-20).

Trigger: schedule, every minute. Emits metrics upgrade.active.count, upgrade.active.longest, upgrade.queue.longest,
upgrade.queue.stuck and UpgradesUnreadable. What cannot be read does not keep the rest from being measured; the job then
fails, so that it is seen. Runbook: docs/runbooks/upgrade-queue.md. About those that run: docs/runbooks/upgrade-long.md.
"""

from dataclasses import asdict
from typing import Any

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.core.errors import Unavailable
from enghub.core.observability import count, seconds
from enghub.upgrade.executions import wiring
from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.executions.live import load_of
from enghub.upgrade.executions.tenants import of_every_tenant
from enghub.upgrade.queue.wiring import queue


def watch() -> dict[str, Any]:
    """Return counts and ages in seconds, for all tenants.

    Raises:
        Unavailable: something could not be read; the rest was measured.
    """
    live, unreadable = DynamoExecutions().live()
    load = load_of(live, system_clock())
    waits, failed = of_every_tenant(queue().tenants(), wiring.admission().waits)
    longest = max((found.longest_seconds for found in waits), default=0.0)
    stuck = max((found.stuck_seconds for found in waits), default=0.0)
    count("upgrade.active.count", load.count)
    seconds("upgrade.active.longest", load.longest_seconds)
    seconds("upgrade.queue.longest", longest)
    seconds("upgrade.queue.stuck", stuck)
    count("UpgradesUnreadable", unreadable + failed)
    if unreadable + failed:
        raise Unavailable(reason=f"{unreadable} upgrades, {failed} tenants")
    return {**asdict(load), "waiting_seconds": longest, "stuck_seconds": stuck}


lambda_handler = entrypoints.schedule(watch)
