"""What consumers say of an event they know: pure, for services; ``core/inbox`` keeps the marks."""

from datetime import timedelta

KEPT = timedelta(days=14)
"""How long a mark is kept: longer than any queue keeps a message."""


class AlreadyHandled(Exception):
    """The consumer's effect of the event is already stored."""
