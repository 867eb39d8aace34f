"""Timers: "wake this subject at this time, once", named by subject and purpose within a tenant. Pure.

A service sets, moves or cancels a timer by adding a ``SetTimer`` or ``CancelTimer`` to the change that wants it;
setting one that is set moves it. When its time has come, the code registered for its purpose gets a ``DueTimer``, at
least once, and stores ``fired`` with its effect (``enghub.core.timers.dynamo``), so that the effect happens once.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from enghub.core import clock

LONGEST_DELAY = timedelta(minutes=15)
"""What a queue's message can wait (SQS DelaySeconds <= 900)."""
EARLY = timedelta(seconds=90)
"""EventBridge Scheduler comes up to 60 s late: it is asked for so much earlier, the rest is waited in the queue."""
FIRST_LOOK = timedelta(seconds=90)
"""A timer this long overdue is taken for lost."""
LOOKS = tuple(timedelta(minutes=minutes) for minutes in (5, 20, 80, 320, 1280))
"""Pauses after the sweep's own tries, together longer than a day; after the last one the timer is parked."""
SHARDS = 4
"""Waiting timers are spread over this many index partitions."""


class TimerState(StrEnum):
    """Where a stored timer stands; a cancelled one is not stored."""

    WAITING = "WAITING"
    FIRED = "FIRED"
    PARKED = "PARKED"
    """Woken again and again without effect: people have to look."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Wake ``subject`` (``execution/01J...``) for ``purpose`` at ``due``; a time in the past means now."""

    subject: str
    purpose: str
    due: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)
    """JSON for the code that is woken; kept with the timer, in the context's table."""

    def __post_init__(self) -> None:
        if self.due.tzinfo is None:
            message = f"a timer needs an aware time: {self.due}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Do not wake ``subject`` for ``purpose`` any more; cancelling what is not set is fine."""

    subject: str
    purpose: str


TimerChange = SetTimer | CancelTimer


@dataclass(frozen=True, slots=True)
class Timer:
    """A stored timer; every setting has its own ``version``, so that a wake-up for an earlier one is recognised."""

    tenant_id: str
    subject: str
    purpose: str
    due: datetime
    version: str
    payload: Mapping[str, Any]
    state: TimerState = TimerState.WAITING
    looks: int = 0
    """How often the sweep has woken it."""

    @property
    def wake(self) -> "Wake":
        """What travels to the queue for it."""
        return Wake(self.tenant_id, self.subject, self.purpose, self.version)

    def next_look(self, now: datetime) -> datetime | None:
        """When the sweep looks again after having woken it at ``now``; None when it has tried often enough."""
        return now + LOOKS[self.looks] if self.looks < len(LOOKS) else None


@dataclass(frozen=True, slots=True)
class Wake:
    """The message that a timer's time may have come; the timer itself says whether it has."""

    tenant_id: str
    subject: str
    purpose: str
    version: str = ""

    def to_json(self) -> str:
        """Return the wire form."""
        return json.dumps(
            {"tenant_id": self.tenant_id, "subject": self.subject, "purpose": self.purpose, "version": self.version}
        )

    @classmethod
    def from_dict(cls, wire: Mapping[str, Any]) -> "Wake":
        """Read the wire form.

        Raises:
            KeyError: a member is missing.
        """
        return cls(wire["tenant_id"], wire["subject"], wire["purpose"], wire["version"])

    @property
    def name(self) -> str:
        """The schedule's name: 32 hexadecimal digits, the same for every version of one timer."""
        parts = json.dumps([self.tenant_id, self.subject, self.purpose])
        return hashlib.sha256(parts.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A timer whose time has come, for the code registered for its purpose."""

    tenant_id: str
    subject: str
    purpose: str
    due: datetime
    version: str
    payload: Mapping[str, Any]


def delay_seconds(due: datetime, now: datetime) -> int:
    """Return the whole seconds a message has to wait so that it never comes before ``due``; at most 900."""
    wait = min(max(due - now, timedelta()), LONGEST_DELAY)
    return math.ceil(wait.total_seconds())


def schedule_at(due: datetime, now: datetime) -> datetime | None:
    """Return when a schedule has to wake the timer; None when a delayed message reaches that far."""
    return None if due - now <= LONGEST_DELAY else due - EARLY


def shard_of(wake: Wake) -> int:
    """Return the index partition in which a timer waits."""
    return int(wake.name[:2], 16) % SHARDS


def index_time(at: datetime) -> str:
    """Return ``at`` as the index sorts it."""
    return clock.to_text(at)
