"""Events that wait in the outbox while the bus is away, and the proof that each got through (OPS-14). No I/O.

Parked, sent and consumed are told by the event's own id: no bookmark of a highest one, so what commits out of order is
on the list like all others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_SHOWN = 20
SWEEP_AFTER = timedelta(seconds=60)
"""A younger event is on its way, not parked."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that has not left the outbox."""

    event_id: str
    event_type: str
    since: datetime


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that a runbook found parked."""

    tenant_id: str
    event_id: str
    event_type: str
    run_id: str
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class HeardEvent:
    """An event that came back from the bus, whether or not somebody had found it parked by then."""

    tenant_id: str
    event_id: str
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits, and how long the oldest has waited, in whole seconds."""

    waiting: int
    oldest_seconds: int
    by_type: dict[str, int]


def backlog(found: Iterable[Waiting], now: datetime) -> Backlog:
    """Return what people see of the events that wait."""
    by_type: dict[str, int] = {}
    oldest, count = now, 0
    for one in found:
        by_type[one.event_type] = by_type.get(one.event_type, 0) + 1
        oldest, count = min(oldest, one.since), count + 1
    return Backlog(count, int((now - oldest).total_seconds()), dict(sorted(by_type.items())))


@dataclass(frozen=True, slots=True)
class Proof:
    """Parked = sent = consumed, or the ids that are missing."""

    parked: int
    unsent: tuple[str, ...]
    unheard: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Every one that was parked was sent and consumed."""
        return not self.unsent and not self.unheard

    def __str__(self) -> str:
        sent, consumed = self.parked - len(self.unsent), self.parked - len(self.unheard)
        said = f"parked {self.parked} = sent {sent} = consumed {consumed}"
        if self.holds:
            return said
        missing = dict.fromkeys((*self.unsent, *self.unheard))
        return f"{said.replace('=', '/')}; missing: {', '.join(list(missing)[:MOST_SHOWN])}"


def proof(parked: Iterable[ParkedEvent], waiting: frozenset[str], heard: frozenset[str]) -> Proof:
    """Return what became of the events that were parked.

    Args:
        parked: what a run found.
        waiting: ids that are still in the outbox.
        heard: ids that came back from the bus.
    """
    found = list(parked)
    unsent = tuple(one.event_id for one in found if one.event_id in waiting)
    unheard = tuple(one.event_id for one in found if one.event_id not in heard)
    return Proof(len(found), unsent, unheard)
