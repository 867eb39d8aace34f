"""Work orders on the wire."""

from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from enghub.core import wire
from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.kit.rulings.api import DecidedByResponse
from enghub.mes.work_orders.model import Status, Step, WorkOrder
from enghub.mes.work_orders.repository import (
    ByProduct,
    BySalesOrder,
    ByStart,
    ByStation,
    ByStatus,
    Found,
    Selection,
)
from enghub.mes.work_orders.service import CreateWorkOrder, EditWorkOrder, HoldWorkOrder, TakeStep

Number = Annotated[
    str,
    wire.form(
        r"^[\p{L}\p{N}][\p{L}\p{N}._-]*$",
        Text(
            "begin with a letter or digit; letters, digits and . _ - follow",
            "以字母或数字开头，其后为字母、数字或 . _ -",
        ),
        max_length=64,
        format="order-number",
    ),
]
"""A number people give to a work order; it is part of addresses, so no slash or colon."""
Positive = Annotated[wire.Quantity, Field(gt=0)]
Allowance = Annotated[wire.Quantity, Field(le=1)]
"""A ratio of the planned quantity."""

_WHOLE_SHIFT = Text("name both shiftDate and shift, or neither", "shiftDate 与 shift 必须同时填写或同时省略")
_NO_CHANGE = Text("name at least one field to change", "请至少填写一个要修改的字段")
_ONE_SELECTOR = Text(
    "name exactly one of status, salesOrderId, productId, stationId, startedAtStation",
    "请在 status、salesOrderId、productId、stationId、startedAtStation 中恰好填写一个",
)
_DUE_NEEDS_STATUS = Text("due dates go with a status", "按交期查询时必须填写 status")


def _both_or_neither(shift_date: object, shift: object) -> None:
    if (shift_date is None) != (shift is None):
        raise wire.Unfit(_WHOLE_SHIFT, field="shift" if shift is None else "shiftDate")


class CreateWorkOrderRequest(wire.Request):
    """A new work order; without ``workOrderId`` it gets a number.

    Without ``overReportAllowance`` the active rule ``work_order.handling`` may say one.
    """

    work_order_id: Number | None = None
    product_id: wire.Code
    planned_quantity: Positive
    due_date: wire.Day
    sales_order_id: wire.Code | None = None
    routing_id: wire.Code | None = None
    station_id: wire.Code | None = None
    line_id: wire.Code | None = None
    over_report_allowance: Allowance = Decimal(0)
    standard_seconds: Positive | None = None
    shift_date: wire.Day | None = None
    shift: wire.Code | None = None
    unit: wire.Code = "pcs"
    planned_start: wire.Instant | None = None
    bom_version: wire.Code | None = None
    """The version of the ERP's BOM, where the factory's BOMs come from there."""

    @model_validator(mode="after")
    def _names_a_whole_shift(self) -> Self:
        _both_or_neither(self.shift_date, self.shift)
        return self

    def to_command(self, origin: Origin) -> CreateWorkOrder:
        """Return the command for the service."""
        planned = _planned(self.model_dump(exclude={"work_order_id"}))
        is_silent = "over_report_allowance" not in self.model_fields_set
        return CreateWorkOrder(origin, self.work_order_id, planned, asks_allowance=is_silent)


