"""Looks at every factory and tells people what they have to look at (MES-19)."""

from dataclasses import dataclass, replace

from enghub.core.clock import Clock
from enghub.mes.factories import Factory
from enghub.mes.watch import model
from enghub.mes.watch.model import Tally
from enghub.mes.watch.repository import WatchRepository


@dataclass(frozen=True, slots=True)
class Watched:
    """What a look found: factories, notices asked for."""

    factories: int
    told: int


class FloorWatch:
    """The use case."""

    def __init__(self, repository: WatchRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    def look(self) -> Watched:
        """Look at every factory.

        Raises:
            Unavailable: the table cannot be read or written; what was told stays told.
        """
        factories = self._repository.factories()
        return Watched(len(factories), sum(self._look_at(factory) for factory in factories))

    def _look_at(self, factory: Factory) -> int:
        now = self._clock()
        rules = self._repository.rules(factory)
        notices = model.stuck(self._repository.in_production(factory), now, rules)
        before = self._repository.last(factory)
        tally = Tally(factory, self._repository.reports_so_far(factory, now), now)
        if found := model.throughput(before, tally, rules):
            notices.append(found)
        self._repository.remember(before, replace(tally, revision=before.revision + 1) if before else tally)
        return sum(self._repository.tell(factory, notice, now) for notice in notices)
