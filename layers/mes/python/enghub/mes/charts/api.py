"""Control charts on the wire (MES-11)."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.kit.statistics.capability import Capability, Index
from enghub.kit.statistics.charts import ChartKind, Point
from enghub.kit.statistics.rules import RuleSet
from enghub.mes.charts.model import Characteristic, Measurement, Phase, Signal, Taken
from enghub.mes.charts.service import Recorded, TakeSample, View
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found

BASE = "/api/v1/spc/characteristics"
_LIMITS = Text("it must be above lowerLimit", "必须大于 lowerLimit")
_SUBGROUP = Text("a chart of subgroups needs 2 to 50 values each", "子组控制图每组须有 2 至 50 个值")
_SAMPLE = Text(
    "send values, or count, or a note that says why there is neither",
    "请填写 values 或 count，缺样请在 note 说明",
)
_FUTURE = Text("it lies in the future", "时间在未来")
_WINDOW = Text("from and to go together, from first", "from 与 to 须同时填写，且 from 在前")
_AHEAD = timedelta(minutes=5)
_DIGITS = Decimal("1e-9")


class PutCharacteristicRequest(wire.Request):
    """A characteristic as it shall be; ``version`` is the one read before, none of a new one."""

    name: wire.ShortText
    product_id: wire.Code
    chart: ChartKind
    unit: Annotated[str, Field(max_length=20)] = ""
    operation: wire.Code | None = None
    subgroup_size: Annotated[int, Field(ge=1, le=100_000)] = 1
    lower_limit: wire.Measure | None = None
    upper_limit: wire.Measure | None = None
    target: wire.Measure | None = None
    rules: RuleSet = RuleSet.NELSON
    ocap_plan_id: wire.Code | None = None
    version: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.lower_limit is not None and self.upper_limit is not None and self.lower_limit >= self.upper_limit:
            raise wire.Unfit(_LIMITS, field="upperLimit")
        if self.chart in {ChartKind.XBAR_R, ChartKind.XBAR_S} and not 2 <= self.subgroup_size <= 50:
            raise wire.Unfit(_SUBGROUP, field="subgroupSize")
        return self

    def to_characteristic(self, factory: Factory, characteristic_id: str) -> Characteristic:
        """Return it for the service."""
        given = {name: getattr(self, name) for name in type(self).model_fields if name != "version"}
        return Characteristic(factory=factory, characteristic_id=characteristic_id, **given)


class SampleRequest(wire.Request):
    """One sample: measured ``values``, or ``count`` (defectives, defects) of ``size``; or a gap, with a note."""

    taken_at: wire.Instant | None = None
    values: Annotated[tuple[wire.Measure, ...], Field(max_length=50)] = ()
    count: wire.Quantity | None = None
    size: wire.Quantity | None = None
    lot_id: wire.Code | None = None
    work_order_id: wire.Code | None = None
    station: wire.Code | None = None
    gauge_id: wire.Code | None = None
    measured_by: wire.Code | None = None
    note: Annotated[str, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.values and self.count is None and not self.note:
            raise wire.Unfit(_SAMPLE, field="values")
        return self

    def to_command(self, origin: Origin, characteristic_id: str) -> TakeSample:
        """Return the command; a sample without a time was taken now.

        Raises:
            Invalid: it was taken in the future.
        """
        if self.taken_at is not None and self.taken_at > origin.at + _AHEAD:
            raise Invalid(field="takenAt", problem=_FUTURE)
        return TakeSample(
            origin=origin,
            characteristic_id=characteristic_id,
            taken_at=self.taken_at or origin.at,
            values=self.values,
            count=self.count,
            size=self.size,
            taken=Taken(
                self.lot_id, self.work_order_id, self.station, self.measured_by or origin.user_id, self.gauge_id
            ),
            note=self.note,
        )


class ExcludedRequest(wire.Request):
    """A sample that limits are not learnt from, and its special cause."""

    sample_id: wire.Code
    reason: wire.ShortText


class PhaseRequest(wire.Request):
    """A new phase: limits learnt from the samples from ``from`` to ``to``; without them a new baseline begins."""

    version: Annotated[int, Field(ge=1)]
    begin: Annotated[wire.Instant | None, Field(alias="from")] = None
    end: Annotated[wire.Instant | None, Field(alias="to")] = None
    excluded: Annotated[tuple[ExcludedRequest, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _is_a_window(self) -> Self:
        if (self.begin is None) != (self.end is None) or (self.begin and self.end and self.begin > self.end):
            raise wire.Unfit(_WINDOW, field="from")
        return self


class ParametersResponse(wire.Response):
    """What limits are made of."""

    centre: wire.Total
    sigma: wire.Total
    samples: int | None
    since: wire.Instant | None


class CharacteristicResponse(wire.Response):
    """A characteristic."""

    characteristic_id: str
    name: str
    product_id: str
    chart: ChartKind
    unit: str
    operation: str | None
    subgroup_size: int
    lower_limit: wire.Total | None
    upper_limit: wire.Total | None
    target: wire.Total | None
    rules: RuleSet
    ocap_plan_id: str | None
    phase: Phase
    phase_number: int
    limits: ParametersResponse | None
    version: int

    @classmethod
    def of(cls, one: Characteristic) -> Self:
        """Return the answer for a characteristic."""
        learnt = one.baseline
        own = {"phase", "phase_number", "limits"}
        return cls(
            **{name: getattr(one, name) for name in cls.model_fields if name not in own},
            phase=one.phase,
            phase_number=one.phase_number,
            limits=None
            if learnt is None
            else ParametersResponse(
                centre=_short(learnt.parameters.centre),
                sigma=_short(learnt.parameters.sigma),
                samples=learnt.samples,
                since=learnt.first_at,
            ),
        )


class CharacteristicsResponse(wire.Response):
    """One page."""

    items: list[CharacteristicResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: Found[Characteristic]) -> Self:
        """Return the answer for a page."""
        return cls(items=[CharacteristicResponse.of(one) for one in page.items], cursor=page.cursor)


class SignalResponse(wire.Response):
    """A point that failed tests for special causes."""

    sample_id: str
    taken_at: wire.Instant
    chart: str
    rules: tuple[str, ...]
    value: wire.Total | None
    centre: wire.Total
    lower: wire.Total
    upper: wire.Total
    lot_id: str | None
    work_order_id: str | None

    @classmethod
    def of(cls, one: Signal) -> Self:
        """Return the answer for a signal."""
        return cls(
            sample_id=one.sample_id,
            taken_at=one.taken_at,
            chart=one.chart,
            rules=one.rules,
            value=None if one.point.value is None else _short(one.point.value),
            centre=_short(one.point.centre),
            lower=_short(one.point.lower),
            upper=_short(one.point.upper),
            lot_id=one.lot_id,
            work_order_id=one.work_order_id,
        )


class SignalsResponse(wire.Response):
    """One page of signals, the newest first."""

    items: list[SignalResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: Found[Signal]) -> Self:
        """Return the answer for a page."""
        return cls(items=[SignalResponse.of(one) for one in page.items], cursor=page.cursor)


class RecordedResponse(wire.Response):
    """A stored sample and what it signals."""

    sample_id: str
    taken_at: wire.Instant
    phase_number: int
    signals: list[SignalResponse]

    @classmethod
    def of(cls, recorded: Recorded) -> Self:
        """Return the answer for a sample."""
        one = recorded.measurement
        return cls(
            sample_id=one.sample_id,
            taken_at=one.taken_at,
            phase_number=one.phase_number,
            signals=[SignalResponse.of(signal) for signal in recorded.signals],
        )


class PointResponse(wire.Response):
    """One plotted point with its own limits; ``value`` is null at a gap."""

    value: wire.Total | None
    centre: wire.Total
    lower: wire.Total
    upper: wire.Total
    rules: tuple[str, ...]

    @classmethod
    def of(cls, point: Point, rules: tuple[str, ...]) -> Self:
        """Return the answer for a point."""
        value = None if point.value is None else _short(point.value)
        limits = (_short(one) for one in (point.centre, point.lower, point.upper))
        centre, lower, upper = limits
        return cls(value=value, centre=centre, lower=lower, upper=upper, rules=rules)


class PlottedResponse(wire.Response):
    """One sample on the charts."""

    sample_id: str
    taken_at: wire.Instant
    phase_number: int
    size: int
    lot_id: str | None
    note: str
    location: PointResponse | None
    spread: PointResponse | None


class IndexResponse(wire.Response):
    """A capability index with its 95 % interval; null where it has no meaning."""

    value: wire.Total | None
    lower: wire.Total | None
    upper: wire.Total | None

    @classmethod
    def of(cls, index: Index) -> Self:
        """Return the answer for an index."""
        inside = index.interval
        return cls(
            value=None if index.value is None else _short(index.value),
            lower=None if inside is None else _short(inside.lower),
            upper=None if inside is None else _short(inside.upper),
        )


class CapabilityResponse(wire.Response):
    """Cp, Cpk by the variation within, Pp, Ppk by all of it; all null without variation."""

    count: int
    mean: wire.Total | None
    sigma_within: wire.Total | None
    sigma_overall: wire.Total | None
    has_variation: bool
    cp: IndexResponse
    cpk: IndexResponse
    pp: IndexResponse
    ppk: IndexResponse

    @classmethod
    def of(cls, found: Capability) -> Self:
        """Return the answer for a study."""
        figures = {name: getattr(found, name) for name in ("mean", "sigma_within", "sigma_overall")}
        return cls(
            count=found.count,
            has_variation=found.has_variation,
            **{name: None if value is None else _short(value) for name, value in figures.items()},
            **{name: IndexResponse.of(getattr(found, name)) for name in ("cp", "cpk", "pp", "ppk")},
        )


class ChartResponse(wire.Response):
    """The last samples on their charts; ``isTrial`` while limits are learnt from what is shown."""

    characteristic: CharacteristicResponse
    is_trial: bool
    items: list[PlottedResponse]
    capability: CapabilityResponse | None

    @classmethod
    def of(cls, view: View) -> Self:
        """Return the answer for a chart."""
        return cls(
            characteristic=CharacteristicResponse.of(view.characteristic),
            is_trial=view.characteristic.baseline is None,
            items=[_plotted(view, index, one) for index, one in enumerate(view.measurements)],
            capability=None if view.capability is None else CapabilityResponse.of(view.capability),
        )


def _plotted(view: View, index: int, one: Measurement) -> PlottedResponse:
    points = {}
    for name in ("location", "spread"):
        series = () if view.charts is None else getattr(view.charts, name)
        rules = view.failed.get((name, index), ())
        points[name] = PointResponse.of(series[index], rules) if series else None
    return PlottedResponse(
        sample_id=one.sample_id,
        taken_at=one.taken_at,
        phase_number=one.phase_number,
        size=len(one.sample.values) or int(one.sample.size),
        lot_id=one.taken.lot_id,
        note=one.note,
        **points,
    )


def _short(value: Decimal) -> Decimal:
    """Return a computed figure to nine decimals: what a gauge shows has fewer."""
    return value.quantize(_DIGITS)
