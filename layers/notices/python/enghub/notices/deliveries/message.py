"""What a sender gets: one message for one recipient. No I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """One message; ``message_id`` stays the same when it is sent again."""

    message_id: str
    address: str
    subject: str
    body: str
    payload: str
    """JSON for programs."""
    at: datetime
    html: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)


Secret = Mapping[str, Any]
"""What the secret store has about a channel: address, credentials."""
Sender = Callable[[Message, Secret], None]
"""Sends one message.

Raises:
    Refused, Delayed
"""
