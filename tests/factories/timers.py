"""A world for timers: time passes only when told, and workers may die at any step.

The scheduler comes as late as it is told to and forgets what it is told to forget, as EventBridge and the emulator may.
The queue delivers at least once, gives a message back after its visibility time-out, and gives it up after four tries.
The timers are kept in memory, or in DynamoDB (``StoredTimers``): the same promises for both.
"""

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from pynamodb.attributes import NumberAttribute

from enghub.core import outbox
from enghub.core.dynamo import Record, key
from enghub.core.inbox import AlreadyHandled
from enghub.core.timers import dynamo, waking
from enghub.core.timers.model import (
    FIRST_LOOK,
    DueTimer,
    SetTimer,
    Timer,
    TimerChange,
    TimerState,
    Wake,
    shard_of,
)
from enghub.core.timers.waking import Handler, arm, sweep, woken
from enghub.core.transactions import Update, Write, transact
from tests.factories.http import NOW, an_origin

VISIBILITY = timedelta(seconds=60)
TRIES = 4
SWEEP_EVERY = timedelta(minutes=1)
MOMENT = timedelta(milliseconds=200)
TENANT = "acme"


class Died(Exception):
    """The worker's process is gone."""


class Store(waking.Timers, Protocol):
    """Timers with the transactions of the code around them."""

    def change(self, change: TimerChange, at: datetime, *also: Write) -> None:
        """Commit a change that wants a timer."""

    def effect(self, due: DueTimer, now: datetime) -> None:
        """Commit an effect together with the mark that the timer fired."""

    def effects(self, subject: str) -> int:
        """Return how often ``subject`` had its effect."""

    def commands(self) -> list[tuple[Wake, Callable[[], None]]]:
        """Return the unsent commands to the scheduler, each with what takes it out of the outbox."""


@dataclass
class MemoryTimers:
    """The store in memory."""

    timers: dict[str, Timer] = field(default_factory=dict)
    looks: dict[str, datetime] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    outbox: list[Wake] = field(default_factory=list)
    versions: "itertools.count[int]" = field(default_factory=itertools.count)

    def change(self, change: TimerChange, at: datetime, *also: Write) -> None:
        assert not also
        wake = Wake(TENANT, change.subject, change.purpose)
        self.timers.pop(wake.name, None)
        self.looks.pop(wake.name, None)
        if isinstance(change, SetTimer):
            version = str(next(self.versions))
            self.timers[wake.name] = Timer(
                TENANT, change.subject, change.purpose, change.due, version, dict(change.payload)
            )
            self.looks[wake.name] = max(change.due, at) + FIRST_LOOK
        self.outbox.append(wake)

    def effect(self, due: DueTimer, now: datetime) -> None:
        name = Wake(due.tenant_id, due.subject, due.purpose).name
        stored = self.timers.get(name)
        if stored is None or stored.version != due.version or stored.state is TimerState.FIRED:
            raise AlreadyHandled(due.version)
        self.timers[name] = replace(stored, state=TimerState.FIRED)
        self.looks.pop(name, None)
        self.done[due.subject] += 1

    def effects(self, subject: str) -> int:
        return self.done[subject]

    def commands(self) -> list[tuple[Wake, Callable[[], None]]]:
        return [(wake, lambda wake=wake: self.outbox.remove(wake)) for wake in self.outbox]  # type: ignore[misc]

    def read(self, wake: Wake) -> Timer | None:
        return self.timers.get(wake.name)

    def overdue(self, shard: int, now: datetime, limit: int) -> Iterable[Timer]:
        found = sorted((at, name) for name, at in self.looks.items() if at <= now)
        return [self.timers[name] for _, name in found if shard_of(self.timers[name].wake) == shard][:limit]

    def look_again(self, timer: Timer, at: datetime | None) -> None:
        name = timer.wake.name
        stored = self.timers.get(name)
        if stored is None or (stored.version, stored.state) != (timer.version, TimerState.WAITING):
            return
        self.looks.pop(name)
        state = TimerState.PARKED if at is None else TimerState.WAITING
        self.timers[name] = replace(stored, looks=timer.looks + 1, state=state)
        if at is not None:
            self.looks[name] = at


class EffectRecord(Record):
    """How often a subject had its effect."""

    ENTITY = "EFFECT"

    times = NumberAttribute()


class StoredTimers:
    """The store in DynamoDB."""

    read = staticmethod(dynamo.read)
    overdue = staticmethod(dynamo.overdue)
    look_again = staticmethod(dynamo.look_again)

    def change(self, change: TimerChange, at: datetime, *also: Write) -> None:
        transact(*dynamo.writes(change, an_origin(TENANT, at=at)), *also)

    def effect(self, due: DueTimer, now: datetime) -> None:
        count = Update(EffectRecord(key("EFFECT", due.subject), "EFFECT"), [EffectRecord.times.add(1)])
        transact(count, dynamo.fired(due, now))

    def effects(self, subject: str) -> int:
        raw = EffectRecord.read(key("EFFECT", subject), "EFFECT")
        return 0 if raw is None else int(raw.times)

    def commands(self) -> list[tuple[Wake, Callable[[], None]]]:
        far = NOW + timedelta(days=999)
        found = [record for shard in range(outbox.SHARDS) for record in outbox.pending(shard, far).records]
        return [(self._named(record), lambda record=record: outbox.remove([record])) for record in found]  # type: ignore[misc]

    @staticmethod
    def _named(record: outbox.OutboxRecord) -> Wake:
        body = outbox.body_of(record)
        return Wake(body["tenant_id"], body["payload"]["subject"], body["payload"]["purpose"])


