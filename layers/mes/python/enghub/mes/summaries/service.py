"""Keeping daily summaries up to date from events, reading them, and proving them right (MES-05, MES-15)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from enghub.core.clock import Clock
from enghub.core.events import Envelope
from enghub.core.marks import AlreadyHandled
from enghub.core.projections.proof import Derived
from enghub.mes.boards.model import Counts, produced_of
from enghub.mes.boards.service import MARKS_TRUSTED, SETTLED
from enghub.mes.consumed import ProductionFacts, ReportReversed
from enghub.mes.factories import Factory
from enghub.mes.summaries import model
from enghub.mes.summaries.model import Day, Dimension, Made, Row, RowKey
from enghub.mes.summaries.repository import DayReports, RowPage, SummaryRepository

MOST_NAMED = 50
"""Differences that a proof names; it counts all."""


class Summaries:
    """The use cases of whoever looks at a day."""

    def __init__(self, repository: SummaryRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    def page(self, day: Day, dimension: Dimension, limit: int, cursor: str | None) -> RowPage:
        """Return a page of a day's rows."""
        return self._repository.page(day, dimension, limit, cursor)

    def count(self, event: Envelope, facts: ProductionFacts) -> None:
        """Add a report to its day, or take a reversed one off.

        Raises:
            AlreadyHandled: the event was taken before.
        """
        day = Day(Factory(event.tenant_id, event.factory_id), facts.shift_date)
        is_reversal = isinstance(facts, ReportReversed)
        names = {
            Dimension.LINE: facts.line_id,
            Dimension.PRODUCT: facts.product_id,
            Dimension.EMPLOYEE: facts.produced_by,
            Dimension.OPERATION: facts.operation,
        }
        produced = produced_of(event.event_id, event.timestamp, facts, is_reversal=is_reversal)
        self._repository.count(day, Made(produced, names), self._clock())


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof of one day found: reports of the ledger, those not added yet, rows set right, those still moving.

    ``differences`` names what does not agree even now, ``orders`` how many orders' counters were compared with the
    ledger. ``agrees``: nothing differs.
    """

    reports: int
    added: int
    corrected: int
    moving: int
    orders: int
    differences: tuple[str, ...] = field(default=())

    @property
    def agrees(self) -> bool:
        """Whether derived figures equal the ledger."""
        return not self.differences


class Reconciliation:
    """Proves that a day's figures equal the ledger, and sets right what does not.

    Marks say which reports a day's rows contain, as for the boards (decision 0014); counters of orders are part of the
    reports' own transactions, so that a difference there is named and left to people.
    """

    def __init__(self, summaries: SummaryRepository, ledger: DayReports, clock: Clock) -> None:
        self._summaries = summaries
        self._ledger = ledger
        self._clock = clock

    def prove(self, day: Day) -> Proof:
        """Compare and repair one day.

        Raises:
            Unavailable: the table cannot be read or written; what was repaired stays repaired.
        """
        now = self._clock()
        rows = self._rows(day, now)
        corrected = rows.repaired()
        added = self._add_missing(day, now)
        proved = rows.proved()
        reports = self._ledger.of_day(day)
        orders = sorted({report.work_order_id for report in reports})
        wrong = [f"{key.dimension}/{key.name or '-'}" for key in sorted(proved.wrong)]
        wrong += self._orders_that_differ(day.factory, orders)
        return Proof(len(reports), added, corrected, len(proved.moving), len(orders), tuple(wrong[:MOST_NAMED]))

    def _orders_that_differ(self, factory: Factory, orders: Iterable[str]) -> list[str]:
        found = []
        for work_order_id in orders:
            for operation, how in self._ledger.progress_differs(factory, work_order_id).items():
                found.append(f"work order {work_order_id}, {operation}: {how}")
        return found

    def _rows(self, day: Day, now: datetime) -> Derived[RowKey, Row]:
        def source() -> dict[RowKey, Row]:
            made = [Made.of(report) for report in self._ledger.of_day(day)]
            counted = self._counted(day, made, now)
            return model.total((one for one in made if one.produced.report_id in counted), now)

        return Derived(
            kept=lambda: self._summaries.rows(day),
            source=source,
            nothing=lambda key: Row(key.dimension, key.name, Counts(), now),
            agree=lambda row, right: (row.counts if row else Counts()) == right.counts,
            repair=lambda _, seen, right: self._summaries.correct(day, seen, right),
            # What this run itself counted carries exactly ``now``.
            is_moving=lambda row: row.updated_at > now - SETTLED and row.updated_at != now,
        )

    def _add_missing(self, day: Day, now: datetime) -> int:
        made = [Made.of(report) for report in self._ledger.of_day(day)]
        settled = [one for one in made if one.produced.recorded_at < now - SETTLED]
        counted = self._counted(day, settled, now)
        done = 0
        for one in settled:
            if one.produced.report_id not in counted:
                try:
                    self._summaries.count(day, one, now)
                    done += 1
                except AlreadyHandled:
                    continue
        return done

    def _counted(self, day: Day, made: list[Made], now: datetime) -> set[str]:
        old = {one.produced.report_id for one in made if one.produced.recorded_at < now - MARKS_TRUSTED}
        rest = [one.produced.report_id for one in made if one.produced.report_id not in old]
        return old | self._summaries.counted(day.factory, rest)
