"""Slots and the queue before them: how many executions run at once, and who is next (UPG-10). No I/O."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from enghub.core.commits import Kept

DEFAULT_LIMIT = 5
"""Executions at once, of a tenant that set no number of its own, where the stage names none either."""
MAX_LIMIT = 50
"""More workers than this at once are more than the functions' concurrency should carry for one tenant."""
ADMIT = "admit_upgrades"
"""The queue whose consumer lets waiting executions begin."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A place in the queue; numbers only grow."""

    number: int
    execution_id: str
    site_id: str
    queued_at: datetime

    def waited(self, now: datetime) -> float:
        """Return for how many seconds it waits."""
        return (now - self.queued_at).total_seconds()


@dataclass(frozen=True, slots=True)
class WaitingTimes:
    """For how many seconds executions wait: the oldest one, and the oldest that has a free slot and a free site."""

    longest_seconds: float = 0.0
    stuck_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Slots:
    """Who runs now. Every change names the revision it saw; giving a slot back is the one that need not."""

    limit: int = DEFAULT_LIMIT
    holders: frozenset[str] = frozenset()
    next_number: int = 1
    is_own: bool = False
    """The tenant set the limit; otherwise it is the stage's, whatever that will be."""

    @property
    def free(self) -> int:
        """How many more may begin; none while a lowered limit is exceeded."""
        return max(0, self.limit - len(self.holders))

    def without(self, execution_id: str | None) -> "Slots":
        """Take a slot back."""
        return replace(self, holders=self.holders - {execution_id})

    def taken_by(self, execution_id: str) -> "Slots":
        """Give a slot; the caller has asked whether one is free."""
        return replace(self, holders=self.holders | {execution_id})

    def ticket(self, execution_id: str, site_id: str, at: datetime) -> "tuple[Slots, Ticket]":
        """Give the last place in the queue."""
        ticket = Ticket(self.next_number, execution_id, site_id, at)
        return replace(self, next_number=self.next_number + 1), ticket


@dataclass(frozen=True, slots=True)
class QueueState:
    """A tenant's slots, and its queue in order, at one moment."""

    kept: Kept[Slots]
    tickets: tuple[Ticket, ...] = ()

    @property
    def slots(self) -> Slots:
        """Who runs now."""
        return self.kept.value

    def move(
        self, slots: Slots | None = None, *, joins: Ticket | None = None, leaves: int | None = None
    ) -> "QueueMove":
        """Return a change of what was seen here; `leaves` is the number of a ticket."""
        return QueueMove(self.kept, slots or self.slots, joins, leaves)

    def may_begin(self, execution_id: str) -> bool:
        """Tell whether an execution with a free site begins at once: a slot remains when all who wait have theirs."""
        return execution_id in self.slots.holders or self.slots.free > len(self.tickets)

    def waiting_for(self, site_id: str) -> Ticket | None:
        """Return the first one that waits for a site."""
        return next((ticket for ticket in self.tickets if ticket.site_id == site_id), None)

    def next(self, is_busy: Callable[[str], bool]) -> Ticket | None:
        """Return who begins next: the first whose site is free, None without a slot.

        One that waits for its site does not hold up those behind it; those of one site never overtake one another.
        """
        if not self.slots.free:
            return None
        return next((ticket for ticket in self.tickets if not is_busy(ticket.site_id)), None)

    def position(self, execution_id: str) -> "QueuePosition | None":
        """Return where an execution waits."""
        for index, ticket in enumerate(self.tickets):
            if ticket.execution_id == execution_id:
                ahead = tuple(found.execution_id for found in self.tickets[:index])
                return QueuePosition(index + 1, ahead, ticket.queued_at)
        return None


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """Where an execution waits; `ahead` are those before it, the first one first."""

    position: int
    ahead: tuple[str, ...]
    queued_at: datetime


@dataclass(frozen=True, slots=True)
class QueueMove:
    """What a change does to slots and queue; stored only if nobody changed them since they were seen."""

    seen: Kept[Slots]
    slots: Slots
    """As they are from now on."""
    joins: Ticket | None = None
    leaves: int | None = None
    """Number of the ticket that is given up."""
