"""Messages of a broker (AMQP) with records of a PLM, and the run that takes them (PLM-25).

A message is one record, a list of records, or ``{"items": [...]}``, as JSON in UTF-8. It may come twice, late and in
another order: what it says counts by its ``updatedAt``, as everywhere.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

MOST_MESSAGES = 500
MOST_BYTES = 131_072
"""Of one message; a longer one is refused by its name."""


@dataclass(frozen=True, slots=True)
class BrokerMessage:
    """One message as the broker delivered it; ``message_id`` is the sender's, or made of its content."""

    message_id: str
    body: bytes
    is_redelivered: bool = False

    @classmethod
    def of(cls, message_id: str, body: bytes, *, is_redelivered: bool = False) -> "BrokerMessage":
        """Return a message; one without an id is known by its content."""
        shown = "".join(character for character in message_id if character.isprintable())[:100]
        return cls(shown or hashlib.sha256(body).hexdigest()[:16], body, is_redelivered)


@dataclass(frozen=True, slots=True)
class Received:
    """What became of messages: the run that takes their records, and how many of them cannot be read."""

    run_id: str
    messages: int
    records: int
    unreadable: int


def run_id(connection: str, messages: Sequence[BrokerMessage]) -> str:
    """Return the run that takes these messages: the same when the very same come again."""
    digest = hashlib.sha256(connection.encode())
    for one in messages:
        digest.update(f"\n{one.message_id}\n{hashlib.sha256(one.body).hexdigest()}".encode())
    return f"broker-{digest.hexdigest()[:24]}"
