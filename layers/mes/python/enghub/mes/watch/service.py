"""Looks at every factory and tells people what they have to look at (MES-19)."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from enghub.core.clock import Clock
from enghub.kit.calendars.shifts import ShiftOnDay
from enghub.mes.boards.model import BoardKey
from enghub.mes.factories import Factory
from enghub.mes.plant.model import ReportingRules
from enghub.mes.watch import model
from enghub.mes.watch.model import Finding, Tally
from enghub.mes.watch.repository import WatchRepository

ZERO = Decimal(0)


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
        shifts = self._repository.shifts(factory, now)
        findings = model.stuck(self._repository.in_production(factory), now, rules)
        for shift in shifts:
            findings += self._beyond_capacity(factory, shift, now, rules)
        notices = [finding.notice for finding in findings]
        before = self._repository.last(factory)
        tally = Tally(factory, self._repository.reports_so_far(factory, now), now)
        if found := model.throughput(before, tally, rules):
            notices.append(found)
        self._repository.remember(before, replace(tally, revision=before.revision + 1) if before else tally)
        running = next((_board(factory, shift) for shift in shifts if now in shift.interval), None)
        self._repository.show(factory, running, [finding.alarm for finding in findings], now)
        return sum(self._repository.tell(factory, notice, now) for notice in notices)

    def _beyond_capacity(
        self, factory: Factory, shift: ShiftOnDay, now: datetime, rules: ReportingRules
    ) -> list[Finding]:
        board, found = _board(factory, shift), []
        loads = self._repository.loads(board)
        known = self._repository.capacities(factory, shift) if loads else {}
        for load in loads:
            finding = model.over_capacity(load, board, known.get(load.station_id, ZERO), now, rules)
            if finding is not None:
                said = self._repository.overridden(factory, load.station_id, shift)
                finding = finding if said is None else model.over_capacity(load, board, said, now, rules)
            if finding is not None:
                found.append(finding)
        return found


def _board(factory: Factory, shift: ShiftOnDay) -> BoardKey:
    return BoardKey(factory, shift.day, shift.name)
