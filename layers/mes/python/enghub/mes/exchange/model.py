"""What the ERP is told, each thing once: a message that waits until the ERP acknowledged it (MES-04, MES-16). Pure.

The number of a message is that of the event it was made of, and its Idempotency-Key at the ERP: made twice it is one
message, sent twice the ERP takes it once. Movements are differences and an order completes once, so their order does
not matter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from enghub.core.i18n import Text
from enghub.mes.erp.model import Service
from enghub.mes.factories import Factory

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 300, 900, 3600))
"""Until a message is tried again; the last one again and again: it waits for an ERP that is away, however long."""


class MessageState(StrEnum):
    """Where a message is."""

    WAITING = "WAITING"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    REFUSED = "REFUSED"
    """The ERP understood it and said no: a person looks at it and sends it again."""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell; ``body`` is the JSON text, the same in every try; ``value`` the rate or quantity it tells."""

    factory: Factory
    message_id: str
    service: Service
    subject: str
    value: Decimal
    body: str
    made_at: datetime
    due: datetime
    state: MessageState = MessageState.WAITING
    attempts: int = 0
    problem: Text | None = None
    acknowledgement: str = ""
    acknowledged_at: datetime | None = None

    def acknowledged(self, by: str, at: datetime) -> "Message":
        """Return it taken by the ERP, under the ERP's number."""
        return replace(
            self,
            state=MessageState.ACKNOWLEDGED,
            attempts=self.attempts + 1,
            acknowledgement=by,
            acknowledged_at=at,
            problem=None,
        )

    def refused(self, problem: Text) -> "Message":
        """Return it refused for good."""
        return replace(self, state=MessageState.REFUSED, attempts=self.attempts + 1, problem=problem)

    def put_off(self, problem: Text, now: datetime) -> "Message":
        """Return it to be tried again later."""
        pause = PAUSES[min(self.attempts, len(PAUSES) - 1)]
        return replace(self, attempts=self.attempts + 1, due=now + pause, problem=problem)

    def again(self, now: datetime) -> "Message":
        """Return it waiting, due now."""
        return replace(self, state=MessageState.WAITING, due=now)


def completion_rate(good: Decimal, planned: Decimal) -> Decimal:
    """Return good pieces in per cent of the plan, two decimals; above 100 where more was made."""
    return (good * 100 / planned).quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Received:
    """What the ERP says it has."""

    key: str
    subject: str
    value: Decimal
    acknowledgement: str


class Kind(StrEnum):
    """How hub and ERP differ."""

    LOST = "LOST"
    """Acknowledged, and the ERP does not have it."""
    UNANSWERED = "UNANSWERED"
    """The ERP has it, its answer was lost: the next try finds out."""
    UNKNOWN = "UNKNOWN"
    """The ERP has what the hub never sent."""
    DIFFERENT = "DIFFERENT"
    """Both have it, with other figures or another subject."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which hub and ERP differ; None where one of them has nothing."""

    kind: Kind
    message_id: str
    subject: str
    ours: Decimal | None
    theirs: Decimal | None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A day's messages beside what the ERP has of them; ``compared`` is None where the ERP could not say."""

    counts: Mapping[MessageState, int]
    compared: int | None = None
    as_of: datetime | None = None
    differences: tuple[Difference, ...] = ()
    waiting: tuple[Message, ...] = field(default=(), compare=False)
    refused: tuple[Message, ...] = field(default=(), compare=False)


def compare(ours: Iterable[Message], theirs: Iterable[Received], as_of: datetime) -> list[Difference]:
    """Return how the hub's messages differ from what the ERP has as of then; what it took later may be missing."""
    there, found = {one.key: one for one in theirs}, []
    for message in ours:
        other = there.pop(message.message_id, None)
        taken = message.acknowledged_at if message.state is MessageState.ACKNOWLEDGED else None
        told = (message.message_id, message.subject, message.value)
        if other is None:
            if taken is not None and taken <= as_of:
                found.append(Difference(Kind.LOST, *told, None))
        elif (other.subject, other.value) != (message.subject, message.value):
            found.append(Difference(Kind.DIFFERENT, *told, other.value))
        elif taken is None:
            found.append(Difference(Kind.UNANSWERED, *told, other.value))
    return [*found, *(Difference(Kind.UNKNOWN, one.key, one.subject, None, one.value) for one in there.values())]
