"""What planners do (MES-08)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.commits import Commit
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.shifts import FactoryCalendar
from enghub.kit.calendars.zones import day_of
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found, Store
from enghub.mes.planning.errors import ItemNotFound, TooManyItems, UnknownItem
from enghub.mes.planning.model import PlannedItem, Run, RunState, Suggested
from enghub.mes.planning.mrp import Demand, Item, OpenOrder, World, plan

MOST_ITEMS = 3000
"""Items of a run in one call; a run of more is a large one."""
MOST_DEMANDS = 2000
"""Demands, and open orders, of a run in one call."""
MOST_MESSAGES = 200
BATCH = 80
"""Suggestions of one transaction."""
Large = Callable[["PlanRequirements", date, WorkingDays, Claim | None], Run]
"""Takes a run that is too large for one call."""
OnHand = Callable[[Factory, str, date], Decimal]
"""The stock of an item that may be used on a day."""


def refused(*_: Any) -> "Run":
    """Take no large runs.

    Raises:
        TooManyItems
    """
    raise TooManyItems(most=MOST_ITEMS)


@dataclass(frozen=True, slots=True)
class PlanRequirements:
    """Plan these demands; ``on_hand`` stands for the stock of items that it names.

    ``today`` and ``days`` are the factory's own where they are None.
    """

    origin: Origin
    today: date | None
    demands: tuple[Demand, ...]
    open_orders: tuple[OpenOrder, ...]
    on_hand: Mapping[str, Decimal]
    days: WorkingDays | None

    @property
    def is_large(self) -> bool:
        """Whether it is too large for one call whatever its items are."""
        return len(self.demands) > MOST_DEMANDS or len(self.open_orders) > MOST_DEMANDS


class Planning:
    """The use cases; ``on_hand`` reads stock, ``calendar`` is a factory's, ``claim`` the request's on its key."""

    def __init__(
        self,
        store: Store,
        on_hand: OnHand,
        calendar: Callable[[Factory], FactoryCalendar],
        large: Large,
        claim: Claim | None = None,
    ) -> None:
        self._store = store
        self._large = large
        self._calendar = calendar
        self._on_hand = on_hand
        self._claim = claim

    def put_item(self, origin: Origin, wanted: Item, version: int | None) -> PlannedItem:
        """Store how an item is planned.

        Raises:
            VersionConflict
        """
        factory = Factory.of(origin)
        before = self._store.get(PlannedItem, factory, wanted.item_id)
        seen = before.value.version if before else 0
        if before is not None and before.value.item == wanted:
            return before.value
        if (version or 0) != seen:
            raise VersionConflict(expected=version or 0, actual=seen)
        made = PlannedItem(factory, wanted, seen + 1)
        self._store.save(Commit(origin, "changed" if before else "defined", made, before))
        return made

    def item(self, factory: Factory, item_id: str) -> PlannedItem:
        """Return an item.

        Raises:
            ItemNotFound
        """
        kept = self._store.get(PlannedItem, factory, item_id)
        if kept is None:
            raise ItemNotFound(item_id=item_id)
        return kept.value

    def run(self, command: PlanRequirements) -> Run:
        """Plan, and keep what is suggested; suggestions are stored before the run that shows them.

        A run of more than 3,000 items, or 2,000 demands or open orders, is taken, and planned in chunks.

        Raises:
            UnknownItem, BomCircle
        """
        origin, factory = command.origin, Factory.of(command.origin)
        calendar = self._calendar(factory)
        today, days = command.today or day_of(origin.at, calendar.tz), command.days or calendar.days
        items = self._few(command)
        if items is None:
            return self._large(command, today, days, self._claim)
        stock = {name: command.on_hand.get(name, None) for name in items}
        on_hand = {name: self._on_hand(factory, name, today) if had is None else had for name, had in stock.items()}

        def back(day: date, lead: int) -> date:
            return days.add(day, -lead) if lead else day

        made = plan(World(items, on_hand, command.open_orders, today, back), command.demands)
        run = Run(
            factory=factory,
            run_id=ids.new_id(origin.at),
            at=origin.at,
            today=today,
            demands=len(command.demands),
            items=len(items),
            suggestions=len(made.suggestions),
            late=sum(one.late_days > 0 for one in made.suggestions),
            message_count=len(made.messages),
            messages=made.messages[:MOST_MESSAGES],
            quantity=sum((one.quantity for one in made.suggestions), Decimal(0)),
        )
        kept = [Suggested(factory, run.run_id, place, one) for place, one in enumerate(made.suggestions)]
        for start in range(0, len(kept), BATCH):
            self._store.save(facts=kept[start : start + BATCH])
        self._store.save(Commit(origin, "made", run, claim=self._claim))
        return run

    def get_run(self, factory: Factory, run_id: str) -> Run:
        """Return a run.

        Raises:
            ItemNotFound
        """
        kept = self._store.get(Run, factory, run_id)
        if kept is None:
            raise ItemNotFound(item_id=run_id)
        return kept.value

    def suggestions(self, factory: Factory, run_id: str, limit: int, cursor: str | None) -> Found[Suggested]:
        """Return one page of a run's suggestions, parents before components; of a run that goes on, what is planned."""
        kept = self._store.get(Run, factory, run_id)
        if kept is None or kept.value.state is RunState.DONE:
            return self._store.facts(Suggested, factory, (run_id,), limit=limit, cursor=cursor)
        if not kept.value.suggestions:
            return Found((), None)
        between = (f"{0:06}", f"{kept.value.suggestions - 1:06}")
        return self._store.facts(Suggested, factory, (run_id,), limit=limit, cursor=cursor, between=between)

    def _few(self, command: PlanRequirements) -> dict[str, Item] | None:
        """Return the items of a run that is planned in one call; None for a large one."""
        try:
            found = None if command.is_large else self.closure(Factory.of(command.origin), _named(command), MOST_ITEMS)
        except TooManyItems:
            return None
        return found

    def closure(self, factory: Factory, wanted: Sequence[str], most: int) -> dict[str, Item]:
        """Return the items with all that goes into them, level by level.

        Raises:
            UnknownItem, TooManyItems
        """
        found: dict[str, Item] = {}
        level = sorted(set(wanted))
        while level:
            kept = self._store.get_many(PlannedItem, factory, [(one,) for one in level])
            missing = [one for one in level if (one,) not in kept]
            if missing:
                raise UnknownItem(field="itemId", item_id=missing[0])
            found.update({name[0]: one.value.item for name, one in kept.items()})
            if len(found) > most:
                raise TooManyItems(most=most)
            below = {component for name in level for component, _ in found[name].components}
            level = sorted(below - found.keys())
        return {name: replace(found[name]) for name in sorted(found)}


def _named(command: PlanRequirements) -> list[str]:
    return [*(one.item_id for one in command.demands), *(one.item_id for one in command.open_orders)]
