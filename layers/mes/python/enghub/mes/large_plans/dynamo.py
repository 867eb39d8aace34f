"""Large runs in DynamoDB.

The run itself is as every run. What it is made of lies in partitions that no list shows, kept for a month:
pk T#<tenant>#F#<factory>#PLAN-GIVEN#<run>                       sk <piece>
pk T#<tenant>#F#<factory>#PLAN-CHUNK#<run>#<layout>#<number>     sk CHUNK | STOCK
pk T#<tenant>#F#<factory>#PLAN-PASSED#<run>#<layout>#<number>    sk <from>#<piece>
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from enghub.core.aggregates import Items
from enghub.core.clock import Clock
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key
from enghub.core.errors import Unavailable
from enghub.core.idempotency import puts
from enghub.core.transactions import PutItem, absent, transact
from enghub.kit.runs import dynamo as leases
from enghub.kit.runs.leases import Lease, Term
from enghub.mes.factories import Factory
from enghub.mes.keeping.dynamo import OF_FACTORY, DynamoStore, factory_key
from enghub.mes.large_plans.model import Chunk, Given, Passed, Stocked
from enghub.mes.planning.dynamo import RUN, SUGGESTION
from enghub.mes.planning.model import Run, RunState, Suggested

KIND = "planning-run"
TERM = Term(timedelta(minutes=20))
"""Longer than the longest step: a function has 15 minutes."""
KEPT = timedelta(days=30)
BATCH_CHARACTERS = 1_000_000
"""Of one transaction, which may have 4 MB."""
BATCH = 80


def _chunk_key(one: Chunk | Stocked, word: str) -> Key:
    return factory_key(one.factory, "PLAN-CHUNK", one.run_id, str(one.layout), str(one.number)), word


GIVEN = Items(
    Given,
    "PLAN_GIVEN",
    key=lambda one: (factory_key(one.factory, "PLAN-GIVEN", one.run_id), f"{one.piece:06}"),
    layout=OF_FACTORY,
)
CHUNKS = Items(Chunk, "PLAN_CHUNK", key=lambda one: _chunk_key(one, "CHUNK"), layout=OF_FACTORY)
STOCKED = Items(Stocked, "PLAN_STOCKED", key=lambda one: _chunk_key(one, "STOCK"), layout=OF_FACTORY)
PASSED = Items(
    Passed,
    "PLAN_PASSED",
    key=lambda one: (
        factory_key(one.factory, "PLAN-PASSED", one.run_id, str(one.layout), str(one.to)),
        key(f"{one.source:06}", f"{one.piece:06}"),
    ),
    layout=OF_FACTORY,
)
_ITEMS: dict[type, Items[Any]] = {Given: GIVEN, Chunk: CHUNKS, Passed: PASSED, Suggested: SUGGESTION.items}


class _Stored(Exception):
    """The stock of a chunk was stored before."""


class DynamoLargeRuns:
    """The LargeRuns of ``large``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept = DynamoStore(RUN)

    def get(self, factory: Factory, run_id: str) -> Kept[Run] | None:
        """One consistent GetItem."""
        return self._kept.get(Run, factory, run_id)

    def save(self, commit: Commit[Run]) -> None:
        """One transaction: the run, audit, command, lease, stored answer."""
        run, before = commit.after, commit.before.value if commit.before else None
        writes = self._kept.writes(commit)
        lease = _lease(run, self._clock)
        if run.state is not RunState.PLANNING:
            writes.append(leases.released(KIND, lease.tenant_id, lease.run_id))
        elif before is None or before.turn != run.turn:
            writes.append(leases.held(lease))
        transact(*puts(commit.claim, run), *writes)

    def extend(self, run: Run) -> None:
        """One write; none where the turn is over."""
        leases.extend(_lease(run, self._clock))

    def put(self, facts: Sequence[Given | Chunk | Passed | Suggested]) -> None:
        """A transaction per 80 facts, or per million characters."""
        writes: list[PutItem] = []
        characters = 0
        until = int((self._clock() + KEPT).timestamp())
        for one in facts:
            more = None if isinstance(one, Suggested) else {"expires_at": until}
            write = _ITEMS[type(one)].put(one, more=more)
            size = sum(len(str(value)) for value in write.item.values())
            if writes and (len(writes) == BATCH or characters + size > BATCH_CHARACTERS):
                transact(*writes)
                writes, characters = [], 0
            writes.append(write)
            characters += size
        if writes:
            transact(*writes)

    def stock(self, wanted: Stocked) -> Stocked:
        """One conditional write; one GetItem where it was stored before."""
        until = int((self._clock() + KEPT).timestamp())
        try:
            transact(STOCKED.put(wanted, absent(), _Stored, more={"expires_at": until}))
        except _Stored:
            return STOCKED.get(STOCKED.key_of(wanted)) or wanted
        return wanted

    def stocked(self, run: Run, number: int) -> Stocked | None:
        """One consistent GetItem."""
        return STOCKED.get(_chunk_key(Stocked(run.factory, run.run_id, run.layout, number, {}), "STOCK"))

    def given(self, run: Run) -> Iterator[Given]:
        """Query after Query."""
        return GIVEN.each(factory_key(run.factory, "PLAN-GIVEN", run.run_id))

    def chunk(self, run: Run, number: int) -> Chunk:
        """One consistent GetItem.

        Raises:
            Unavailable: it is not there, which is a fault.
        """
        found = CHUNKS.get(_chunk_key(Stocked(run.factory, run.run_id, run.layout, number, {}), "CHUNK"))
        if found is None:
            raise Unavailable(reason=f"chunk {number} of run {run.run_id} is gone")
        return found

    def passed(self, run: Run, number: int) -> Iterator[Passed]:
        """Query after Query, in the order of their keys."""
        return PASSED.each(factory_key(run.factory, "PLAN-PASSED", run.run_id, str(run.layout), str(number)))


def _lease(run: Run, clock: Clock) -> Lease:
    name = f"{run.factory.factory_id}/{run.run_id}"
    return Lease(KIND, run.factory.tenant_id, name, run.turn, TERM.until(clock()))
