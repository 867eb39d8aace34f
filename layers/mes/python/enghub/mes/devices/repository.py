"""What ingesting messages of devices needs from a store."""

from typing import Protocol

from enghub.mes.devices.model import CounterState, Device
from enghub.mes.factories import Factory


class CounterMoved(Exception):
    """Another message moved the counter between reading and writing; read again."""


class DeviceRepository(Protocol):
    """Devices by their identity, and their counters."""

    def whose(self, device_id: str) -> Device | None:
        """Return a registered device by the identity that the broker knows it by."""

    def state(self, factory: Factory, device_id: str) -> CounterState | None:
        """Return a device's counter as it is now."""

    def keep(self, factory: Factory, before: CounterState | None, after: CounterState) -> CounterState:
        """Store a counter where it is still as it was seen.

        Raises:
            CounterMoved
        """

    def running_order(self, factory: Factory, station_id: str) -> str | None:
        """Return the order in production that a station began last."""
