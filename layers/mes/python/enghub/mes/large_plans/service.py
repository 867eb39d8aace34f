"""Large runs: taken at once, ordered, then planned chunk after chunk by an execution of plan_chunks (MES-08).

What was done is in the run's own records. A step begins anywhere and may be taken twice, by two executions too: it
stores the same under the same keys, and the run goes on only from the chunk that the step began with.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from enghub.core.claims import Claim
from enghub.core.clock import Clock
from enghub.core.commits import Command, Commit, Kept
from enghub.core.errors import RuleViolated, VersionConflict
from enghub.core.identity import Origin
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.runs.history import EVENTS_OF_A_LOOP, FULL
from enghub.kit.runs.leases import Lease
from enghub.kit.runs.sweep import Fate
from enghub.mes.factories import Factory
from enghub.mes.large_plans.model import (
    Chunk,
    Given,
    Passed,
    Planned,
    Stocked,
    asked_with,
    given,
    ordered,
    planned,
    stock_of,
)
from enghub.mes.large_plans.repository import LargeRuns, Launcher
from enghub.mes.planning.errors import BomCircle, TooManySuggestions, UnknownItem
from enghub.mes.planning.model import Run, RunState, Suggested
from enghub.mes.planning.mrp import Item

SYSTEM = "system:planning"
QUEUE = "launch_planning"
MOST_ITEMS = 50_000
MOST_MESSAGES = 200
MOST_SUGGESTIONS = 999_999
"""Their places have six digits."""
Closure = Callable[[Factory, Sequence[str], int], dict[str, Item]]
"""The items with all that goes into them, at most so many; raises UnknownItem, TooManyItems."""
OnHand = Callable[[Factory, str, date], Decimal]


@dataclass(frozen=True, slots=True)
class LargePlanning:
    """The use cases."""

    store: LargeRuns
    closure: Closure
    on_hand: OnHand
    launcher: Launcher
    clock: Clock

    def open(self, origin: Origin, asked: Given, today: date, days: WorkingDays, claim: Claim | None) -> Run:
        """Take a large run: what it was asked with, then the run, which is launched by its own transaction."""
        self.store.put(list(given(asked.factory, asked.run_id, asked)))
        run = Run(
            factory=asked.factory,
            run_id=asked.run_id,
            at=origin.at,
            today=today,
            demands=len(asked.demands),
            items=0,
            suggestions=0,
            late=0,
            message_count=0,
            messages=(),
            quantity=Decimal(0),
            state=RunState.PLANNING,
            days=days,
            turn=1,
        )
        claim = None if claim is None else replace(claim, status=202)
        self.store.save(Commit(origin, "opened", run, commands=(_to_launch(run),), claim=claim))
        return run

    def launch(self, factory: Factory, run_id: str, turn: int) -> None:
        """Start the execution of a run's turn; safe to repeat, late or not."""
        kept = self.store.get(factory, run_id)
        if kept is None or kept.value.state is not RunState.PLANNING or kept.value.turn != turn:
            return
        told = {"tenant_id": factory.tenant_id, "factory_id": factory.factory_id, "run_id": run_id, "turn": turn}
        self.launcher.launch(f"{run_id}-{turn}", told)

    def go_on(self, factory: Factory, run_id: str, turn: int, steps: int) -> bool:
        """Do the next step of a run; tell whether there is another one for this turn, which took so many before.

        Before the history of an execution is full the run goes on in a fresh one.
        """
        kept = self.store.get(factory, run_id)
        if kept is None or kept.value.state is not RunState.PLANNING or kept.value.turn != turn:
            return False
        run = kept.value
        self.store.extend(run)
        try:
            after = self._ordered(kept) if not run.layout else self._planned(run)
        except (BomCircle, UnknownItem, RuleViolated) as no:
            after = replace(run, state=RunState.FAILED, problem=no.message("en"), problem_zh=no.message("zh"))
        is_full = (steps + 1) * EVENTS_OF_A_LOOP >= FULL and after.state is RunState.PLANNING
        if is_full:
            after = replace(after, turn=turn + 1)
        commands = (_to_launch(after),) if is_full else ()
        origin = Origin(factory.tenant_id, factory.factory_id, SYSTEM, self.clock(), f"{run_id}-{turn}")
        verb = {RunState.DONE: "made", RunState.FAILED: "failed"}.get(after.state, "")
        try:
            self.store.save(Commit(origin, verb, after, kept, commands=commands))
        except VersionConflict:
            return True  # another execution took this step, or the turn is over: look again
        return after.state is RunState.PLANNING and not is_full

    def take_up(self, lease: Lease) -> Fate:
        """Let a run whose execution is gone go on in a fresh one."""
        factory_id, _, run_id = lease.run_id.rpartition("/")
        kept = self.store.get(Factory(lease.tenant_id, factory_id), run_id)
        if kept is None or kept.value.state is not RunState.PLANNING or kept.value.turn != lease.turn:
            return Fate.ALIVE
        after = replace(kept.value, turn=lease.turn + 1)
        origin = Origin(lease.tenant_id, factory_id, SYSTEM, self.clock(), f"{run_id}-{after.turn}")
        self.store.save(Commit(origin, "taken_up", after, kept, commands=(_to_launch(after),)))
        return Fate.TAKEN_UP

    def _ordered(self, kept: Kept[Run]) -> Run:
        """Put all items in order and store them in chunks; an order that was not finished is nobody's."""
        run, layout = kept.value, kept.revision
        asked = asked_with(self.store.given(run))
        named = [*(one.item_id for one in asked.demands), *(one.item_id for one in asked.open_orders)]
        items = self.closure(run.factory, named, MOST_ITEMS)
        chunks, passed = ordered(layout, asked, items)
        self.store.put([*chunks, *passed])
        return replace(run, layout=layout, items=len(items), chunks=len(chunks))

    def _planned(self, run: Run) -> Run:
        """Plan the next chunk, and store what it adds."""
        chunk, pieces = self.store.chunk(run, run.planned + 1), list(self.store.passed(run, run.planned + 1))
        days = run.days or WorkingDays()

        def back(day: date, lead: int) -> date:
            return days.add(day, -lead) if lead else day

        made = planned(chunk, self._stock(run, chunk, pieces), pieces, run.today, back)
        after = _counted(run, made)
        first = run.suggestions
        self.store.put([Suggested(run.factory, run.run_id, first + n, one) for n, one in enumerate(made.suggestions)])
        self.store.put(made.passed)
        return after

    def _stock(self, run: Run, chunk: Chunk, pieces: Sequence[Passed]) -> Mapping[str, Decimal]:
        known = self.store.stocked(run, chunk.number)
        if known is None:
            said = stock_of(pieces)
            names = [item.item_id for item in chunk.items]
            had = {one: said[one] if one in said else self.on_hand(run.factory, one, run.today) for one in names}
            known = self.store.stock(Stocked(run.factory, run.run_id, run.layout, chunk.number, had))
        return known.on_hand


def _counted(run: Run, made: Planned) -> Run:
    total = run.suggestions + len(made.suggestions)
    if total > MOST_SUGGESTIONS:
        raise TooManySuggestions(most=MOST_SUGGESTIONS)
    messages = (*run.messages, *made.messages)[:MOST_MESSAGES]
    return replace(
        run,
        planned=run.planned + 1,
        suggestions=total,
        late=run.late + sum(one.late_days > 0 for one in made.suggestions),
        quantity=run.quantity + sum((one.quantity for one in made.suggestions), Decimal(0)),
        message_count=run.message_count + len(made.messages),
        messages=messages,
        state=RunState.DONE if run.planned + 1 == run.chunks else RunState.PLANNING,
    )


def _to_launch(run: Run) -> Command:
    return Command(QUEUE, {"factory_id": run.factory.factory_id, "run_id": run.run_id, "turn": run.turn})
