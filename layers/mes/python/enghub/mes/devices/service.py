"""Messages of devices become reports of the ledger, each piece once (MES-24).

The counter is kept first, with what it says is pending; then the report, under a key that follows from device and time
of the reading, so that it is stored once however often it is tried; then what was pending is taken away. Whatever is
pending is reported before anything else is counted: a process that dies anywhere loses nothing and doubles nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from enghub.core import claims
from enghub.core.clock import to_text
from enghub.core.errors import Unavailable
from enghub.core.identity import Origin
from enghub.mes.devices import counters
from enghub.mes.devices.counters import Said
from enghub.mes.devices.errors import NoOrderAtStation, UnknownDevice
from enghub.mes.devices.model import CounterState, CountMessage, Device, Pending, message_of
from enghub.mes.devices.repository import CounterMoved, DeviceRepository
from enghub.mes.factories import Factory
from enghub.mes.reports.model import StationOperation
from enghub.mes.reports.service import Reporting, ReportProduction

ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class DeviceMessage:
    """A message as the broker brought it."""

    device_id: str
    payload: Mapping[str, Any]
    received_at: datetime
    origin: Origin


class Ingestion:
    """The use case."""

    def __init__(self, repository: DeviceRepository, reporting: Reporting) -> None:
        self._repository = repository
        self._reporting = reporting

    def take(self, message: DeviceMessage) -> Said:
        """Count a message; returns what its reading was.

        Raises:
            DeviceProblem: a person has to look; nothing of the message is counted.
            EngHubError: the ledger refuses the pieces that are pending; they stay so.
            Unavailable: other messages of the device kept coming between.
        """
        device = self._repository.whose(message.device_id)
        if device is None or device.is_deleted:
            raise UnknownDevice(device=message.device_id)
        said = message_of(device, message.payload, message.received_at)
        origin = replace(
            message.origin,
            tenant_id=device.factory.tenant_id,
            factory_id=device.factory.factory_id,
            user_id=f"device/{device.device_id}",
        )
        for _ in range(ATTEMPTS):
            try:
                return self._count(device, said, origin)
            except CounterMoved:
                continue
        raise Unavailable

    def _count(self, device: Device, message: CountMessage, origin: Origin) -> Said:
        factory = device.factory
        before = self._repository.state(factory, device.device_id)
        if before is not None and before.pending is not None:
            before = self._report(device, message.work_order_id, before, origin)
        known = None if before is None else before.counter
        reading = counters.read(known, message.count, message.read_at, device.counter_bits, device.most_at_once)
        flags = dict(before.flags) if before else {}
        if reading.said is not Said.COUNTED:
            flags[reading.said.value] = flags.get(reading.said.value, 0) + 1
        pending = Pending(reading.pieces, message.read_at) if reading.pieces else None
        after = CounterState(
            device.device_id, reading.counter, pending, flags, 1 if before is None else before.revision + 1
        )
        kept = self._repository.keep(factory, before, after)
        if kept.pending is not None:
            self._report(device, message.work_order_id, kept, origin)
        return reading.said

    def _report(self, device: Device, order: str | None, state: CounterState, origin: Origin) -> CounterState:
        """Report what is pending, and take it away."""
        pending = state.pending
        if pending is None:
            return state
        self._reporting.report(self._command(device, order, pending, origin))
        after = replace(state, pending=None, revision=state.revision + 1)
        return self._repository.keep(device.factory, state, after)

    def _command(self, device: Device, order: str | None, pending: Pending, origin: Origin) -> ReportProduction:
        work_order_id = order or device.work_order_id or self._running(device.factory, device.station_id)
        key = f"device:{claims.fingerprint(device.device_id, to_text(pending.made_at))}"
        return ReportProduction(
            origin=origin,
            client_key=key,
            fingerprint=claims.fingerprint(key, str(pending.pieces)),
            work_order_id=work_order_id,
            good=Decimal(pending.pieces),
            defect=Decimal(0),
            defect_types=(),
            station_operation=StationOperation(device.station_id, device.operation),
            shift_on=None,
            shift=None,
            reported_at=pending.made_at,
            produced_by=f"device/{device.device_id}"[:64],
            source="device",
        )

    def _running(self, factory: Factory, station_id: str) -> str:
        found = self._repository.running_order(factory, station_id)
        if found is None:
            raise NoOrderAtStation(station=station_id)
        return found
