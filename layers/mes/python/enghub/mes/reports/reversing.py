"""Reversing a report (MES-22): another report names it, once, with who and why; an edit does not exist."""

from dataclasses import dataclass, replace
from datetime import timedelta

from enghub.core import ids
from enghub.core.commits import Commit
from enghub.core.errors import Unavailable
from enghub.core.events import Envelope
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.mes import published
from enghub.mes.factories import Factory
from enghub.mes.plant.model import ReportingRules
from enghub.mes.reports.errors import (
    ReportInUse,
    ReportNotFound,
    ReversalOfReversal,
    ReversalTooLate,
    ReversedAlready,
)
from enghub.mes.reports.model import Report
from enghub.mes.reports.repository import ConcurrentChange, ReportRepository, ReversalLookup
from enghub.mes.reports.service import ATTEMPTS, Recorded, facts_of, more_facts_of
from enghub.mes.work_orders.errors import WorkOrderNotFound
from enghub.mes.work_orders.model import Status, WorkOrder

_ENDED = Text("work order {order} is {status}, its quantities are final", "工单 {order} 已 {status}，数量已定")
_PASSED_ON = Text(
    "operation {operation} has used {used} of the {passed} pieces that {before} passed on",
    "工序 {operation} 已使用 {before} 转出的 {passed} 件中的 {used} 件",
)


@dataclass(frozen=True, slots=True)
class ReverseReport:
    """Take a report off, and say why."""

    origin: Origin
    report_id: str
    reason: str


class Reversing:
    """The use case."""

    def __init__(self, repository: ReportRepository) -> None:
        self._repository = repository

    def reverse(self, command: ReverseReport) -> Recorded:
        """Store the reversal of a report; the same person and reason again get the first one.

        Raises:
            ReportNotFound, ReversedAlready, ReversalOfReversal, ReversalTooLate
            ReportInUse: the order is at its end, or a later operation used what was reported.
            Unavailable: other writers kept coming between; nothing was stored.
        """
        origin = command.origin
        for _ in range(ATTEMPTS):
            seen = self._repository.look_back(Factory.of(origin), command.report_id)
            if seen is None:
                raise ReportNotFound(report_id=command.report_id)
            if seen.reversal is not None:
                return _repeat(seen.reversal, command)
            order = _check(seen, origin)
            reversal = _reversal(seen.report, command)
            event = _event(origin, seen.report, reversal, order)
            try:
                self._repository.reverse(
                    Commit(origin, "reversed", reversal, events=(event,), reason=command.reason), seen
                )
            except ConcurrentChange:
                continue
            return Recorded(reversal, repeated=False)
        raise Unavailable


def _repeat(stored: Report, command: ReverseReport) -> Recorded:
    if (stored.corrected_by, stored.reason) != (command.origin.user_id, command.reason):
        raise ReversedAlready(report_id=command.report_id, reversal=stored.report_id)
    return Recorded(stored, repeated=True)


def _check(seen: ReversalLookup, origin: Origin) -> WorkOrder:
    report, order = seen.report, seen.work_order
    if report.reverses:
        raise ReversalOfReversal(report_id=report.report_id)
    rules = seen.plant.reporting if seen.plant else ReportingRules()
    if origin.at - report.recorded_at > timedelta(hours=rules.reversal_hours):
        raise ReversalTooLate(report_id=report.report_id, hours=rules.reversal_hours)
    if order is None:
        raise WorkOrderNotFound(work_order_id=report.work_order_id)
    if order.status not in {Status.IN_PROGRESS, Status.PAUSED}:
        used = _ENDED.filled(order=order.work_order_id, status=order.status.value)
        raise ReportInUse(report_id=report.report_id, used_by=used)
    books = order.books
    after = books.after(report.operation)
    if after is not None and books.open(after) < report.good:
        passed, taken = books.of(report.operation).good, books.of(after).counted
        used = _PASSED_ON.filled(operation=after, before=report.operation, used=taken, passed=passed)
        raise ReportInUse(report_id=report.report_id, used_by=used)
    return order


def _reversal(report: Report, command: ReverseReport) -> Report:
    return replace(
        report,
        report_id=ids.new_id(command.origin.at),
        client_key=f"reversal {report.report_id}",  # a blank: no terminal's key holds one
        fingerprint="",
        corrected_by=command.origin.user_id,
        recorded_at=command.origin.at,
        conflicts_with=None,
        reverses=report.report_id,
        reason=command.reason,
        reversed_by=None,
    )


def _event(origin: Origin, report: Report, reversal: Report, order: WorkOrder) -> Envelope:
    facts = {**facts_of(report), **more_facts_of(report, order)}
    own = {
        "report_id": reversal.report_id,
        "reverses": report.report_id,
        "reason": reversal.reason,
        "recorded_at": report.recorded_at,
    }
    event = published.ReportReversed.model_validate({**facts, **own}).envelope(origin)
    return replace(event, event_id=reversal.report_id)
