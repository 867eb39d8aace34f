"""Watches the floor: orders in production for a day, more reports than a factory or a station makes (MES-19).

Trigger: schedule, every minute. People are told by notices, each thing once; boards show what is open.
Runbook: docs/runbooks/mes-alarms.md.
"""

from dataclasses import asdict
from typing import Any

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.mes.watch.dynamo import DynamoWatch
from enghub.mes.watch.service import FloorWatch


def watch() -> dict[str, Any]:
    """Look at every factory once."""
    return asdict(FloorWatch(DynamoWatch(), system_clock).look())


lambda_handler = entrypoints.schedule(watch)
