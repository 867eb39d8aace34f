"""Production reports on the wire; fields as in section 3.2 of the architecture supplement."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from enghub.core import claims, wire
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.mes.reports.answers import ProductionReportResponse
from enghub.mes.reports.model import StationOperation
from enghub.mes.reports.repository import ReportPage
from enghub.mes.reports.service import ReportProduction

_NO_PIECES = Text(
    "report at least one piece: goodQty and defectQty are both 0", "请至少上报一件：goodQty 与 defectQty 均为 0"
)
_TYPES_NEEDED = Text("it is required when defectQty is above 0", "defectQty 大于 0 时必须填写")
_TYPES_ALONE = Text("it goes with a defectQty above 0", "仅在 defectQty 大于 0 时填写")
_ONE_LIST = Text(
    "name workOrderId, or date and shift, and perhaps station", "请填写 workOrderId，或 date 与 shift（可加 station）"
)
_REWORK = Text("it cannot be more than defectQty", "不能大于 defectQty")
_TYPES_TWICE = Text("it names one type twice", "同一缺陷类型重复")


class ReportRequest(wire.Request):
    """One report of pieces produced; ``producedBy`` and ``reportTime`` default to the caller and now.

    ``defectQty`` are defective pieces, ``reworkQty`` those of them that go back to be reworked; the rest is scrap.
    ``shift`` may be left out where the factory's calendar tells it. ``setupSeconds`` is what setting up for the
    operation took, told once, with the first pieces; without it the routing's counts.
    """

    work_order_id: wire.Code
    good_qty: wire.Quantity
    defect_qty: wire.Quantity = Decimal(0)
    rework_qty: wire.Quantity = Decimal(0)
    defect_types: Annotated[tuple[wire.ShortText, ...], Field(max_length=20)] = ()
    operation: wire.Code
    station: wire.Code
    shift: wire.Code | None = None
    shift_date: wire.Day | None = None
    report_time: wire.Instant | None = None
    produced_by: wire.Code | None = None
    run_seconds: wire.Quantity | None = None
    down_seconds: wire.Quantity | None = None
    setup_seconds: wire.Quantity | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if not self.good_qty + self.defect_qty:
            raise wire.Unfit(_NO_PIECES, field="goodQty")
        if self.defect_qty and not self.defect_types:
            raise wire.Unfit(_TYPES_NEEDED, field="defectTypes")
        if self.defect_types and not self.defect_qty:
            raise wire.Unfit(_TYPES_ALONE, field="defectTypes")
        if self.rework_qty > self.defect_qty:
            raise wire.Unfit(_REWORK, field="reworkQty")
        if len(set(self.defect_types)) < len(self.defect_types):
            raise wire.Unfit(_TYPES_TWICE, field="defectTypes")
        return self

    def to_command(self, origin: Origin, client_key: str, fingerprint: str) -> ReportProduction:
        """Return the command for the service; ``fingerprint`` is that of the call.

        A key is the terminal's, whoever is signed in there: a repeat under another name means another report, unless it
        says who produced.
        """
        produced_by = self.produced_by or origin.user_id
        return ReportProduction(
            origin=origin,
            client_key=client_key,
            fingerprint=claims.fingerprint(fingerprint, produced_by),
            work_order_id=self.work_order_id,
            good=self.good_qty,
            defect=self.defect_qty,
            defect_types=self.defect_types,
            station_operation=StationOperation(self.station, self.operation),
            shift_on=self.shift_date,
            shift=self.shift,
            reported_at=self.report_time or origin.at,
            produced_by=produced_by,
            run_seconds=self.run_seconds,
            down_seconds=self.down_seconds,
            setup_seconds=self.setup_seconds,
            rework=self.rework_qty,
        )


class ReversalRequest(wire.Request):
    """Why a report is taken off."""

    reason: wire.ShortText


class ReportQuery(wire.Request):
    """Whose reports to list: of a work order, or of a shift (``date`` and ``shift``), perhaps of one ``station``."""

    work_order_id: wire.Code | None = None
    shift_on: wire.Day | None = Field(default=None, alias="date")
    shift: wire.Code | None = None
    station: wire.Code | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=2000)] | None = None

    @model_validator(mode="after")
    def _names_one_list(self) -> Self:
        of_shift = self.shift_on is not None and self.shift is not None
        some_of_it = (self.shift_on, self.shift, self.station) != (None, None, None)
        if (self.work_order_id is not None) == of_shift or (some_of_it and not of_shift):
            raise wire.Unfit(_ONE_LIST, field="workOrderId")
        return self

    def of_shift(self) -> tuple[date, str, str | None]:
        """Return the shift whose reports are asked for, where no order is."""
        if self.shift_on is None or self.shift is None:
            raise wire.Unfit(_ONE_LIST, field="workOrderId")
        return self.shift_on, self.shift, self.station


class ReportPageResponse(wire.Response):
    """One page of reports, by report time; ``cursor`` goes into the next request, null at the end."""

    items: list[ProductionReportResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: ReportPage) -> Self:
        """Return the answer for a page."""
        return cls(items=[ProductionReportResponse.of(report) for report in page.reports], cursor=page.cursor)
