"""What the use cases of stops need from a store."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.kit.calendars.intervals import Interval
from enghub.mes.factories import Factory
from enghub.mes.reports.model import Report
from enghub.mes.stops.model import Stop


class StopRepository(Protocol):
    """Stores stops of many tenants and factories."""

    def get(self, factory: Factory, stop_id: str) -> Kept[Stop] | None:
        """Return a stop as it is now."""

    def save(self, commit: Commit[Stop]) -> Kept[Stop]:
        """Store a new stop or a change of one.

        Raises:
            VersionConflict: somebody else changed it.
        """

    def of_station(self, factory: Factory, station_id: str, since: datetime, until: datetime) -> list[Stop]:
        """Return the stops of a station that touch a period, by when they began."""


class StationLedger(Protocol):
    """What stations produced."""

    def of_station(self, factory: Factory, days: Iterable[tuple[str, str]], station_id: str) -> list[Report]:
        """Return the reports of a station in shifts, each given as (day, shift)."""


class Machines(Protocol):
    """What the machines of a station tell themselves."""

    def standing(
        self, factory: Factory, station_id: str, period: Interval, told: list[Interval]
    ) -> list[tuple[Interval, bool, bool]]:
        """Return when one stood outside the stops that were told: (when, planned, a failure)."""
