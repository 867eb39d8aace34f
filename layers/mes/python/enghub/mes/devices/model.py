"""Devices (MES-24): whose a machine is, where it stands, how its counter and its clock are to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from enghub.core.i18n import Text
from enghub.mes.devices.counters import Counter
from enghub.mes.devices.errors import DeviceClockWrong, MessageUnreadable
from enghub.mes.factories import Factory

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)
BEHIND = timedelta(days=31)
"""A stamp further away is a wrong clock, not a late message."""
_NO_COUNT = Text("count is a whole number from 0 to {most}", "count 须为 0 到 {most} 的整数")
_NO_STAMP = Text("stamp is a whole number: when the counter was read", "stamp 须为整数：计数器读取时间")


class TimeUnit(StrEnum):
    """In what a device counts time since 1970."""

    SECONDS = "s"
    MILLISECONDS = "ms"


@dataclass(frozen=True, slots=True)
class Device:
    """A registered device: whose it is, its station and operation, its counter's width, what it can make at once.

    ``work_order_id`` is the order it counts for; without one, the order that its station began last.
    """

    factory: Factory
    device_id: str
    name: str
    station_id: str
    operation: str
    work_order_id: str | None = None
    counter_bits: int = 32
    most_at_once: int = 1_000
    time_unit: TimeUnit = TimeUnit.MILLISECONDS
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """Pieces that the counter says and the ledger may not have yet."""

    pieces: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class CounterState:
    """A device's counter as it is kept; ``pending`` is reported before anything else is counted."""

    device_id: str
    counter: Counter
    pending: Pending | None = None
    flags: Mapping[str, int] = field(default_factory=dict)
    """How often its readings were a reset, a roll-over, a dip, late."""
    revision: int = 1


@dataclass(frozen=True, slots=True)
class CountMessage:
    """A reading of a counter."""

    device_id: str
    count: int
    read_at: datetime
    work_order_id: str | None = None


def message_of(device: Device, payload: Mapping[str, Any], received_at: datetime) -> CountMessage:
    """Return what a device's payload says: ``{"count": 130, "stamp": 1782864000000}``.

    Raises:
        MessageUnreadable, DeviceClockWrong
    """
    most = (1 << device.counter_bits) - 1
    count, stamp, order = payload.get("count"), payload.get("stamp"), payload.get("workOrderId")
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= most:
        raise MessageUnreadable(device=device.device_id, problem=_NO_COUNT.filled(most=most))
    if not isinstance(stamp, int) or isinstance(stamp, bool):
        raise MessageUnreadable(device=device.device_id, problem=_NO_STAMP)
    read_at = _instant(device, stamp, received_at)
    return CountMessage(device.device_id, count, read_at, order if isinstance(order, str) else None)


def _instant(device: Device, stamp: int, received_at: datetime) -> datetime:
    unit = timedelta(milliseconds=1) if device.time_unit is TimeUnit.MILLISECONDS else timedelta(seconds=1)
    try:
        said = EPOCH + stamp * unit
    except OverflowError:
        said = None
    if said is not None and received_at - BEHIND <= said <= received_at + AHEAD:
        return said
    raise DeviceClockWrong(
        device=device.device_id,
        stamp=stamp,
        unit=device.time_unit.value,
        said="-" if said is None else said.isoformat(),
        received=received_at.isoformat(timespec="seconds"),
    )
