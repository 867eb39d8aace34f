"""When to try again: exponential back-off with jitter, and what the other side asks for. No I/O."""

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be another one later; other 4xx stay what they are."""
_random = random.SystemRandom().random


def wait_seconds(
    attempt: int,
    *,
    first: float,
    most: float,
    asked: float | None = None,
    chance: Callable[[], float] = _random,
) -> float:
    """Return the pause after the failed ``attempt`` (1 is the first): between half and all of ``first`` doubled.

    ``asked`` (Retry-After) is the least; nothing is longer than ``most``.
    """
    whole = min(most, first * 2.0 ** min(attempt - 1, 30))
    return min(most, max(whole * (0.5 + chance() / 2), asked or 0.0))


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that ``Retry-After`` asks for (RFC 9110 10.2.3), None without a readable one."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max((parsedate_to_datetime(text) - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
