"""Parked messages on the wire."""

from typing import Any, Self

from enghub.core import wire
from enghub.core.parked.model import ParkedMessage, Status, masked, read_json


class ParkedMessageResponse(wire.Response):
    """One message; ``times`` counts how often it came here."""

    id: str
    consumer: str
    message_type: str
    source: str
    subject: str
    reason: str
    attempts: int
    times: int
    status: Status
    parked_at: wire.Instant
    closed_at: wire.Instant | None
    closed_by: str
    closed_for: str

    @classmethod
    def of(cls, message: ParkedMessage) -> Self:
        """Return the answer for ``message``."""
        return cls(**_fields(message))


class ParkedMessageDetail(ParkedMessageResponse):
    """A message with what it says; what may name a person or be a secret is masked."""

    body: Any

    @classmethod
    def of(cls, message: ParkedMessage) -> Self:
        """Return the answer for ``message``."""
        return cls(**_fields(message), body=masked(read_json(message.body)))


def _fields(message: ParkedMessage) -> dict[str, Any]:
    names = ("consumer", "message_type", "source", "subject", "reason", "attempts", "times", "status", "parked_at")
    closed = ("closed_at", "closed_by", "closed_for")
    return {"id": message.parked_id, **{name: getattr(message, name) for name in (*names, *closed)}}


class ParkedMessageList(wire.Response):
    """A page of messages."""

    items: list[ParkedMessageResponse]
    cursor: str | None


class DiscardRequest(wire.Request):
    """Why a message is given up."""

    reason: wire.ShortText
