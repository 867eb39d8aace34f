"""What-if questions on the wire: lot sizes, master schedules, finite capacity; nothing is stored (MES-08)."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.mes.planning.lots import Costs, Method, Sized, size
from enghub.mes.planning.mps import Job, Placed, load, master_schedule, schedule

_POSITIVE = Text("it must be above 0", "必须大于 0")
_SETUPS = Text("give one set-up cost, or one per period", "请填写一个准备成本，或每期各一个")
_LENGTH = Text("forecast and orders have the same number of periods", "forecast 与 orders 的期数须相同")


class LotSizesRequest(wire.Request):
    """Net requirements per period, and costs; ``setupCosts`` one for all periods or one each."""

    demand: Annotated[tuple[wire.Quantity, ...], Field(min_length=1, max_length=120)]
    setup_costs: Annotated[tuple[wire.Quantity, ...], Field(min_length=1, max_length=120)]
    holding_cost: wire.Quantity
    fixed_quantity: wire.Quantity = Decimal(1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.setup_costs) not in {1, len(self.demand)}:
            raise wire.Unfit(_SETUPS, field="setupCosts")
        if not self.fixed_quantity:
            raise wire.Unfit(_POSITIVE, field="fixedQuantity")
        return self

    def sized(self) -> list[Sized]:
        """Return every method's orders."""
        costs = Costs(self.setup_costs, self.holding_cost, self.fixed_quantity)
        return [size(method, self.demand, costs) for method in Method]


class MasterScheduleRequest(wire.Request):
    """Forecast and orders per period."""

    forecast: Annotated[tuple[wire.Quantity, ...], Field(min_length=1, max_length=120)]
    orders: Annotated[tuple[wire.Quantity, ...], Field(min_length=1, max_length=120)]
    on_hand: wire.Quantity = Decimal(0)
    lot_size: wire.Quantity
    safety_stock: wire.Quantity = Decimal(0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.forecast) != len(self.orders):
            raise wire.Unfit(_LENGTH, field="orders")
        if not self.lot_size:
            raise wire.Unfit(_POSITIVE, field="lotSize")
        return self


class JobRequest(wire.Request):
    """Hours of work on a station."""

    job_id: wire.Code
    station: wire.Code
    hours: wire.Quantity
    earliest: wire.Day
    due_date: wire.Day


class DayHours(wire.Request):
    """Hours that a station has on a day."""

    station: wire.Code
    day: wire.Day
    hours: wire.Quantity


class ScheduleRequest(wire.Request):
    """A what-if: jobs on finite capacity. Nothing is stored."""

    jobs: Annotated[tuple[JobRequest, ...], Field(min_length=1, max_length=1000)]
    capacity: Annotated[tuple[DayHours, ...], Field(max_length=5000)]

    def answer(self) -> "ScheduleResponse":
        """Return the schedule with the load of each station."""
        capacity: dict[str, dict[date, Decimal]] = {}
        for one in self.capacity:
            capacity.setdefault(one.station, {})[one.day] = one.hours
        jobs = [Job(one.job_id, one.station, one.hours, one.earliest, one.due_date) for one in self.jobs]
        loads = [
            LoadResponse(station=name, hours=wanted, capacity=there, ratio=None if not there else wanted / there)
            for name, (wanted, there) in load(jobs, capacity).items()
        ]
        return ScheduleResponse(items=[PlacedResponse.of(one) for one in schedule(jobs, capacity)], load=loads)


class SizedResponse(wire.Response):
    """What one method orders, and what it costs."""

    method: Method
    orders: tuple[wire.Total, ...]
    setup_cost: wire.Total
    holding_cost: wire.Total
    cost: wire.Total


class LotSizesResponse(wire.Response):
    """Every method side by side, the cheapest first."""

    items: list[SizedResponse]

    @classmethod
    def of(cls, sized: list[Sized]) -> Self:
        """Return the answer for all methods."""
        found = sorted(sized, key=lambda one: (one.cost, one.method.value))
        return cls(items=[SizedResponse(**{n: getattr(one, n) for n in SizedResponse.model_fields}) for one in found])


class PeriodResponse(wire.Response):
    """One period; ``promise`` may still be promised to customers."""

    demand: wire.Total
    schedule: wire.Total
    available: wire.Total
    promise: wire.Total | None


class MasterScheduleResponse(wire.Response):
    """A master schedule."""

    items: list[PeriodResponse]

    @classmethod
    def of(cls, asked: MasterScheduleRequest) -> Self:
        """Return the answer for what was asked."""
        found = master_schedule(asked.forecast, asked.orders, asked.on_hand, asked.lot_size, asked.safety_stock)
        return cls(items=[PeriodResponse(**{n: getattr(one, n) for n in PeriodResponse.model_fields}) for one in found])


class PlacedResponse(wire.Response):
    """When a job is worked on; ``end`` null: it does not fit; ``whyLate`` names the constraints."""

    job_id: str
    station: str
    start: date | None
    end: date | None
    is_late: bool
    why_late: tuple[str, ...]

    @classmethod
    def of(cls, one: Placed) -> Self:
        """Return the answer for a job."""
        return cls(
            job_id=one.job.job_id,
            station=one.job.station_id,
            start=one.start,
            end=one.end,
            is_late=bool(one.why_late),
            why_late=one.why_late,
        )


class LoadResponse(wire.Response):
    """Hours wanted of a station against those it has (rough-cut)."""

    station: str
    hours: wire.Total
    capacity: wire.Total
    ratio: wire.Total | None


class ScheduleResponse(wire.Response):
    """Jobs on finite capacity."""

    items: list[PlacedResponse]
    load: list[LoadResponse]
