"""Devices on the wire, and what brokers bring."""

from typing import Annotated, Any, Self

from pydantic import Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.mes.devices.model import CounterState, Device, TimeUnit
from enghub.mes.factories import Factory
from enghub.mes.masters.repository import MasterPage


class PutDeviceRequest(wire.Request):
    """Where a device stands and how it is read; ``timeUnit`` is that of its stamps."""

    name: wire.ShortText
    station_id: wire.Code
    operation: wire.Code
    work_order_id: wire.Code | None = None
    counter_bits: Annotated[wire.Count, Field(ge=8, le=63)] = 32
    most_at_once: Annotated[wire.Count, Field(ge=1, le=1_000_000)] = 1_000
    time_unit: TimeUnit = TimeUnit.MILLISECONDS
    version: Annotated[wire.Count, Field(ge=1)] | None = None

    def to_device(self, factory: Factory, device_id: str) -> Device:
        """Return the device."""
        return Device(
            factory=factory,
            device_id=device_id,
            name=self.name,
            station_id=self.station_id,
            operation=self.operation,
            work_order_id=self.work_order_id,
            counter_bits=self.counter_bits,
            most_at_once=self.most_at_once,
            time_unit=self.time_unit,
        )


class DeviceResponse(wire.Response):
    """A registered device."""

    device_id: str
    name: str
    station_id: str
    operation: str
    work_order_id: str | None
    counter_bits: int
    most_at_once: int
    time_unit: TimeUnit
    version: int

    @classmethod
    def of(cls, kept: Kept[Device]) -> Self:
        """Return the answer for a device."""
        one = kept.value
        return cls(
            device_id=one.device_id,
            name=one.name,
            station_id=one.station_id,
            operation=one.operation,
            work_order_id=one.work_order_id,
            counter_bits=one.counter_bits,
            most_at_once=one.most_at_once,
            time_unit=one.time_unit,
            version=kept.revision,
        )


class DevicePage(wire.Response):
    """One page of devices."""

    items: tuple[DeviceResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: MasterPage[Device]) -> Self:
        """Return the answer for a page."""
        return cls(items=tuple(map(DeviceResponse.of, page.items)), cursor=page.cursor)


class CounterResponse(wire.Response):
    """A device's counter as last read; ``flags`` count what was not plain counting."""

    device_id: str
    value: int | None
    read_at: wire.Instant | None
    pending_pieces: int
    flags: dict[str, int]

    @classmethod
    def of(cls, device_id: str, state: CounterState | None) -> Self:
        """Return the answer for a counter."""
        if state is None:
            return cls(device_id=device_id, value=None, read_at=None, pending_pieces=0, flags={})
        return cls(
            device_id=device_id,
            value=state.counter.value,
            read_at=state.counter.read_at,
            pending_pieces=state.pending.pieces if state.pending else 0,
            flags=dict(state.flags),
        )


class DeviceMessagePart(wire.Request):
    """One message."""

    device_id: wire.Code
    payload: Annotated[dict[str, Any], Field(max_length=20)]


class DeviceMessagesRequest(wire.Request):
    """Messages that a bridge brought from a broker: the device's identity, and its payload as it was."""

    messages: Annotated[tuple[DeviceMessagePart, ...], Field(min_length=1, max_length=100)]


class DeviceMessagesResponse(wire.Response):
    """What became of the messages, in their order: what the reading was, or ``PARKED`` where a person has to look."""

    items: tuple[str, ...]