@dataclass(order=True)
class _Message:
    at: datetime
    place: int
    wake: Wake = field(compare=False)
    receives: int = field(compare=False, default=0)


@dataclass
class World:
    """Everything around one context's timers."""

    store: Store = field(default_factory=MemoryTimers)
    now: datetime = NOW
    late: Callable[[], timedelta] = timedelta
    """How late the scheduler comes."""
    forgets: Callable[[Wake], bool] = lambda _: False
    deaths: Callable[[str], bool] = lambda _: False
    """Whether the worker dies at a step: receive, before, after (its effect), acknowledge, sent, armed."""
    handlers: dict[str, Handler] = field(default_factory=dict)
    schedules: dict[str, tuple[datetime, Wake]] = field(default_factory=dict)
    dead: list[Wake] = field(default_factory=list)
    fired_at: dict[str, list[datetime]] = field(default_factory=dict)
    outage: bool = False
    """No schedule is made, no message delivered, no sweep runs."""
    sweep_every: timedelta = SWEEP_EVERY
    _messages: list[_Message] = field(default_factory=list)
    _places: "itertools.count[int]" = field(default_factory=itertools.count)
    _next_sweep: datetime = NOW + SWEEP_EVERY

    def clock(self) -> datetime:
        return self.now

    # --- the ports -------------------------------------------------------------------------------------------------

    def put(self, wake: Wake, at: datetime) -> None:
        self.schedules[wake.name] = (at, wake)
        self._step("armed")

    def remove(self, wake: Wake) -> None:
        self.schedules.pop(wake.name, None)
        self._step("armed")

    def send(self, wake: Wake, delay_seconds: int) -> None:
        assert 0 <= delay_seconds <= 900
        self.enqueue(wake, delay_seconds)
        self._step("sent")

    def enqueue(self, wake: Wake, delay_seconds: int = 0) -> None:
        """Put a message into the queue, as anybody may."""
        message = _Message(self.now + timedelta(seconds=delay_seconds), next(self._places), wake)
        heapq.heappush(self._messages, message)

    # --- what people and other code do -----------------------------------------------------------------------------

    def change(self, change: TimerChange, *also: Write) -> None:
        self.store.change(change, self.now, *also)
        self.relay()

    def relay(self) -> None:
        """Hand the outbox's commands to ``arm``; a death leaves the command to the next relay."""
        if self.outage:
            return
        for wake, sent in self.store.commands():
            with _survived():
                arm(wake, self.store, self, self, self.clock)
                sent()

    def effect(self, due: DueTimer) -> None:
        """Count the effect in the transaction that marks it."""
        assert self.now >= due.due
        self._step("before")
        self.store.effect(due, self.now)
        self.fired_at.setdefault(due.subject, []).append(self.now)
        self._step("after")

    def fail(self, due: DueTimer) -> None:
        """A poison subject."""
        message = f"{due.subject} cannot be dealt with"
        raise RuntimeError(message)

    def effects(self, subject: str = "order/1") -> int:
        return self.store.effects(subject)

    @property
    def messages(self) -> int:
        """How many wake-ups are in the queue, delayed ones too."""
        return len(self._messages)

    # --- time ------------------------------------------------------------------------------------------------------

    def run(self, lasting: timedelta) -> None:
        """Let time pass, from happening to happening."""
        end = self.now + lasting
        self._happen()
        while not self.outage and (happening := self._next()) <= end:
            self.now = happening
            self._happen()
        self.now = end

    def _next(self) -> datetime:
        times = [at + self.late() for at, _ in self.schedules.values()]
        times += [self._messages[0].at] if self._messages else []
        return max(min([*times, self._next_sweep]), self.now + MOMENT)

    def _happen(self) -> None:
        if self.outage:
            return
        self.relay()
        for name, (at, wake) in list(self.schedules.items()):
            if at + self.late() <= self.now:
                del self.schedules[name]
                if not self.forgets(wake):
                    self.enqueue(wake)
        while self._messages and self._messages[0].at <= self.now:
            self._deliver(heapq.heappop(self._messages))
        if self._next_sweep <= self.now:
            self._next_sweep = self.now + self.sweep_every
            with _survived():
                sweep(self.store, self, self.clock)

    def _deliver(self, message: _Message) -> None:
        message.receives += 1
        try:
            self._step("receive")
            woken(message.wake, self.handlers or {"ring": self.effect}, self.store, self, self.clock)
            self._step("acknowledge")
        except AlreadyHandled:
            return
        except (Died, RuntimeError, KeyError):
            if message.receives >= TRIES:
                self.dead.append(message.wake)
            else:
                message.at = self.now + VISIBILITY
                heapq.heappush(self._messages, message)

    def _step(self, name: str) -> None:
        if self.deaths(name):
            raise Died(name)


class _survived:  # noqa: N801 - reads as a word
    """The world goes on after a worker's death."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        return isinstance(error, Died)


def dying(seed: int, share: float) -> Callable[[str], bool]:
    """Let a share of all steps kill the worker, the same ones for the same seed."""
    chance = random.Random(seed)
    return lambda _: chance.random() < share
