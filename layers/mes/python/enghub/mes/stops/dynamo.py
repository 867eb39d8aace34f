"""Stops in DynamoDB: an item each, listed by station and begin in ``gsi1``; reasons are master data.

A stop lasts at most a month, so the stops that touch a period began at most a month before it.
"""

from collections.abc import Iterable
from datetime import date, datetime

from enghub.core import clock
from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key
from enghub.mes.factories import Factory
from enghub.mes.masters.dynamo import DynamoMasters, factory_of_key, master_key
from enghub.mes.reports.dynamo import REPORTS, shift_partition
from enghub.mes.reports.model import Report
from enghub.mes.stops.model import LONGEST, Stop, StopReason

_OF_FACTORY = Layout(given=("factory",), of_key=factory_of_key)


def _stop_key(factory: Factory, stop_id: str) -> Key:
    return key("T", factory.tenant_id, "F", factory.factory_id, "STOP", stop_id), "STOP"


def _station(factory: Factory, station_id: str) -> str:
    return key("T", factory.tenant_id, "F", factory.factory_id, "STOPS", station_id)


STOPS = Aggregate(
    Stop,
    "STOP",
    key=lambda stop: _stop_key(stop.factory, stop.stop_id),
    layout=_OF_FACTORY,
    more=lambda stop: {
        "gsi1pk": _station(stop.factory, stop.station_id),
        "gsi1sk": key(clock.to_text(stop.started_at), stop.stop_id),
    },
    name="stop",
    identity=lambda stop: stop.stop_id,
    factory=lambda stop: stop.factory.factory_id,
    shows=("line_id", "station_id", "started_at", "ended_at", "reason", "is_planned", "comment", "source"),
)
REASONS = Aggregate(
    StopReason,
    "STOP_REASON",
    key=lambda reason: master_key(reason.factory, "STOP-REASONS", reason.code),
    layout=_OF_FACTORY,
    name="stop_reason",
    identity=lambda reason: reason.code,
    factory=lambda reason: reason.factory.factory_id,
    shows=("name", "parent", "is_planned", "is_failure", "is_deleted"),
)


def reasons() -> DynamoMasters[StopReason]:
    """Return the store of stop reasons."""
    return DynamoMasters(REASONS, "STOP-REASONS")


class DynamoStops:
    """The store."""

    def get(self, factory: Factory, stop_id: str) -> Kept[Stop] | None:
        """One consistent GetItem."""
        return STOPS.read(_stop_key(factory, stop_id))

    def save(self, commit: Commit[Stop]) -> Kept[Stop]:
        """One transaction: the stop, its audit entry, its events."""
        return STOPS.save(commit)

    def of_station(self, factory: Factory, station_id: str, since: datetime, until: datetime) -> list[Stop]:
        """One Query of ``gsi1`` per page."""
        between = (clock.to_text(since - LONGEST), clock.to_text(until))
        found = STOPS.each(_station(factory, station_id), index="gsi1", between=between)
        return [stop for stop in found if stop.ended_at is None or stop.ended_at > since]


class DynamoStationLedger:
    """Reports of a station from ``gsi1``."""

    def of_station(self, factory: Factory, days: Iterable[tuple[str, str]], station_id: str) -> list[Report]:
        """One Query per shift and page."""
        prefix = f"{key(station_id)}#"
        parts = [shift_partition(factory, date.fromisoformat(day), shift) for day, shift in days]
        return [report for part in parts for report in REPORTS.each(part, index="gsi1", prefix=prefix)]
