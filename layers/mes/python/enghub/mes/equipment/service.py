"""What people and devices tell of equipment, and what follows from it (MES-12)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from enghub.core import clock
from enghub.core.commits import Commit, Kept
from enghub.core.errors import Unavailable, VersionConflict
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.kit.calendars.intervals import Interval
from enghub.mes.equipment.errors import EquipmentNotFound, StateNamedOtherwise
from enghub.mes.equipment.log import PAGE, changes_of
from enghub.mes.equipment.model import Equipment, Meter, check_told
from enghub.mes.equipment.states import Reliability, State, StateChange, reliability
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import ATTEMPTS, FactExists, Found, Store
from enghub.mes.masters.service import Masters
from enghub.mes.plant.model import Station

if TYPE_CHECKING:
    from enghub.mes import published
else:
    published = lazy("enghub.mes.published")


@dataclass(frozen=True, slots=True)
class TellState:
    """A machine is in ``state`` since ``at``; the same state of the same moment is a repeat, unless ids differ."""

    origin: Origin
    equipment_id: str
    state: State
    at: datetime
    reason: str = ""
    change_id: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A meter of a machine shows ``value`` at ``at``."""

    origin: Origin
    equipment_id: str
    meter: str
    value: Decimal
    at: datetime
    is_reset: bool = False


class EquipmentLedger:
    """The use cases."""

    def __init__(self, store: Store, stations: Masters[Station], now: Callable[[], datetime]) -> None:
        self._store = store
        self._stations = stations
        self._now = now

    def put(self, origin: Origin, wanted: Equipment, version: int | None) -> Equipment:
        """Store a machine as wanted; the same again gets the stored one.

        Raises:
            MasterNotFound: there is no such station. VersionConflict
        """
        before = self._store.get(Equipment, wanted.factory, wanted.equipment_id)
        seen = before.value.version if before else 0
        if before is not None and replace(wanted, version=seen) == before.value and version in (None, seen - 1, seen):
            return before.value
        if (version or 0) != seen:
            raise VersionConflict(expected=version or 0, actual=seen)
        if wanted.station_id is not None:
            self._stations.get(wanted.factory, wanted.station_id)
        made = replace(wanted, version=seen + 1)
        self._store.save(Commit(origin, "changed" if before else "registered", made, before))
        return made

    def get(self, factory: Factory, equipment_id: str) -> Equipment:
        """Return a machine.

        Raises:
            EquipmentNotFound
        """
        return self._kept(factory, equipment_id).value

    def page(self, factory: Factory, station_id: str | None, limit: int, cursor: str | None) -> Found[Equipment]:
        """Return a page of the machines of a factory, or of a station, by id."""
        name = ("STATION", station_id) if station_id else ("ALL",)
        return self._store.find(Equipment, factory, name, limit=limit, cursor=cursor)

    def tell(self, command: TellState) -> StateChange:
        """Add a change to the state log; the same again gets the stored one.

        Raises:
            EquipmentNotFound, EquipmentScrapped, ToldFromFuture, StateNamedOtherwise
        """
        origin, factory = command.origin, Factory.of(command.origin)
        kept = self._kept(factory, command.equipment_id)
        kept.value.check_there()
        check_told(command.at, origin.at)
        change = StateChange(
            factory=factory,
            equipment_id=command.equipment_id,
            change_id=command.change_id or command.state.value,
            state=command.state,
            at=command.at,
            told_by=origin.user_id,
            recorded_at=origin.at,
            reason=command.reason,
        )
        event = published.EquipmentStateChanged(
            equipment_id=change.equipment_id,
            station_id=kept.value.station_id,
            change_id=change.change_id,
            state=change.state.value,
            at=change.at,
            reason=change.reason,
        ).envelope(origin)
        for _ in range(ATTEMPTS):
            try:
                self._store.save(Commit(origin, "state_told", kept.value, kept, (event,)), facts=(change,))
            except FactExists:
                return self._told_before(change)
            except VersionConflict:
                if (known := self._find(change)) is not None:
                    return self._same(change, known)
                kept = self._kept(factory, command.equipment_id)
                continue
            return change
        raise Unavailable(reason="many tell of this equipment at once")

    def read(self, command: Read) -> Meter:
        """Take a reading of a meter.

        Raises:
            EquipmentNotFound, EquipmentScrapped, ToldFromFuture, MeterFellBack
        """
        origin, factory = command.origin, Factory.of(command.origin)
        self.get(factory, command.equipment_id).check_there()
        check_told(command.at, origin.at)
        name = (command.equipment_id, command.meter)
        for _ in range(ATTEMPTS):
            before = self._store.get(Meter, factory, *name)
            known = before.value if before else Meter(factory, *name)
            if (known.last_at, known.last_value) == (command.at, command.value):
                return known
            after = known.read(command.value, command.at, is_reset=command.is_reset)
            if after == known:
                return known
            try:
                self._store.save(Commit(origin, "read", after, before))
            except VersionConflict:
                continue
            return after
        raise Unavailable(reason="many read this meter at once")

    def meters(self, factory: Factory, equipment_id: str) -> tuple[Meter, ...]:
        """Return a machine's meters."""
        return self._store.find(Meter, factory, (equipment_id,), limit=100).items

    def states(self, factory: Factory, equipment_id: str, period: Interval) -> list[StateChange]:
        """Return the changes that say what a machine did in a period, and until now: the one in force at its start too.

        Raises:
            EquipmentNotFound
        """
        self.get(factory, equipment_id)
        return changes_of(self._store, factory, equipment_id, Interval(period.start, max(period.end, self._now())))

    def figures(self, factory: Factory, equipment_id: str, period: Interval) -> Reliability:
        """Return time by state, failures, MTBF and MTTR of a period.

        Raises:
            EquipmentNotFound
        """
        return reliability(self.states(factory, equipment_id, period), period, self._now())

    def _kept(self, factory: Factory, equipment_id: str) -> Kept[Equipment]:
        found = self._store.get(Equipment, factory, equipment_id)
        if found is None:
            raise EquipmentNotFound(equipment_id=equipment_id)
        return found

    def _find(self, change: StateChange) -> StateChange | None:
        at = clock.to_text(change.at)
        page = self._store.facts(
            StateChange, change.factory, (change.equipment_id,), limit=PAGE, between=(at, at + "~")
        )
        return next((one for one in page.items if one.change_id == change.change_id), None)

    def _told_before(self, change: StateChange) -> StateChange:
        known = self._find(change)
        return change if known is None else self._same(change, known)

    def _same(self, change: StateChange, known: StateChange) -> StateChange:
        if (known.state, known.reason) != (change.state, change.reason):
            raise StateNamedOtherwise(change_id=change.change_id)
        return known
