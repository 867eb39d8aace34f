"""Reading the state log: the changes of a period, and what a station's machines say of it (MES-12)."""

from enghub.core import clock
from enghub.core.paging import pages
from enghub.kit.calendars.intervals import Interval
from enghub.mes.equipment.model import Equipment
from enghub.mes.equipment.states import StateChange, standing
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Store

PAGE = 500
FIRST = "0"
"""Before every time as the keys write it."""


def changes_of(store: Store, factory: Factory, equipment_id: str, period: Interval) -> list[StateChange]:
    """Return the changes of a period, and the last ones before it."""
    name = (equipment_id,)
    start, end = clock.to_text(period.start), clock.to_text(period.end)
    before = store.facts(StateChange, factory, name, limit=20, between=(FIRST, start), newest_first=True)
    during = pages(
        lambda cursor: store.facts(StateChange, factory, name, limit=PAGE, between=(start, end), cursor=cursor)
    )
    return list(dict.fromkeys([*before.items, *(one for page in during for one in page.items)]))


class StationMachines:
    """What machines say of their station, for its time model."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def standing(
        self, factory: Factory, station_id: str, period: Interval, told: list[Interval]
    ) -> list[tuple[Interval, bool, bool]]:
        """Return when a machine of the station stood although no stop was told: (when, planned, a failure)."""
        machines = self._store.find(Equipment, factory, ("STATION", station_id), limit=100).items
        found = []
        for machine in machines:
            changes = changes_of(self._store, factory, machine.equipment_id, period)
            stood = standing(changes, period, told)
            found += [(one.interval, one.is_planned, one.is_failure) for one in stood]
        return found
