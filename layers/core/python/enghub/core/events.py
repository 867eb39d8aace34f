"""The event envelope of spec/mes.md: what travels on the bus."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from enghub.core import clock, ids
from enghub.core.identity import Origin

VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event: a fact in the past tense, with the tenant and factory it belongs to."""

    event_id: str
    event_type: str
    timestamp: datetime
    tenant_id: str
    factory_id: str
    source_service: str
    data: Mapping[str, Any]
    version: str = VERSION

    @classmethod
    def of(
        cls, origin: Origin, event_type: str, source_service: str, data: Mapping[str, Any], version: str = VERSION
    ) -> "Envelope":
        """Return a new event caused by ``origin``; ``source_service`` is the context, for example ``enghub.mes``."""
        return cls(
            event_id=ids.new_id(origin.at),
            event_type=event_type,
            timestamp=origin.at,
            tenant_id=origin.tenant_id,
            factory_id=origin.factory_id,
            source_service=source_service,
            data=data,
            version=version,
        )

    def to_json(self) -> str:
        """Return the wire form."""
        return dumps(
            {
                "event_id": self.event_id,
                "event_type": self.event_type,
                "timestamp": self.timestamp,
                "tenant_id": self.tenant_id,
                "factory_id": self.factory_id,
                "source_service": self.source_service,
                "data": self.data,
                "version": self.version,
            }
        )

    @classmethod
    def from_dict(cls, wire: Mapping[str, Any]) -> "Envelope":
        """Read the wire form; what it does not know in ``data`` stays there.

        Raises:
            KeyError, ValueError: a field of the envelope is missing or malformed.
        """
        return cls(
            event_id=wire["event_id"],
            event_type=wire["event_type"],
            timestamp=clock.from_text(wire["timestamp"]),
            tenant_id=wire["tenant_id"],
            factory_id=wire["factory_id"],
            source_service=wire["source_service"],
            data=wire["data"],
            version=wire["version"],
        )


def dumps(value: Any) -> str:
    """Return compact JSON in which a Decimal is a number, to its last digit, and a time is ISO 8601."""
    text = _encode(value)
    return _EXACT.sub(r"\1", text) if _MARK in text else text


_MARK = os.urandom(16).hex()
_EXACT = re.compile(f'"{_MARK}([^"]+)"')
"""A number that binary floats do not hold leaves the encoder as a marked text; nobody outside knows the mark."""


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        near = float(value)
        return near if Decimal(repr(near)) == value else f"{_MARK}{value:f}"
    if isinstance(value, datetime):
        return clock.to_text(value)
    message = f"{type(value).__name__} has no JSON form"
    raise TypeError(message)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain).encode
