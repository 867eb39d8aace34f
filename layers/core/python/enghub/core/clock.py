"""Injected time: the only module that asks the machine what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current time, aware, in UTC."""
_now = datetime.now
"""Where tests set the time: modules, also those that are loaded later, hold ``system_clock`` itself."""


def system_clock() -> datetime:
    """Return the current time, aware, in UTC."""
    return _now(UTC)


def to_text(at: datetime) -> str:
    """Return ISO 8601 with microseconds and ``Z``: fixed width, so that texts sort as times do."""
    at = at if at.tzinfo is UTC else at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:26] + "Z"


def from_text(text: str) -> datetime:
    """Read an ISO 8601 time with an offset.

    Raises:
        ValueError: the text is no time, or has no offset.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        message = f"{text!r} has no UTC offset"
        raise ValueError(message)
    return at if at.tzinfo is UTC else at.astimezone(UTC)
