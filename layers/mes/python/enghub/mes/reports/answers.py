"""A production report as an answer shows it."""

from datetime import date
from typing import Self

from enghub.core import wire
from enghub.mes.reports.model import Report


class ProductionReportResponse(wire.Response):
    """A stored report; ``conflictsWith`` names a report of the same moment with other numbers.

    A reversal shows the quantities that it takes off and names its report in ``reverses``.
    """

    report_id: str
    work_order_id: str
    product_id: str
    good_qty: wire.Quantity
    defect_qty: wire.Quantity
    rework_qty: wire.Quantity
    defect_types: tuple[str, ...]
    operation: str
    station: str
    line: str
    shift: str
    shift_date: date
    report_time: wire.Instant
    recorded_at: wire.Instant
    produced_by: str
    run_seconds: wire.Quantity | None
    down_seconds: wire.Quantity | None
    setup_seconds: wire.Quantity | None
    conflicts_with: str | None
    reverses: str | None
    reason: str | None
    corrected_by: str | None
    reversed_by: str | None

    @classmethod
    def of(cls, report: Report) -> Self:
        """Return the answer for a report."""
        return cls(
            report_id=report.report_id,
            work_order_id=report.work_order_id,
            product_id=report.product_id,
            good_qty=report.good,
            defect_qty=report.defect,
            rework_qty=report.rework,
            defect_types=report.defect_types,
            operation=report.operation,
            station=report.station_id,
            line=report.line_id,
            shift=report.shift,
            shift_date=report.shift_on,
            report_time=report.reported_at,
            recorded_at=report.recorded_at,
            produced_by=report.produced_by,
            run_seconds=report.run_seconds,
            down_seconds=report.down_seconds,
            setup_seconds=report.setup_seconds,
            conflicts_with=report.conflicts_with,
            reverses=report.reverses,
            reason=report.reason,
            corrected_by=report.corrected_by,
            reversed_by=report.reversed_by,
        )
