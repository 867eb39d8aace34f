"""What quality does with events: defects, yields, signals, decisions, completed orders (MES-04)."""

from collections.abc import Callable

from enghub.core.clock import system_clock
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.marks import AlreadyHandled
from enghub.mes import consumed
from enghub.mes.defects.model import Defect
from enghub.mes.defects.wiring import defects
from enghub.mes.factories import Factory
from enghub.mes.inspections.errors import InspectionExists
from enghub.mes.inspections.model import Kind, State
from enghub.mes.inspections.model import Origin as About
from enghub.mes.inspections.service import OpenInspection
from enghub.mes.inspections.wiring import inspections
from enghub.mes.keeping.repository import Handled
from enghub.mes.ocap.model import Cause
from enghub.mes.ocap.wiring import ocap

SYSTEM = "system:quality"


def origin_of(event: Envelope) -> Origin:
    """Return on whose behalf an event's effects happen."""
    return Origin(event.tenant_id, event.factory_id, SYSTEM, system_clock(), event.event_id)


def each(*effects: Callable[[], object]) -> None:
    """Let every effect happen that did not happen before: an event may come again after some of them."""
    for effect in effects:
        try:
            effect()
        except AlreadyHandled:
            continue


def _handled(consumer: str, event: Envelope) -> Handled:
    return Handled(consumer, event.event_id, event.tenant_id, system_clock())


def on_report(event: Envelope, report: consumed.ReportedPieces) -> None:
    """Count a report into the yield of its operation and shift."""
    where = (report.product_id, report.operation)
    shift = (report.shift_date.isoformat(), report.shift)
    ocap().count_yield(event, where, shift, (report.good_qty, report.defect_qty))


def on_reversal(event: Envelope, report: consumed.ReportReversed) -> None:
    """Take a report off the yield of its shift, and its defects off their day."""
    origin = origin_of(event)
    where = (report.product_id, report.operation)
    shift = (report.shift_date.isoformat(), report.shift)
    mark = _handled("defects-reversed", event)
    each(
        lambda: ocap().count_yield(event, where, shift, (-report.good_qty, -report.defect_qty)),
        *([lambda: defects().take_back(origin, report.reverses, report.report_id, mark)] if report.defect_qty else []),
    )


def on_defects(event: Envelope, report: consumed.DefectReported) -> None:
    """Record the defects, and open an in-process inspection of what the report made."""
    origin = origin_of(event)
    defect = Defect(
        factory=Factory.of(origin),
        defect_id=report.report_id,
        work_order_id=report.work_order_id,
        product_id=report.product_id,
        quantity=report.defect_qty,
        types=report.defect_types,
        operation=report.operation,
        station_id=report.station_id,
        line_id=report.line_id,
        shift_on=report.shift_date.isoformat(),
        shift=report.shift,
        found_by=report.produced_by,
        found_at=report.report_time,
    )
    about = About(None, report.work_order_id, report.operation, report.station_id, report.report_id)
    made = max(int(report.good_qty + report.defect_qty), 1)
    order = OpenInspection(origin, Kind.IPQC, report.product_id, made, about, order_id=f"IPQC-{report.report_id}")
    each(
        lambda: defects().record(origin, defect, _handled("defects", event)),
        lambda: inspections().open(order, _handled("ipqc", event)),
    )


def on_signal(event: Envelope, signal: consumed.ChartSignalled) -> None:
    """Start the action plan of a characteristic."""
    cause = Cause(
        "chart",
        f"{signal.characteristic_id}/{signal.sample_id}",
        f"{signal.characteristic_id} {signal.chart}: {', '.join(signal.rules)}",
        signal.lot_id,
        signal.product_id,
        signal.work_order_id,
        signal.operation,
        signal.station_id,
    )
    ocap().start(origin_of(event), signal.ocap_plan_id, cause, _handled("ocap", event))


def on_low_yield(event: Envelope, low: consumed.YieldLow) -> None:
    """Start the general action plan for an operation."""
    reference = "/".join((low.product_id, low.operation, low.shift_date, low.shift))
    cause = Cause("yield", reference, low.said, material_id=low.product_id, operation=low.operation)
    ocap().start(origin_of(event), None, cause, _handled("ocap", event))


def on_decision(event: Envelope, decided: consumed.InspectionDecided) -> None:
    """Count a supplier's lot into its score."""
    if decided.kind != Kind.IQC.value or decided.supplier_id is None:
        return
    accepted = decided.status == State.ACCEPTED.value
    found = (decided.inspected, decided.nonconforming)
    defects().judge_supplier(origin_of(event), decided.supplier_id, accepted, found, _handled("supplier-score", event))


def on_completion(event: Envelope, order: consumed.WorkOrderCompleted) -> None:
    """Open the final inspection of what an order made; its lot has the order's number."""
    if order.good_qty < 1:
        return
    about = About(order.work_order_id, order.work_order_id)
    command = OpenInspection(
        *(origin_of(event), Kind.FQC, order.product_id, int(order.good_qty), about),
        order_id=f"FQC-{order.work_order_id}",
    )
    try:
        inspections().open(command, _handled("fqc", event))
    except InspectionExists:
        return  # somebody opened it by hand
