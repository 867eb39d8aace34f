"""Escalation policies: who is paged, in which order, and after how long (OPS-12). No I/O."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class TargetKind(StrEnum):
    """Whom a step pages."""

    USER = "USER"
    SCHEDULE = "SCHEDULE"


@dataclass(frozen=True, slots=True)
class Target:
    """A person, or whoever is on at one level of a schedule."""

    kind: TargetKind
    target_id: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """Who is paged together, and how long they have before the next step."""

    targets: tuple[Target, ...]
    delay_minutes: int = 15


@dataclass(frozen=True, slots=True)
class Policy:
    """Steps in order, ``repeat`` times more from the first; ``fallback`` is paged when nobody else is found."""

    tenant_id: str
    policy_id: str
    name: str
    steps: tuple[Step, ...]
    repeat: int = 1
    fallback: tuple[str, ...] = ()
    remind_minutes: int = 0
    """An acknowledged incident that nobody says anything of for so long pages anew; 0: never."""
    is_deleted: bool = False

    def paged_after(self, place: int) -> timedelta:
        """Return how long after the opening a step is paged, where every step before it finds somebody."""
        return timedelta(minutes=sum(step.delay_minutes for step in self.steps[:place]))

    def too_late(self, respond: timedelta) -> tuple[int, ...]:
        """Return the steps (1 is the first) that are paged only when the response target is over (OPS-21)."""
        return tuple(place + 1 for place in range(1, len(self.steps)) if self.paged_after(place) >= respond)
