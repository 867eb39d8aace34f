"""Identifiers: ULIDs, which sort by the time they were made."""

import secrets
from datetime import datetime

from enghub.core.clock import system_clock

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(at: datetime | None = None) -> str:
    """Return a ULID of 26 characters: 48 bits of milliseconds, 80 bits of chance (github.com/ulid/spec)."""
    milliseconds = int((at or system_clock()).timestamp() * 1000)
    number = milliseconds << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
