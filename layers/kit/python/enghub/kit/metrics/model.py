"""What a look at metrics says of something that is let in step by step. Pure."""

from enum import StrEnum


class Verdict(StrEnum):
    """What one measurement says; the four are never mixed."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    """Too little traffic to say: it holds, and neither grows nor goes back."""
    ERROR = "ERROR"
    """The metrics could not be read: it holds too."""
