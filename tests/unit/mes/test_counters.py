"""Counters and clocks of devices, and pieces counted once whatever dies on the way (MES-24; MF19, MF20)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.core.errors import EngHubError
from enghub.mes.devices import counters
from enghub.mes.devices.counters import Counter, Said
from enghub.mes.devices.errors import (
    DeviceClockWrong,
    MessageUnreadable,
    NoOrderAtStation,
    SpikeInCounter,
    UnknownDevice,
)
from enghub.mes.devices.model import CounterState, Device, TimeUnit, message_of
from enghub.mes.devices.repository import CounterMoved
from enghub.mes.devices.service import DeviceMessage, Ingestion
from enghub.mes.factories import Factory
from enghub.mes.plant.model import Plant, PlantCalendar, ReportingRules, ShiftPlan, Span, Station
from enghub.mes.reports.service import Reporting
from enghub.mes.work_orders.model import Status
from tests.factories.http import NOW, an_origin
from tests.factories.mes import FACTORY, an_order_in
from tests.fakes.mes import FakeReports, Floor

SECOND = timedelta(seconds=1)
PRESS = Device(FACTORY, "press-7", "Press 7", "ST-1", "OP-10", counter_bits=16, work_order_id="WO-1")


def read_all(values: list[int], stamps: list[int] | None = None, most: int = 1000) -> tuple[list[int], list[Said]]:
    """Read values, in the order in which they arrive; returns what each added and what it was."""
    counter: Counter | None = None
    pieces, said = [], []
    for value, stamp in zip(values, stamps or range(len(values)), strict=True):
        reading = counters.read(counter, value, NOW + stamp * SECOND, 16, most)
        counter = reading.counter
        pieces.append(reading.pieces)
        said.append(reading.said)
    return pieces, said


@pytest.mark.parametrize(
    ("values", "stamps", "pieces", "said"),
    [
        ([65_530, 4], None, [0, 10], Said.ROLLED_OVER),
        ([20_000, 3, 8], None, [0, 3, 5], Said.COUNTED),
        ([13_423, 0, 13_425], None, [0, 0, 2], Said.DIP_RECOVERED),
        ([13_423, 0, 0, 13_425], None, [0, 0, 0, 2], Said.DIP_RECOVERED),
        ([13_423, 5, 13_430, 13_440], None, [0, 5, 2, 10], Said.COUNTED),
        ([100, 160, 130], [1, 3, 2], [0, 60, 0], Said.LATE_OR_REPEATED),
        ([100, 160, 160, 130], [1, 3, 3, 2], [0, 60, 0, 0], Said.LATE_OR_REPEATED),
    ],
)
def test_what_counters_do_in_the_field(values: list[int], stamps: Any, pieces: list[int], said: Said) -> None:
    """MF19: a dip never becomes the new base, a reset is no roll-over, late and repeated readings add nothing."""
    found, kinds = read_all(values, stamps)
    assert (found, kinds[-1]) == (pieces, said)


def test_after_a_reset_the_old_value_is_reached_again_without_loss() -> None:
    values = [20_000, 3, *range(500, 25_000, 500)]
    assert sum(read_all(values)[0]) == values[-1]


def test_a_spike_moves_nothing() -> None:
    counter = Counter(100, NOW)
    with pytest.raises(SpikeInCounter):
        counters.read(counter, 60_000, NOW + SECOND, 16, 1000)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40), st.integers(0, 65_535), st.randoms())
def test_any_order_and_any_repeats_never_count_more_than_was_made(steps: list[int], start: int, random: Any) -> None:
    total, readings = start, [(start, 0)]
    for number, step in enumerate(steps, start=1):
        total += step
        readings.append((total % 65_536, number))
    in_order = read_all([value for value, _ in readings])[0]
    assert sum(in_order) == sum(steps)
    shuffled = [*readings[1:-1], *readings[1:-1]]
    random.shuffle(shuffled)
    arriving = [readings[0], *shuffled, readings[-1]]
    if max(steps) * len(steps) <= 1000:
        assert sum(read_all([value for value, _ in arriving], [stamp for _, stamp in arriving])[0]) == sum(steps)


def test_seconds_instead_of_milliseconds_are_parked_and_read_anew_once_told() -> None:
    """MF20: not booked to 1970-01-21."""
    received = datetime(2026, 7, 1, tzinfo=UTC)
    payload = {"count": 1, "stamp": 1_782_864_000}
    with pytest.raises(DeviceClockWrong) as refused:
        message_of(PRESS, payload, received)
    assert "1970-01-21" in refused.value.message("en")
    in_seconds = Device(FACTORY, "press-7", "Press 7", "ST-1", "OP-10", time_unit=TimeUnit.SECONDS)
    assert message_of(in_seconds, payload, received).read_at == received


@pytest.mark.parametrize("away", [timedelta(days=365), timedelta(minutes=6), -timedelta(days=32)])
def test_a_clock_that_is_wrong_is_named(away: timedelta) -> None:
    stamp = int((NOW + away).timestamp() * 1000)
    with pytest.raises(DeviceClockWrong):
        message_of(PRESS, {"count": 1, "stamp": stamp}, NOW)


@pytest.mark.parametrize(
    "payload", [{}, {"count": -1, "stamp": 1}, {"count": 65_536, "stamp": 1}, {"count": True, "stamp": 1}, {"count": 1}]
)
def test_what_is_no_reading_is_named(payload: dict[str, Any]) -> None:
    with pytest.raises(MessageUnreadable):
        message_of(PRESS, payload, NOW)


class Died(Exception):
    """The process is gone."""


class FakeDevices:
    """See ``DeviceRepository``; dies before or after a write when told to."""

    def __init__(self, device: Device | None = PRESS) -> None:
        self.device = device
        self.kept: CounterState | None = None
        self.running: str | None = None
        self.deaths: list[int] = []
        self.writes = 0

    def whose(self, device_id: str) -> Device | None:
        return self.device if self.device and self.device.device_id == device_id else None

    def state(self, factory: Factory, device_id: str) -> CounterState | None:
        return self.kept

    def keep(self, factory: Factory, before: CounterState | None, after: CounterState) -> CounterState:
        self.writes += 1
        if self.writes * 2 in self.deaths:
            raise Died
        if self.kept != before:
            raise CounterMoved
        self.kept = after
        if self.writes * 2 + 1 in self.deaths:
            raise Died
        return after

    def running_order(self, factory: Factory, station_id: str) -> str | None:
        return self.running


def a_message(count: int, second: int) -> DeviceMessage:
    payload = {"count": count, "stamp": int((NOW + second * SECOND).timestamp() * 1000)}
    return DeviceMessage("press-7", payload, NOW + second * SECOND, an_origin(at=NOW + timedelta(hours=1)))


def ingest(floor: Floor, devices: FakeDevices, message: DeviceMessage) -> Said | str:
    try:
        return Ingestion(devices, Reporting(FakeReports(floor))).take(message)
    except (EngHubError, Died) as error:
        return type(error).__name__


def a_floor() -> Floor:
    """An order in production in a factory whose calendar tells the shift, which devices do not name."""
    calendar = PlantCalendar("UTC", (ShiftPlan("all", Span("00:00", "00:00")),))
    return Floor(
        orders={(FACTORY, "WO-1"): an_order_in(Status.IN_PROGRESS, started_at=NOW)},
        plants={FACTORY: Plant(FACTORY, "x", calendar, ReportingRules(oldest_hours=8000))},
        stations={(FACTORY, "ST-1"): Station(FACTORY, "ST-1", "one", "SMT-1")},
    )


@pytest.mark.parametrize("death", range(2, 10))
def test_a_process_that_dies_anywhere_loses_and_doubles_nothing(death: int) -> None:
    floor, devices = a_floor(), FakeDevices()
    devices.deaths = [death]
    for message in (a_message(100, 1), a_message(110, 2), a_message(130, 3)):
        while ingest(floor, devices, message) == "Died":
            pass
    assert floor.orders[FACTORY, "WO-1"].good == 30
    assert sum(report.good for report in floor.reports.values()) == 30
    assert {report.source for report in floor.reports.values()} == {"device"}


def test_a_message_that_waits_while_others_pass_is_late_not_lost() -> None:
    floor, devices = a_floor(), FakeDevices()
    devices.deaths = [5]
    ingest(floor, devices, a_message(100, 1))
    assert ingest(floor, devices, a_message(110, 2)) == "Died"
    assert ingest(floor, devices, a_message(130, 3)) is Said.COUNTED
    assert ingest(floor, devices, a_message(110, 2)) is Said.LATE_OR_REPEATED
    assert floor.orders[FACTORY, "WO-1"].good == 30


def test_what_the_ledger_refuses_stays_pending_until_it_can() -> None:
    floor, devices = a_floor(), FakeDevices()
    ingest(floor, devices, a_message(100, 1))
    floor.orders[FACTORY, "WO-1"] = floor.orders[FACTORY, "WO-1"].pause(NOW)
    assert ingest(floor, devices, a_message(110, 2)) == "NotInProduction"
    assert ingest(floor, devices, a_message(110, 2)) == "NotInProduction"
    floor.orders[FACTORY, "WO-1"] = floor.orders[FACTORY, "WO-1"].resume(NOW)
    assert ingest(floor, devices, a_message(110, 2)) is Said.LATE_OR_REPEATED
    assert floor.orders[FACTORY, "WO-1"].good == 10


def test_a_device_counts_for_the_order_that_runs_at_its_station() -> None:
    floor = a_floor()
    anywhere = Device(FACTORY, "press-7", "Press 7", "ST-1", "OP-10")
    devices = FakeDevices(anywhere)
    ingest(floor, devices, a_message(100, 1))
    assert ingest(floor, devices, a_message(110, 2)) == NoOrderAtStation.__name__
    devices.running = "WO-1"
    assert ingest(floor, devices, a_message(115, 3)) is Said.COUNTED
    assert floor.orders[FACTORY, "WO-1"].good == 15
    assert ingest(floor, FakeDevices(None), a_message(1, 1)) == UnknownDevice.__name__
