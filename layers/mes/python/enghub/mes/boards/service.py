"""Keeping shift boards up to date from events, reading them, and proving them right (MES-05, MES-14)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from enghub.core import marks
from enghub.core.clock import Clock
from enghub.core.events import Envelope
from enghub.core.marks import AlreadyHandled
from enghub.core.paging import pages
from enghub.core.projections.proof import Derived
from enghub.mes.boards import model
from enghub.mes.boards.model import Board, BoardKey, Counts, LineTotals, Plan, PlannedLine, Produced
from enghub.mes.boards.repository import BoardRepository, ShiftReports
from enghub.mes.consumed import PlannedOrder, ProductionFacts, ReportReversed
from enghub.mes.factories import Factory
from enghub.mes.work_orders.model import Status, WorkOrder
from enghub.mes.work_orders.repository import ByShift, WorkOrderRepository

SETTLED = timedelta(seconds=60)
"""What moved less than this ago is not judged: its events, and the index, may still be on their way."""
MARKS_TRUSTED = marks.KEPT - timedelta(days=1)
"""Older reports are taken as counted: their marks expire, and no queue holds their events any more."""
PAGE = 100


class ShiftBoards:
    """The use cases of whoever watches a shift."""

    def __init__(self, repository: BoardRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    def read(self, key: BoardKey) -> Board:
        """Return a board; without lines when nothing was planned or reported."""
        stored = self._repository.read(key)
        return model.board(key, stored.lines, stored.planned, stored.alarmed)

    def count(self, event: Envelope, facts: ProductionFacts) -> None:
        """Count a report on its board, or take a reversed one off.

        Raises:
            AlreadyHandled: the event was taken before.
        """
        key = BoardKey(Factory(event.tenant_id, event.factory_id), facts.shift_date, facts.shift)
        is_reversal = isinstance(facts, ReportReversed)
        produced = model.produced_of(event.event_id, event.timestamp, facts, is_reversal=is_reversal)
        self._repository.count(key, produced, self._clock())

    def plan(self, event: Envelope, facts: PlannedOrder) -> None:
        """Note what an order plans for its shift; the newest version of the order stays."""
        if facts.shift_date is None or facts.shift is None or facts.line_id is None:
            return
        plan = _plan_of(
            facts.work_order_id, facts.line_id, Status(facts.status), facts.planned_qty, facts.work_order_version
        )
        if plan is not None:
            factory = Factory(event.tenant_id, event.factory_id)
            self._repository.plan(BoardKey(factory, facts.shift_date, facts.shift), plan)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconciliation found: counts of reports, lines and plans.

    ``moving`` lines had a report within the last minute and are not judged; ``agrees`` tells whether the others now
    equal the sum of their reports.
    """

    reports: int
    missing: int
    corrected: int
    plans: int
    moving: int
    agrees: bool


class Reconciliation:
    """Compares boards with the reports and orders they are made from, repairs them, and proves that they agree.

    A report counts as part of a board when its inbox mark is there, since mark and count are one transaction. So a
    report still on its way is neither drift nor ever counted twice.
    """

    def __init__(
        self, boards: BoardRepository, reports: ShiftReports, orders: WorkOrderRepository, clock: Clock
    ) -> None:
        self._boards = boards
        self._reports = reports
        self._orders = orders
        self._clock = clock

    def boards_on(self, day: date) -> list[BoardKey]:
        """Return all boards of a day, of all tenants: those there are, and those the ledger has reports for."""
        return list(dict.fromkeys([*self._boards.on(day), *self._reports.on(day)]))

    def reconcile(self, key: BoardKey) -> Reconciled:
        """Repair one board.

        Raises:
            Unavailable: the table cannot be read or written; what was repaired stays repaired.
        """
        now = self._clock()
        lines, planned = self._lines(key, now), self._planned(key)
        corrected = lines.repaired()
        missing = self._count_missing(key, now)
        plans = self._repair_plans(key)
        corrected += planned.repaired()
        made, wanted = lines.proved(), planned.proved()
        return Reconciled(
            reports=len(self._reports.of_shift(key.factory, key.shift_on, key.shift)),
            missing=missing,
            corrected=corrected,
            plans=plans,
            moving=len(made.moving),
            agrees=not made.wrong and not wanted.wrong,
        )

    def _lines(self, key: BoardKey, now: datetime) -> Derived[str, LineTotals]:
        """What lines made is what the reports counted on them say."""

        def counted_reports() -> dict[str, LineTotals]:
            reports = [Produced.of(report) for report in self._reports.of_shift(key.factory, key.shift_on, key.shift)]
            counted = self._counted(key, reports, now)
            return model.total((produced for produced in reports if produced.report_id in counted), now)

        return Derived(
            kept=lambda: {line.line_id: line for line in self._boards.read(key).lines},
            source=counted_reports,
            nothing=lambda name: LineTotals(name, Counts(), now, now),
            agree=lambda line, right: line is not None and line.counts == right.counts,
            repair=lambda _, seen, right: self._boards.correct(key, seen, right),
            # What this run itself counted carries exactly ``now``.
            is_moving=lambda line: line.updated_at > now - SETTLED and line.updated_at != now,
        )

    def _planned(self, key: BoardKey) -> Derived[str, PlannedLine]:
        """What is planned for lines is the sum of what each order plans."""
        return Derived(
            kept=lambda: {line.line_id: line for line in self._boards.read(key).planned},
            source=lambda: model.planned(self._boards.plans(key)),
            nothing=lambda name: PlannedLine(name, Decimal(0)),
            agree=lambda line, right: (line.quantity if line else 0) == right.quantity,
            repair=lambda _, seen, right: self._boards.correct_planned(key, seen, right),
        )

    def _count_missing(self, key: BoardKey, now: datetime) -> int:
        reports = [Produced.of(report) for report in self._reports.of_shift(key.factory, key.shift_on, key.shift)]
        settled = [produced for produced in reports if produced.recorded_at < now - SETTLED]
        counted = self._counted(key, settled, now)
        done = 0
        for produced in settled:
            if produced.report_id in counted:
                continue
            try:
                self._boards.count(key, produced, now)
                done += 1
            except AlreadyHandled:
                continue
        return done

    def _counted(self, key: BoardKey, reports: list[Produced], now: datetime) -> set[str]:
        old = {produced.report_id for produced in reports if produced.recorded_at < now - MARKS_TRUSTED}
        return old | self._boards.counted(key.factory, [p.report_id for p in reports if p.report_id not in old])

    def _repair_plans(self, key: BoardKey) -> int:
        stored = {plan.work_order_id: plan for plan in self._boards.plans(key)}
        done = 0
        shift = ByShift(key.shift_on, key.shift)
        for page in pages(lambda cursor: self._orders.find(key.factory, shift, PAGE, cursor)):
            for order in page.work_orders:
                plan = _plan_of_order(order)
                known = stored.get(order.work_order_id)
                if plan and (known is None or (known.quantity, known.line_id) != (plan.quantity, plan.line_id)):
                    done += self._boards.plan(key, plan)
        return done


def _plan_of_order(order: WorkOrder) -> Plan | None:
    if order.line_id is None:
        return None
    return _plan_of(order.work_order_id, order.line_id, order.status, order.planned_quantity, order.version)


def _plan_of(work_order_id: str, line_id: str, status: Status, quantity: Decimal, version: int) -> Plan | None:
    """Return what an order plans: nothing before its release, 0 once it is cancelled."""
    if status is Status.CREATED:
        return None
    return Plan(work_order_id, line_id, Decimal(0) if status is Status.CANCELLED else quantity, version)
