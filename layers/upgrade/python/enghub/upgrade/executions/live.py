"""How many upgrades are live, and for how long the oldest of them (UPG-20; source document, 7.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from enghub.upgrade.executions.model import Execution


@dataclass(frozen=True, slots=True)
class Load:
    """What runs at one moment."""

    count: int
    longest_seconds: float


def load_of(executions: Iterable[Execution], now: datetime) -> Load:
    """Return the load; an execution counts from its first step, before that from when it was accepted."""
    ages = [(now - (one.started_at or one.created_at)).total_seconds() for one in executions if one.status.is_live]
    return Load(len(ages), max(0.0, *ages) if ages else 0.0)
