"""Slots and queue on the wire (UPG-10)."""

from typing import Annotated

from pydantic import Field, StrictInt

from enghub.core import wire
from enghub.upgrade.queue.model import MAX_LIMIT, QueueState

BASE = "/api/v1/upgrade/queue"
SHOWN = 100
"""Waiting executions in an answer; `waitingCount` counts all."""


class LimitRequest(wire.Request):
    """How many executions of the tenant may run at once; null for the stage's number."""

    limit: Annotated[StrictInt, Field(ge=1, le=MAX_LIMIT)] | None


class WaitingResponse(wire.Response):
    """An execution that waits."""

    execution_id: str
    site_id: str
    queued_at: wire.Instant


class QueueResponse(wire.Response):
    """How many executions may run and do run, and who waits, the first one first."""

    limit: int
    own_limit: int | None
    """What the tenant has set; null when the stage's number holds."""
    default_limit: int
    running: int
    waiting_count: int
    waiting: tuple[WaitingResponse, ...]

    @classmethod
    def of(cls, line: QueueState, default_limit: int) -> "QueueResponse":
        """Return the answer for slots and queue."""
        slots = line.slots
        return cls(
            limit=slots.limit,
            own_limit=slots.limit if slots.is_own else None,
            default_limit=default_limit,
            running=len(slots.holders),
            waiting_count=len(line.tickets),
            waiting=tuple(
                WaitingResponse(execution_id=ticket.execution_id, site_id=ticket.site_id, queued_at=ticket.queued_at)
                for ticket in line.tickets[:SHOWN]
            ),
        )
