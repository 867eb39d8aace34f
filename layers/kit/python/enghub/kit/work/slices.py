"""What a step does in one call: a slice, which ends by its budget and hands on a cursor (UPG-06)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

Cursor = Mapping[str, Any]
"""Where a step goes on; JSON values only. A hint: the target database's own journal decides what was done."""


class SliceState(StrEnum):
    """Whether the step is finished."""

    DONE = "done"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is; `total` is None while unknown, rates are units per second."""

    done: int
    total: int | None
    unit: str
    rate_per_second: Decimal | None = None

    @property
    def seconds_left(self) -> int | None:
        """Time left at the present rate."""
        if self.total is None or not self.rate_per_second:
            return None
        return int((self.total - self.done) / self.rate_per_second) + 1 if self.total > self.done else 0

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "done": self.done,
            "total": self.total,
            "unit": self.unit,
            "ratePerSecond": None if self.rate_per_second is None else float(self.rate_per_second),
            "secondsLeft": self.seconds_left,
        }


@dataclass(frozen=True, slots=True)
class Slice:
    """What one call of `run` achieved."""

    state: SliceState
    cursor: Cursor = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress | None = None
    wait_seconds: int = 0
    """Only with MORE: not before this time has passed."""


def done(result: Mapping[str, Any], progress: Progress | None = None) -> Slice:
    """Return the last slice of a step."""
    return Slice(SliceState.DONE, {}, result, progress)


def more(
    cursor: Cursor, progress: Progress | None = None, *, result: Mapping[str, Any] | None = None, wait_seconds: int = 0
) -> Slice:
    """Return a slice after which `run` wants to be called again."""
    return Slice(SliceState.MORE, cursor, result or {}, progress, wait_seconds)


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a slice may go on: `soft` ends it politely, `hard` is when the process is stopped."""

    soft_at: float
    hard_at: float
    monotonic: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, soft_seconds: float, hard_seconds: float, monotonic: Callable[[], float] = time.monotonic) -> "Budget":
        """Return a budget that starts now."""
        now = monotonic()
        return cls(now + soft_seconds, now + hard_seconds, monotonic)

    @property
    def spent(self) -> bool:
        """True when the slice should end."""
        return self.monotonic() >= self.soft_at

    @property
    def seconds_to_hard(self) -> float:
        """Seconds until the process is stopped."""
        return max(0.0, self.hard_at - self.monotonic())
