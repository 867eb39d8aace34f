"""Tells the ERPs what waits and is due, and finds out whether those that were away are back (MES-16).

Trigger: schedule, every minute. Runbook: docs/runbooks/mes-erp.md.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from enghub.core import entrypoints
from enghub.mes.rounds.erp import sweep


def run(seconds_left: Callable[[], float]) -> dict[str, Any]:
    """Go round all links."""
    return asdict(sweep(seconds_left))


lambda_handler = entrypoints.timed_schedule(run)
