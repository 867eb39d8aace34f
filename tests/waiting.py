"""Polling with a deadline: the only way a test waits."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T | None], seconds: float = 30, every: float = 0.1) -> T:
    """Return what ``look`` finds, asking again until it finds something.

    Raises:
        AssertionError: it found nothing in time.
    """
    deadline = monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if monotonic() > deadline:
            message = f"nothing after {seconds} s"
            raise AssertionError(message)
        threading.Event().wait(every)
