"""What bridges do with the messages of a broker: bring them, and bring them again while the hub is away."""

import time
from collections.abc import Callable

from enghub_cli.console import err
from enghub_cli.errors import Stop
from enghub_cli.hub import FAILED

POLL_SECONDS = 2.0


def bring_all(bring: Callable[[float], int], *, once: bool, away: tuple[type[Exception], ...] = ()) -> None:
    """Bring messages until the process is stopped, or ``once`` nothing waits any more.

    Args:
        bring: waits up to so many seconds for messages, takes them to the hub, and returns how many.
        once: end when nothing waits.
        away: what says that the broker or the hub does not answer now, beside a ``Stop`` that says "failed".

    Raises:
        Stop: the hub refuses what is sent; sending it again would not help.
    """
    told: tuple[type[Exception], ...] = (Stop, *away)
    while True:
        try:
            count = bring(POLL_SECONDS)
        except told as error:
            if isinstance(error, Stop) and error.exit_code != FAILED:
                raise
            err.print(f"{error or type(error).__name__}; the messages come again")
            time.sleep(POLL_SECONDS)
            continue
        if once and not count:
            return
