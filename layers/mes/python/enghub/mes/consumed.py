"""What this context reads from events; everything else in them it ignores."""

from datetime import date, datetime
from decimal import Decimal

from enghub.core.event_data import EventData


class FromMes(EventData, source="enghub.mes"):
    """Base of what is read from this context's own events."""


class ReportedPieces(FromMes):
    """What is read of a report, with defects or without."""

    report_id: str
    work_order_id: str
    product_id: str
    good_qty: Decimal
    defect_qty: Decimal
    operation: str
    station_id: str
    line_id: str
    shift_date: date
    shift: str


class ProductionFacts(ReportedPieces):
    """What is counted of a report, or taken off with its reversal: boards, summaries, the yield of an operation."""

    produced_by: str
    rework_qty: Decimal = Decimal(0)
    standard_seconds: Decimal | None = None
    run_seconds: Decimal | None = None
    down_seconds: Decimal | None = None
    conflicts_with: str | None = None


class ProductionReported(ProductionFacts):
    """A report was stored."""


class ReportReversed(ProductionFacts):
    """A report was taken back; its quantities are those that were reported."""

    reverses: str = ""
    defect_types: tuple[str, ...] = ()


class DefectReported(ReportedPieces):
    """Pieces were found defective."""

    defect_types: tuple[str, ...]
    produced_by: str
    report_time: datetime


class ChartSignalled(FromMes):
    """A point of a control chart failed tests."""

    characteristic_id: str
    product_id: str
    operation: str | None = None
    sample_id: str
    chart: str
    rules: tuple[str, ...]
    lot_id: str | None = None
    work_order_id: str | None = None
    station_id: str | None = None
    ocap_plan_id: str | None = None


class YieldLow(FromMes):
    """The yield of an operation in a shift is too low."""

    product_id: str
    operation: str
    shift_date: str
    shift: str
    said: str


class InspectionDecided(FromMes):
    """A lot was accepted or rejected."""

    inspection_id: str
    kind: str
    status: str
    supplier_id: str | None = None
    inspected: Decimal
    nonconforming: Decimal


class LotHeld(FromMes):
    """Nothing of a lot may be used or shipped."""

    lot_id: str
    material_id: str
    cause: str
    reason: str


class LotReleased(LotHeld):
    """What ``cause`` held is free again."""


class WorkOrderCompleted(FromMes):
    """What quality, stock, planners and the ERP read of a work order that is complete."""

    work_order_id: str
    product_id: str
    good_qty: Decimal
    defect_qty: Decimal
    planned_qty: Decimal
    scrap_qty: Decimal | None = None
    rework_qty: Decimal | None = None
    due_date: date
    started_at: datetime | None = None
    completed_at: datetime | None = None


class StockChanged(FromMes):
    """Stock at one place became more or less."""

    movement_id: str
    kind: str
    material_id: str
    lot_id: str
    warehouse_id: str
    location_id: str
    quantity: Decimal
    work_order_id: str | None = None


class PlannedOrder(FromMes):
    """What a work order plans for a shift."""

    work_order_id: str
    work_order_version: int
    status: str
    planned_qty: Decimal
    line_id: str | None = None
    shift_date: date | None = None
    shift: str | None = None


class WorkOrderReleased(PlannedOrder):
    """From now on the shift is to produce it."""


class WorkOrderChanged(PlannedOrder):
    """Its quantity, line or shift may be another."""


class WorkOrderCancelled(PlannedOrder):
    """Nobody is to produce it any more."""


class AndonState(FromMes):
    """A call for help; what it is now is read from the call."""

    call_id: str


class AndonRaised(AndonState):
    """A station calls for help."""


class AndonChanged(AndonState):
    """Somebody came, or it is solved."""


class WorkOrderCreated(FromMes):
    """What planners hear of a new order."""

    work_order_id: str
    product_id: str
    planned_qty: Decimal


class FromPlm(EventData, source="enghub.plm"):
    """Base of what is read from the PLM integration's events."""


class ChangePointCreated(FromPlm):
    """An engineering change became a change point."""

    ecn_number: str
    category: str
    title: str
    affected_products: tuple[str, ...]


class ChangeEffectPlanned(FromPlm):
    """A change takes effect at a point; these orders wait until it is applied."""

    ecn_number: str
    effect_id: str
    title: str
    held_orders: tuple[str, ...]


class ChangeApplied(FromPlm):
    """The new revision is made from now on."""

    ecn_number: str
    effect_id: str


class ChangePointCancelled(FromPlm):
    """The PLM has withdrawn an engineering change."""

    ecn_number: str


class BusinessRuleActivated(EventData, source="enghub.settings"):
    """Another version of a business rule decides, or none (0); tenant ``*`` is everybody's."""

    rule_key: str
    kind: str
    active_version: int
    table: str
