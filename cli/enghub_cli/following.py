"""Follows what runs in the hub without holding it: whoever lets go is told how to take it up again (UPG-22)."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.live import Live

from enghub_cli.console import out
from enghub_cli.errors import Stop
from enghub_cli.hub import FAILED, INTERRUPTED, TERMINATED, Api, polled

Found = dict[str, Any]


class _Terminated(BaseException):
    """SIGTERM came; no handler of errors may take it."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What is followed: where it is read, and how it is told."""

    path: str
    rests: Callable[[Found], bool]
    """Nothing more will come by itself."""
    shown: Callable[[Found], RenderableType]
    """For a terminal."""
    line: Callable[[Found], str]
    """For a pipeline's log."""
    again: str
    """What goes on and how to follow it, for whoever lets go."""


def watch(hub: Api, what: Followed, timeout: float | None = None) -> Found:
    """Show it until it rests, for at most `timeout` seconds; return its last answer.

    Raises:
        Stop: let go by Ctrl-C (130), SIGTERM (143) or the timeout (1).
    """
    with _letting_go(what.again):
        found = _watched(hub, what, math.inf if timeout is None else time.monotonic() + timeout)
    if found is None:
        raise Stop(f"Not ended after {timeout:g} s: {what.again}", FAILED)
    return found


def _watched(hub: Api, what: Followed, deadline: float) -> Found | None:
    """Return where it rests, None at the deadline; a pipeline's log gets a line per change."""
    said = ""
    with Live(console=out, auto_refresh=False, transient=True) as live:
        for found in polled(hub, what.path, deadline):
            if out.is_terminal:
                live.update(what.shown(found), refresh=True)
            elif (line := what.line(found)) != said:
                said = line
                out.print(line)
            if what.rests(found):
                return found
    return None


@contextmanager
def _letting_go(again: str) -> Iterator[None]:
    """Say how to go on when somebody interrupts the command, or ends its job."""
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except KeyboardInterrupt:
        raise Stop(f"Interrupted: {again}", INTERRUPTED) from None
    except _Terminated:
        raise Stop(f"Terminated: {again}", TERMINATED) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(_number: int, _frame: object) -> None:
    raise _Terminated
