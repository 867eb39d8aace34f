"""Polling with a deadline: the only way a test waits; and how code under test is kept from waiting."""

import threading
import time
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

import pytest

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


def instead_of_sleeping(patch: pytest.MonkeyPatch, pause: Callable[[float], object] = lambda _: None) -> None:
    """Let ``time.sleep`` call ``pause`` in this thread.

    Other threads sleep on: an emulator's that a test before imported would spin, or end by what is raised here.
    """
    ours, sleep = threading.get_ident(), time.sleep

    def wait(seconds: float) -> None:
        (pause if threading.get_ident() == ours else sleep)(seconds)

    patch.setattr(time, "sleep", wait)
