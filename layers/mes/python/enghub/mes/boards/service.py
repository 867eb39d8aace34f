"""Keeping shift boards up to date from events, reading them, and proving them right (MES-05, MES-14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from enghub.core import marks
from enghub.core.clock import Clock
from enghub.core.events import Envelope
from enghub.core.marks import AlreadyHandled
from enghub.mes.boards import model
from enghub.mes.boards.model import Board, BoardKey, Counts, LineTotals, Plan, Produced
from enghub.mes.boards.repository import BoardRepository, ShiftReports
from enghub.mes.consumed import PlannedOrder, ProductionReported
from enghub.mes.factories import Factory
from enghub.mes.work_orders.model import Status, WorkOrder
from enghub.mes.work_orders.repository import ByShift, WorkOrderRepository

SETTLED = timedelta(seconds=60)
"""What moved less than this ago is not judged: its events, and the index, may still be on their way."""
MARKS_TRUSTED = marks.KEPT - timedelta(days=1)
"""Older reports are taken as counted: their marks expire, and no queue holds their events any more."""
PAGE = 100
LOOKS = 3
"""A report counted while comparing looks like a difference; the next look tells."""


class ShiftBoards:
    """The use cases of whoever watches a shift."""

    def __init__(self, repository: BoardRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    def read(self, key: BoardKey) -> Board:
        """Return a board; without lines when nothing was planned or reported."""
        stored = self._repository.read(key)
        return model.board(key, stored.lines, stored.plans)

    def count(self, event: Envelope, facts: ProductionReported) -> None:
        """Count a report on its board.

        Raises:
            AlreadyHandled: the event was taken before.
        """
        key = BoardKey(Factory(event.tenant_id, event.factory_id), facts.shift_date, facts.shift)
        produced = Produced(
            report_id=event.event_id,
            line_id=facts.line_id,
            good=facts.good_qty,
            defect=facts.defect_qty,
            recorded_at=event.timestamp,
            standard_seconds=facts.standard_seconds,
            run_seconds=facts.run_seconds,
            down_seconds=facts.down_seconds,
            conflict=facts.conflicts_with is not None,
        )
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


@dataclass(frozen=True, slots=True)
class _Compared:
    """Lines as stored, what settled ones should be but are not, and which still move."""

    lines: Mapping[str, LineTotals]
    wrong: Mapping[str, LineTotals]
    moving: set[str]
    reports: int


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
        """Return all boards of a day, of all tenants."""
        return self._boards.on(day)

    def reconcile(self, key: BoardKey) -> Reconciled:
        """Repair one board.

        Raises:
            Unavailable: the table cannot be read or written; what was repaired stays repaired.
        """
        now = self._clock()
        found = self._compare(key, now)
        corrected = sum(self._boards.correct(key, found.lines.get(name), right) for name, right in found.wrong.items())
        missing = self._count_missing(key, now)
        plans = self._repair_plans(key)
        for _ in range(LOOKS):
            found = self._compare(key, now)
            if not found.wrong:
                break
        return Reconciled(found.reports, missing, corrected, plans, len(found.moving), agrees=not found.wrong)

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

    def _compare(self, key: BoardKey, now: datetime) -> "_Compared":
        """Compare the lines with the reports counted on them; the lines are read first, so a race shows as moving."""
        lines = {line.line_id: line for line in self._boards.read(key).lines}
        reports = [Produced.of(report) for report in self._reports.of_shift(key.factory, key.shift_on, key.shift)]
        counted = self._counted(key, reports, now)
        right = model.total((produced for produced in reports if produced.report_id in counted), now)
        # What this run itself counted carries exactly ``now``.
        moving = {name for name, line in lines.items() if line.updated_at > now - SETTLED and line.updated_at != now}
        wrong = {}
        for name in (lines.keys() | right.keys()) - moving:
            line = lines.get(name)
            should = right.get(name) or LineTotals(name, Counts(), now, now)
            if line is None or line.counts != should.counts:
                wrong[name] = should
        return _Compared(lines, wrong, moving, len(reports))

    def _counted(self, key: BoardKey, reports: list[Produced], now: datetime) -> set[str]:
        old = {produced.report_id for produced in reports if produced.recorded_at < now - MARKS_TRUSTED}
        return old | self._boards.counted(key.factory, [p.report_id for p in reports if p.report_id not in old])

    def _repair_plans(self, key: BoardKey) -> int:
        stored = {plan.work_order_id: plan for plan in self._boards.read(key).plans}
        done = 0
        cursor: str | None = None
        while True:
            found = self._orders.find(key.factory, ByShift(key.shift_on, key.shift), PAGE, cursor)
            for order in found.work_orders:
                plan = _plan_of_order(order)
                known = stored.get(order.work_order_id)
                if plan and (known is None or (known.quantity, known.line_id) != (plan.quantity, plan.line_id)):
                    done += self._boards.plan(key, plan)
            cursor = found.cursor
            if cursor is None:
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
