"""Stops, their reasons and what they cost, on the wire."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Self

from pydantic import Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.identity import Origin
from enghub.mes.factories import Factory
from enghub.mes.masters.repository import MasterPage
from enghub.mes.stops.kpis import Elements, Flag, kpis
from enghub.mes.stops.model import Loss, Stop, StopReason
from enghub.mes.stops.service import BeginStop, ShiftElements

SIX = Decimal("0.000001")
Version = Annotated[wire.Count, Field(ge=1)]


class PutReasonRequest(wire.Request):
    """Why something stands; ``parent`` is the reason that it is a kind of."""

    name: wire.ShortText
    parent: wire.Code | None = None
    is_planned: wire.Flag = False
    is_failure: wire.Flag = False
    version: Version | None = None

    def to_reason(self, factory: Factory, code: str) -> StopReason:
        """Return the reason."""
        return StopReason(factory, code, self.name, self.parent, self.is_planned, self.is_failure)


class ReasonResponse(wire.Response):
    """A stop reason."""

    code: str
    name: str
    parent: str | None
    is_planned: bool
    is_failure: bool
    version: int

    @classmethod
    def of(cls, kept: Kept[StopReason]) -> Self:
        """Return the answer for a reason."""
        one = kept.value
        return cls(
            code=one.code,
            name=one.name,
            parent=one.parent,
            is_planned=one.is_planned,
            is_failure=one.is_failure,
            version=kept.revision,
        )


class ReasonPage(wire.Response):
    """One page of reasons; the tree follows from the parents."""

    items: tuple[ReasonResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: MasterPage[StopReason]) -> Self:
        """Return the answer for a page."""
        return cls(items=tuple(map(ReasonResponse.of, page.items)), cursor=page.cursor)


class BeginStopRequest(wire.Request):
    """A station stands; ``stopId`` of the sender's own makes a repeat recognised."""

    station_id: wire.Code
    started_at: wire.Instant | None = None
    ended_at: wire.Instant | None = None
    reason: wire.Code | None = None
    comment: wire.ShortText | None = None
    stop_id: wire.PathId | None = None

    def to_command(self, origin: Origin) -> BeginStop:
        """Return the command for the service."""
        return BeginStop(
            origin=origin,
            station_id=self.station_id,
            started_at=self.started_at or origin.at,
            ended_at=self.ended_at,
            reason=self.reason,
            comment=self.comment,
            stop_id=self.stop_id,
        )


class EndStopRequest(wire.Request):
    """The station produces again, now or since ``endedAt``."""

    version: Version
    ended_at: wire.Instant | None = None


class ExplainStopRequest(wire.Request):
    """Why it stood."""

    version: Version
    reason: wire.Code


class StopResponse(wire.Response):
    """A stop; without an end it still stands."""

    stop_id: str
    line_id: str
    station_id: str
    started_at: wire.Instant
    ended_at: wire.Instant | None
    seconds: wire.Total | None
    reason: str | None
    is_planned: bool
    is_failure: bool
    comment: str | None
    source: str
    version: int

    @classmethod
    def of(cls, kept: Kept[Stop]) -> Self:
        """Return the answer for a stop."""
        stop = kept.value
        length = None if stop.ended_at is None else stop.ended_at - stop.started_at
        return cls(
            stop_id=stop.stop_id,
            line_id=stop.line_id,
            station_id=stop.station_id,
            started_at=stop.started_at,
            ended_at=stop.ended_at,
            seconds=None if length is None else Decimal(length // timedelta(seconds=1)),
            reason=stop.reason,
            is_planned=stop.is_planned,
            is_failure=stop.is_failure,
            comment=stop.comment,
            source=stop.source,
            version=kept.revision,
        )


class FiguresQuery(wire.Request):
    """Which days of which station, both ends included; at most 92."""

    first: wire.Day = Field(alias="from")
    last: wire.Day = Field(alias="to")


class KpiResponse(wire.Response):
    """Figures by ISO 22400-2: ratios to six decimals, seconds; null where nothing was planned, ran or was made.

    ``effectiveness`` may be above 1: the standard time is then too long, and ``flags`` says so. Nothing is capped.
    """

    planned_busy_time: wire.Total
    actual_production_time: wire.Total
    stopped_time: wire.Total
    stopped_twice: wire.Total
    produced_quantity: wire.Total
    good_quantity: wire.Total
    availability: wire.Ratio | None
    effectiveness: wire.Ratio | None
    quality_ratio: wire.Ratio | None
    oee: wire.Ratio | None
    mean_operating_time_between_failures: wire.Ratio | None
    mean_time_to_restoration: wire.Ratio | None
    failures: int
    flags: tuple[Flag, ...]

    @classmethod
    def of(cls, elements: Elements) -> Self:
        """Return the answer for elements."""
        found = kpis(elements)
        return cls(
            planned_busy_time=elements.busy,
            actual_production_time=elements.production,
            stopped_time=elements.stopped,
            stopped_twice=elements.counted_twice,
            produced_quantity=elements.produced,
            good_quantity=elements.good,
            availability=_six(found.availability),
            effectiveness=_six(found.effectiveness),
            quality_ratio=_six(found.quality_ratio),
            oee=_six(found.oee),
            mean_operating_time_between_failures=_six(found.mtbf),
            mean_time_to_restoration=_six(found.mttr),
            failures=elements.failures,
            flags=found.flags,
        )


class ShiftKpiResponse(wire.Response):
    """A station's figures of one shift."""

    shift: str
    shift_date: date
    figures: KpiResponse


class OeeResponse(wire.Response):
    """A station's figures by shift, and of the whole period as ratios of sums."""

    station_id: str
    items: tuple[ShiftKpiResponse, ...]
    whole: KpiResponse

    @classmethod
    def of(cls, station_id: str, found: list[ShiftElements]) -> Self:
        """Return the answer for a station."""
        items = tuple(
            ShiftKpiResponse(shift=one.shift.name, shift_date=one.shift.day, figures=KpiResponse.of(one.elements))
            for one in found
        )
        whole = sum((one.elements for one in found), Elements())
        return cls(station_id=station_id, items=items, whole=KpiResponse.of(whole))


class LossResponse(wire.Response):
    """What stops of one reason cost."""

    reason: str
    seconds: wire.Total
    stops: int
    micro_stops: int
    share: wire.Ratio
    cumulative_share: wire.Ratio


class ParetoResponse(wire.Response):
    """Losses of a station in its working time, the greatest first."""

    station_id: str
    items: tuple[LossResponse, ...]

    @classmethod
    def of(cls, station_id: str, found: list[Loss]) -> Self:
        """Return the answer for a station."""
        items = tuple(
            LossResponse(
                reason=one.reason,
                seconds=one.seconds,
                stops=one.stops,
                micro_stops=one.micro_stops,
                share=one.share,
                cumulative_share=one.cumulative,
            )
            for one in found
        )
        return cls(station_id=station_id, items=items)


def _six(value: Fraction | None) -> Decimal | None:
    return None if value is None else (Decimal(value.numerator) / Decimal(value.denominator)).quantize(SIX)
