"""From a stored timer to the code it wakes: arming, the queue's consumer, the sweep of the overdue.

Nothing here trusts a message: whether a timer is still set, in which version and for when, its item says. So messages
may come late, twice, out of order or never. ``Timers``, ``Scheduler`` and ``Queue`` are ports; the module
``enghub.core.timers.dynamo`` is the first, ``enghub.core.timers.aws`` has the others.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from enghub.core import log
from enghub.core.clock import Clock
from enghub.core.timers.model import SHARDS, DueTimer, Timer, TimerState, Wake, delay_seconds, schedule_at

Handler = Callable[[DueTimer], None]
"""Does what the timer is for; its transaction holds ``fired`` of ``enghub.core.timers.dynamo``."""
PAGES = 20
"""The sweep reads so many pages of a shard in one round, at most."""
PAGE = 100


class Timers(Protocol):
    """The stored timers of one context."""

    def read(self, wake: Wake) -> Timer | None:
        """Return the timer as it is set now; None when it is cancelled or was never set."""

    def overdue(self, shard: int, now: datetime, limit: int) -> Iterable[Timer]:
        """Return timers of a shard that the sweep has to look at, those that wait longest first."""

    def look_again(self, timer: Timer, at: datetime | None) -> None:
        """Let the sweep look again at ``at``; None parks the timer. Does nothing once it has fired or was moved."""


class Scheduler(Protocol):
    """One-time schedules, by name."""

    def put(self, wake: Wake, at: datetime) -> None:
        """Send ``wake`` to the queue at ``at``, or up to a minute later; replaces the schedule of the same name."""

    def remove(self, wake: Wake) -> None:
        """Forget the schedule; fine when there is none."""


class Queue(Protocol):
    """The context's queue of wake-ups."""

    def send(self, wake: Wake, delay_seconds: int) -> None:
        """Deliver ``wake`` after ``delay_seconds`` (0 to 900)."""


def arm(wake: Wake, timers: Timers, scheduler: Scheduler, queue: Queue, now: Clock) -> None:
    """See to it that the timer is woken as it is set now; safe to repeat, late, or in any order.

    Read, act, read again: of two that arm one timer at once, the one that acts last acts on the latest setting.
    """
    timer = timers.read(wake)
    while True:
        _arm(wake, timer, scheduler, queue, now())
        latest = timers.read(wake)
        if _version(latest) == _version(timer):
            return
        timer = latest


def _arm(wake: Wake, timer: Timer | None, scheduler: Scheduler, queue: Queue, now: datetime) -> None:
    if timer is None or timer.state is not TimerState.WAITING:
        scheduler.remove(wake)
    elif (at := schedule_at(timer.due, now)) is not None:
        scheduler.put(timer.wake, at)
    else:
        queue.send(timer.wake, delay_seconds(timer.due, now))


def _version(timer: Timer | None) -> tuple[str, TimerState] | None:
    return None if timer is None else (timer.version, timer.state)


def woken(wake: Wake, handlers: Mapping[str, Handler], timers: Timers, queue: Queue, now: Clock) -> None:
    """Let the timer have its effect if its time has come; wait on if not; ignore what is no longer set.

    Raises:
        KeyError: nothing is registered for the purpose.
        AlreadyHandled: another delivery was first, or the timer was moved or cancelled at the same moment.
        Exception: what the handler raises; the message comes again.
    """
    timer = timers.read(wake)
    if timer is None or timer.version != wake.version or timer.state is TimerState.FIRED:
        log.info("wake-up of a timer that is no longer set", subject=wake.subject, purpose=wake.purpose)
        return
    if wait := delay_seconds(timer.due, now()):
        queue.send(wake, wait)
        return
    due = DueTimer(timer.tenant_id, timer.subject, timer.purpose, timer.due, timer.version, timer.payload)
    handlers[timer.purpose](due)


@dataclass(frozen=True, slots=True)
class Swept:
    """What the sweep found overdue: woken again, given up and left to people, not to be dealt with now."""

    woken: int = 0
    parked: int = 0
    failed: int = 0
    oldest_seconds: float = 0.0

    def __add__(self, other: "Swept") -> "Swept":
        return Swept(
            self.woken + other.woken,
            self.parked + other.parked,
            self.failed + other.failed,
            max(self.oldest_seconds, other.oldest_seconds),
        )


def sweep(timers: Timers, queue: Queue, now: Clock) -> Swept:
    """Wake every timer that is overdue; each is looked at again after growing pauses, then parked.

    A timer that cannot be dealt with holds up no other: it is counted, and the next round looks at it again.
    """
    return sum((_shard_swept(shard, timers, queue, now) for shard in range(SHARDS)), Swept())


def _shard_swept(shard: int, timers: Timers, queue: Queue, now: Clock) -> Swept:
    total = Swept()
    for _ in range(PAGES):
        found = [_swept(timer, timers, queue, now()) for timer in timers.overdue(shard, now(), PAGE)]
        total = sum(found, total)
        if len(found) < PAGE or all(one.failed for one in found):
            break
    return total


def _swept(timer: Timer, timers: Timers, queue: Queue, now: datetime) -> Swept:
    age = (now - timer.due).total_seconds()
    again = timer.next_look(now)
    try:
        if again is not None:
            queue.send(timer.wake, 0)
        timers.look_again(timer, again)
    except Exception:
        log.exception("overdue timer not woken", subject=timer.subject, purpose=timer.purpose)
        return Swept(failed=1, oldest_seconds=age)
    if again is None:
        log.warning("timer parked", tenant_id=timer.tenant_id, subject=timer.subject, purpose=timer.purpose)
    return Swept(woken=again is not None, parked=again is None, oldest_seconds=age)
