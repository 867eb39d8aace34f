"""Equipment on the wire (MES-12)."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Self

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.kit.calendars.intervals import Interval
from enghub.mes.equipment.model import Equipment, Meter, Service
from enghub.mes.equipment.service import Read, TellState
from enghub.mes.equipment.states import Reliability, State, StateChange
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found
from enghub.mes.plant.api import BASE as PLANT

BASE = f"{PLANT}/equipment"
SIX = Decimal("0.000001")
LONGEST_DAYS = 366
_PERIOD = Text("it ends after it begins, at most 366 days later", "结束须晚于开始，且不超过 366 天")
Named = Annotated[str, Field(max_length=200)]


class PutEquipmentRequest(wire.Request):
    """A machine; ``stationId`` is where it stands."""

    name: wire.ShortText
    category: Named = ""
    station_id: wire.Code | None = None
    manufacturer: Named = ""
    model: Named = ""
    serial_number: Named = ""
    installed_on: wire.Day | None = None
    service: Service = Service.IN_SERVICE
    version: Annotated[int, Field(ge=1)] | None = None

    def to_equipment(self, factory: Factory, equipment_id: str) -> Equipment:
        """Return the machine."""
        given = {name: getattr(self, name) for name in type(self).model_fields if name != "version"}
        return Equipment(factory, equipment_id, **given)


class TellStateRequest(wire.Request):
    """What a machine does, now or since ``at``; the same state of the same moment is a repeat."""

    state: State
    at: wire.Instant | None = None
    reason: Named = ""
    change_id: wire.PathId | None = None

    def to_command(self, origin: Origin, equipment_id: str) -> TellState:
        """Return the command for the service."""
        return TellState(origin, equipment_id, self.state, self.at or origin.at, self.reason, self.change_id)


class ReadMeterRequest(wire.Request):
    """A meter shows a value; ``isReset``: it was set back to 0 or replaced since the last reading."""

    meter: wire.PathId
    value: wire.Quantity
    at: wire.Instant | None = None
    is_reset: wire.Flag = False

    def to_command(self, origin: Origin, equipment_id: str) -> Read:
        """Return the command for the service."""
        return Read(origin, equipment_id, self.meter, self.value, self.at or origin.at, self.is_reset)


class EquipmentQuery(wire.Request):
    """Which machines: all of the factory, or a station's."""

    station_id: wire.Code | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=2000)] | None = None


class PeriodQuery(wire.Request):
    """From when until just before when."""

    start: wire.Instant = Field(alias="from")
    end: wire.Instant = Field(alias="to")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 < (self.end - self.start).total_seconds() <= LONGEST_DAYS * 86_400:
            raise wire.Unfit(_PERIOD, field="to")
        return self

    @property
    def interval(self) -> Interval:
        """The period."""
        return Interval(self.start, self.end)


class EquipmentResponse(wire.Response):
    """A machine."""

    equipment_id: str
    name: str
    category: str
    station_id: str | None
    manufacturer: str
    model: str
    serial_number: str
    installed_on: wire.Day | None
    service: Service
    version: int

    @classmethod
    def of(cls, one: Equipment) -> Self:
        """Return the answer for a machine."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class EquipmentPage(wire.Response):
    """One page of machines, by id."""

    items: list[EquipmentResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: Found[Equipment]) -> Self:
        """Return the answer for a page."""
        return cls(items=[EquipmentResponse.of(one) for one in page.items], cursor=page.cursor)


class MeterResponse(wire.Response):
    """What a meter counted: ``total`` since its first reading, over every reset."""

    meter: str
    total: wire.Total
    last_value: wire.Total
    last_at: wire.Instant | None
    resets: int

    @classmethod
    def of(cls, one: Meter) -> Self:
        """Return the answer for a meter."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class MachineResponse(EquipmentResponse):
    """A machine with its meters."""

    meters: tuple[MeterResponse, ...]

    @classmethod
    def with_meters(cls, one: Equipment, meters: tuple[Meter, ...]) -> Self:
        """Return the answer for a machine."""
        plain = {name: getattr(one, name) for name in EquipmentResponse.model_fields}
        return cls(**plain, meters=tuple(map(MeterResponse.of, meters)))


class StateResponse(wire.Response):
    """One change of state."""

    change_id: str
    state: State
    at: wire.Instant
    told_by: str
    recorded_at: wire.Instant
    reason: str

    @classmethod
    def of(cls, one: StateChange) -> Self:
        """Return the answer for a change."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class StatesResponse(wire.Response):
    """The log of a period: every change as it was told, and the last ones before it."""

    equipment_id: str
    items: list[StateResponse]

    @classmethod
    def of(cls, equipment_id: str, changes: list[StateChange]) -> Self:
        """Return the answer for a log."""
        ordered = sorted(changes, key=lambda one: (one.at, one.recorded_at, one.change_id))
        return cls(equipment_id=equipment_id, items=[StateResponse.of(one) for one in ordered])


class FiguresResponse(wire.Response):
    """Seconds by state, failures, means in seconds by ISO 22400-2; null where nothing failed or was repaired."""

    equipment_id: str
    seconds_by_state: dict[str, wire.Total]
    unknown_seconds: wire.Total
    failures: int
    open_failures: int
    mean_operating_time_between_failures: wire.Ratio | None
    mean_time_to_restoration: wire.Ratio | None

    @classmethod
    def of(cls, equipment_id: str, found: Reliability) -> Self:
        """Return the answer for figures."""
        return cls(
            equipment_id=equipment_id,
            seconds_by_state=found.by_state,
            unknown_seconds=found.unknown,
            failures=found.failures,
            open_failures=found.open_failures,
            mean_operating_time_between_failures=_six(found.mtbf),
            mean_time_to_restoration=_six(found.mttr),
        )


def _six(value: Fraction | None) -> Decimal | None:
    return None if value is None else (Decimal(value.numerator) / Decimal(value.denominator)).quantize(SIX)