class EditWorkOrderRequest(wire.Patch):
    """Changes to planned fields; a field that is not there stays, null empties it where that is possible."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 2})

    version: wire.Count
    product_id: wire.Code = ""
    planned_quantity: Positive = Decimal(1)
    due_date: wire.Day = None  # type: ignore[assignment]
    over_report_allowance: Allowance = Decimal(0)
    sales_order_id: wire.Code | None = None
    routing_id: wire.Code | None = None
    station_id: wire.Code | None = None
    line_id: wire.Code | None = None
    standard_seconds: Positive | None = None
    shift_date: wire.Day | None = None
    shift: wire.Code | None = None
    unit: wire.Code = "pcs"
    planned_start: wire.Instant | None = None
    bom_version: wire.Code | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.model_fields_set <= {"version"}:
            raise wire.Unfit(_NO_CHANGE)
        if self.model_fields_set & {"shift_date", "shift"}:
            _both_or_neither(self.shift_date, self.shift)
        return self

    def to_command(self, origin: Origin, work_order_id: str) -> EditWorkOrder:
        """Return the command for the service."""
        changes = self.model_dump(exclude={"version"}, exclude_unset=True)
        return EditWorkOrder(origin, work_order_id, self.version, _planned(changes))


class WorkOrderStepRequest(wire.Request):
    """A step, with the version the caller saw."""

    version: wire.Count
    reason: wire.ShortText | None = None

    def to_command(self, origin: Origin, work_order_id: str, step: Step) -> TakeStep:
        """Return the command for the service."""
        return TakeStep(origin, work_order_id, self.version, step, self.reason or "")


MANUAL = "manual"
"""The source of a hold that people put on without saying more."""


class HoldRequest(wire.Request):
    """A hold to put on or to lift; ``source`` tells several apart."""

    version: wire.Count
    reason: wire.ShortText
    source: wire.Code = MANUAL

    def to_command(self, origin: Origin, work_order_id: str) -> HoldWorkOrder:
        """Return the command for the service."""
        return HoldWorkOrder(origin, work_order_id, self.source, self.reason, self.version)


class ListQuery(wire.Request):
    """Which orders to list: exactly one of status, salesOrderId, productId, stationId, startedAtStation."""

    status: Status | None = None
    due_from: wire.Day | None = None
    due_to: wire.Day | None = None
    sales_order_id: wire.Code | None = None
    product_id: wire.Code | None = None
    station_id: wire.Code | None = None
    started_at_station: wire.Code | None = None
    """Orders that this station began, by when."""
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=2000)] | None = None

    def selection(self) -> Selection:
        """Return the list asked for.

        Raises:
            Invalid: none or several are named, or due dates without a status.
        """
        named: list[Selection] = []
        if self.status:
            named.append(ByStatus(self.status, self.due_from, self.due_to))
        if self.sales_order_id:
            named.append(BySalesOrder(self.sales_order_id))
        if self.product_id:
            named.append(ByProduct(self.product_id))
        if self.station_id:
            named.append(ByStation(self.station_id))
        if self.started_at_station:
            named.append(ByStart(self.started_at_station))
        if len(named) != 1:
            raise Invalid(field="status", problem=_ONE_SELECTOR)
        if (self.due_from or self.due_to) and not self.status:
            raise Invalid(field="dueFrom", problem=_DUE_NEEDS_STATUS)
        return named[0]


class OrderOperationResponse(wire.Response):
    """One operation of an order; ``remaining`` is what it may still make."""

    operation: str
    name: str
    work_centre_id: str | None
    standard_seconds: wire.Total | None
    good_quantity: wire.Total
    scrap_quantity: wire.Total
    rework_quantity: wire.Total
    remaining: wire.Total

    @classmethod
    def of(cls, order: WorkOrder, operation: str) -> Self:
        """Return the answer for an operation."""
        planned = next((one for one in order.operations if one.operation == operation), None)
        made = order.books.of(operation)
        return cls(
            operation=operation,
            name=planned.name if planned else "",
            work_centre_id=planned.work_centre_id if planned else None,
            standard_seconds=order.standard_of(operation),
            good_quantity=made.good,
            scrap_quantity=made.scrap,
            rework_quantity=made.rework,
            remaining=order.books.open(operation),
        )


class HoldResponse(wire.Response):
    """A hold: why, by whom, since when."""

    source: str
    reason: str
    by: str
    since: wire.Instant


class WorkOrderResponse(wire.Response):
    """One work order. Good are pieces that the last operation made, scrap those lost in any, rework those sent back.

    ``remaining`` is what is neither finished nor lost of what may be made.
    """

    work_order_id: str
    status: Status
    product_id: str
    sales_order_id: str | None
    routing_id: str | None
    station_id: str | None
    line_id: str | None
    planned_quantity: wire.Quantity
    good_quantity: wire.Total
    defect_quantity: wire.Total
    scrap_quantity: wire.Total
    rework_quantity: wire.Total
    remaining: wire.Total
    unit: str
    over_report_allowance: wire.Ratio
    allowance_by: DecidedByResponse | None
    """The rule that said the allowance; null where people did, or none holds."""
    routing_version: int | None
    bom_version: str | None
    in_sequence: bool
    operations: tuple[OrderOperationResponse, ...]
    holds: tuple[HoldResponse, ...]
    planned_start: wire.Instant | None
    standard_seconds: wire.Quantity | None
    due_date: wire.Day
    shift_date: wire.Day | None
    shift: str | None
    version: int
    created_at: wire.Instant
    released_at: wire.Instant | None
    started_at: wire.Instant | None
    completed_at: wire.Instant | None
    closed_at: wire.Instant | None

    @classmethod
    def of(cls, order: WorkOrder) -> Self:
        """Return the answer for an order."""
        return cls(
            work_order_id=order.work_order_id,
            status=order.status,
            product_id=order.product_id,
            sales_order_id=order.sales_order_id,
            routing_id=order.routing_id,
            station_id=order.station_id,
            line_id=order.line_id,
            planned_quantity=order.planned_quantity,
            good_quantity=order.good,
            defect_quantity=order.defect,
            scrap_quantity=order.scrap,
            rework_quantity=order.rework,
            remaining=order.remaining,
            unit=order.unit,
            routing_version=order.routing_version,
            bom_version=order.bom_version,
            in_sequence=order.in_sequence,
            operations=tuple(OrderOperationResponse.of(order, name) for name in order.books.known()),
            holds=tuple(
                HoldResponse(source=one.source, reason=one.reason, by=one.by, since=one.since) for one in order.holds
            ),
            planned_start=order.planned_start,
            over_report_allowance=order.over_report_allowance,
            allowance_by=DecidedByResponse.of(order.allowance_by) if order.allowance_by else None,
            standard_seconds=order.standard_seconds,
            due_date=order.due_on,
            shift_date=order.shift_on,
            shift=order.shift,
            version=order.version,
            created_at=order.created_at,
            released_at=order.released_at,
            started_at=order.started_at,
            completed_at=order.completed_at,
            closed_at=order.closed_at,
        )


class WorkOrderPage(wire.Response):
    """One page of a list; ``cursor`` goes into the next request, null at the end."""

    items: list[WorkOrderResponse]
    cursor: str | None

    @classmethod
    def of(cls, found: Found) -> Self:
        """Return the answer for a page."""
        return cls(items=[WorkOrderResponse.of(order) for order in found.work_orders], cursor=found.cursor)


_MODEL_NAMES = {"due_date": "due_on", "shift_date": "shift_on"}


def _planned(values: dict[str, Any]) -> dict[str, Any]:
    return {_MODEL_NAMES.get(name, name): value for name, value in values.items()}
