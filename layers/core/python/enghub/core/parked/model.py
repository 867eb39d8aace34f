"""A message that failed for good, of any consumer: kept until somebody sends it again or gives it up. No I/O."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from enghub.core.parked.errors import MessageNotParked, NotRedrivable

NOBODY = "-"
"""The tenant of messages whose own cannot be read; only the platform's people see them."""
MASK = "***"
_PERSONAL = ("user", "mail", "phone", "mobile", "address", "person", "operator", "produced_by", "producedby", "contact")
_SECRET = ("secret", "token", "password", "signature", "authorization", "credential", "api_key", "apikey")


class Status(StrEnum):
    """What became of it."""

    PARKED = "PARKED"
    REDRIVEN = "REDRIVEN"
    DISCARDED = "DISCARDED"


@dataclass(frozen=True, slots=True)
class ParkedMessage:
    """One message: what it is, who could not take it and why, what somebody decided.

    ``channel`` is where it is sent again: the bus or a queue; empty when it can only be done by hand.
    """

    parked_id: str
    tenant_id: str
    consumer: str
    channel: str
    message_type: str
    source: str
    subject: str
    body: str
    reason: str
    attempts: int
    parked_at: datetime
    times: int = 1
    status: Status = Status.PARKED
    closed_at: datetime | None = None
    closed_by: str = ""
    closed_for: str = ""

    def redriven(self, by: str, at: datetime) -> "ParkedMessage":
        """Return it as sent again.

        Raises:
            MessageNotParked, NotRedrivable
        """
        self._demand_parked()
        if not self.channel:
            raise NotRedrivable(consumer=self.consumer)
        return replace(self, status=Status.REDRIVEN, closed_at=at, closed_by=by)

    def discarded(self, reason: str, by: str, at: datetime) -> "ParkedMessage":
        """Return it as given up.

        Raises:
            MessageNotParked
        """
        self._demand_parked()
        return replace(self, status=Status.DISCARDED, closed_at=at, closed_by=by, closed_for=reason)

    def _demand_parked(self) -> None:
        if self.status is not Status.PARKED:
            raise MessageNotParked(parked_id=self.parked_id, status=self.status.value)


def parked_id(consumer: str, body: str, otherwise: str) -> str:
    """Return the id of a message at a consumer: the same whenever it fails there again, however it came."""
    identity = str(_identity(read_json(body)) or otherwise)
    return hashlib.sha256(f"{consumer}\n{identity}".encode()).hexdigest()[:32]


def tenant_of(body: str) -> str:
    """Return the tenant that a message names, ``-`` when it names none."""
    wire = read_json(body)
    tenant = _envelope(wire).get("tenant_id") if isinstance(wire, Mapping) else None
    return tenant if isinstance(tenant, str) and tenant else NOBODY


def read_json(text: str) -> Any:
    """Return what ``text`` says, the text itself where it is no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _envelope(wire: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the event or command, out of what a bus rule puts around it."""
    detail = wire.get("detail")
    return detail if isinstance(detail, Mapping) else wire


def _identity(wire: Any) -> Any:
    if not isinstance(wire, Mapping):
        return None
    inner = _envelope(wire)
    return inner.get("event_id") or inner.get("message_id")


def masked(value: Any, name: str = "") -> Any:
    """Return ``value`` for people's eyes: what may name a person or be a secret is hidden, names of fields stay."""
    if value is not None and any(word in name.lower() for word in (*_PERSONAL, *_SECRET)):
        return MASK
    if isinstance(value, Mapping):
        return {key: masked(part, key) for key, part in value.items()}
    if isinstance(value, list):
        return [masked(part) for part in value]
    return MASK if isinstance(value, str) and "@" in value else value
