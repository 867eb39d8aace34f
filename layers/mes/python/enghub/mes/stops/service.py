"""What people do with stops, and what stops cost (MES-12, MES-27)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from enghub.core import ids
from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.kit.calendars.intervals import Interval, intersection, total
from enghub.kit.calendars.shifts import ShiftOnDay
from enghub.mes.factories import Factory
from enghub.mes.masters.errors import UnknownReference
from enghub.mes.masters.service import Masters
from enghub.mes.plant.model import Station, calendar_of
from enghub.mes.plant.service import PlantService, days_between
from enghub.mes.reports.model import Report
from enghub.mes.stops import model
from enghub.mes.stops.errors import StopNotFound
from enghub.mes.stops.kpis import Elements, StopSpan, time_elements
from enghub.mes.stops.model import Loss, Stop, StopReason
from enghub.mes.stops.repository import Machines, StationLedger, StopRepository

if TYPE_CHECKING:
    from enghub.mes import published
else:
    published = lazy("enghub.mes.published")

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class BeginStop:
    """A station stands since ``started_at``; an end where it is over already."""

    origin: Origin
    station_id: str
    started_at: datetime
    ended_at: datetime | None = None
    reason: str | None = None
    comment: str | None = None
    source: str = "terminal"
    stop_id: str | None = None


@dataclass(frozen=True, slots=True)
class ShiftElements:
    """A station's elements of one shift."""

    shift: ShiftOnDay
    elements: Elements


class Stops:
    """The use cases of stops."""

    def __init__(self, repository: StopRepository, reasons: Masters[StopReason], stations: Masters[Station]) -> None:
        self._repository = repository
        self._reasons = reasons
        self._stations = stations

    def begin(self, command: BeginStop) -> Kept[Stop]:
        """Store a stop; the same stop id again gets the stored one.

        Raises:
            MasterNotFound: there is no such station. UnknownReference: no such reason.
            StopEndsBeforeItBegins, StopTooLong, StopInFuture
        """
        origin, factory = command.origin, Factory.of(command.origin)
        if command.stop_id is not None:
            known = self._repository.get(factory, command.stop_id)
            if known is not None:
                return known
        station = self._stations.get(factory, command.station_id).value
        model.check_times(command.started_at, command.ended_at, origin.at)
        stop = Stop(
            factory=factory,
            stop_id=command.stop_id or ids.new_id(origin.at),
            line_id=station.line_id,
            station_id=station.station_id,
            started_at=command.started_at,
            ended_at=command.ended_at,
            comment=command.comment,
            source=command.source,
        )
        if command.reason is not None:
            stop = stop.explained(self._reason(factory, command.reason))
        events = [published.LineStopped.model_validate(_facts(stop)).envelope(origin)]
        if stop.ended_at is not None:
            events.append(_started(stop).envelope(origin))
        return self._repository.save(Commit(origin, "begun", stop, events=tuple(events)))

    def end(self, origin: Origin, stop_id: str, at: datetime | None, version: int) -> Kept[Stop]:
        """End a stop; the same end again gets the stored one.

        Raises:
            StopNotFound, VersionConflict, StopEndsAlready, StopEndsBeforeItBegins, StopTooLong, StopInFuture
        """
        before = self._kept(Factory.of(origin), stop_id)
        ended_at = at or origin.at
        if at is not None and before.value.ended_at == at and before.revision == version + 1:
            return before
        _check_version(before, version)
        after = before.value.end(ended_at, origin.at)
        return self._repository.save(Commit(origin, "ended", after, before, (_started(after).envelope(origin),)))

    def explain(self, origin: Origin, stop_id: str, reason: str, version: int) -> Kept[Stop]:
        """Say why a station stood.

        Raises:
            StopNotFound, VersionConflict, UnknownReference
        """
        factory = Factory.of(origin)
        before = self._kept(factory, stop_id)
        if before.value.reason == reason and before.revision == version + 1:
            return before
        _check_version(before, version)
        after = before.value.explained(self._reason(factory, reason))
        return self._repository.save(Commit(origin, "explained", after, before))

    def get(self, factory: Factory, stop_id: str) -> Kept[Stop]:
        """Return a stop.

        Raises:
            StopNotFound
        """
        return self._kept(factory, stop_id)

    def _reason(self, factory: Factory, code: str) -> StopReason:
        found = self._reasons.find(factory, code)
        if found is None:
            raise UnknownReference(field="reason", what="stop reason", name=code)
        return found

    def _kept(self, factory: Factory, stop_id: str) -> Kept[Stop]:
        found = self._repository.get(factory, stop_id)
        if found is None:
            raise StopNotFound(stop_id=stop_id)
        return found


class Losses:
    """The figures of a station: time model, KPIs, Pareto of losses."""

    def __init__(
        self,
        stops: StopRepository,
        plant: PlantService,
        ledger: StationLedger,
        clock: Callable[[], datetime],
        machines: Machines | None = None,
    ) -> None:
        self._stops = stops
        self._plant = plant
        self._ledger = ledger
        self._clock = clock
        self._machines = machines

    def elements(self, factory: Factory, station_id: str, first: date, last: date) -> list[ShiftElements]:
        """Return a station's elements by shift; shifts that are not over count until now.

        Raises:
            PlantNotDescribed, MasterNotFound, TooManyDays
        """
        now = self._clock()
        shifts_of, days = self._shifts_of(factory, station_id), days_between(first, last)
        shifts = [one for day in days for one in shifts_of(day)]
        stops = self._touching(factory, station_id, shifts, now)
        reports = self._ledger.of_station(factory, [(one.day.isoformat(), one.name) for one in shifts], station_id)
        machines = self._of_machines(factory, station_id, shifts, [stop.interval(now) for stop in stops])
        past = [first - timedelta(days=number) for number in range(1, model.LONGEST.days + 1)]
        earlier = [part for day in past for one in shifts_of(day) for part in one.working]
        found = []
        for shift in shifts:
            working = [part.meet(Interval(shift.interval.start, now)) for part in shift.working]
            spans = [stop.span(now) for stop in stops] + machines
            mine = [one for one in reports if (one.shift_on, one.shift) == (shift.day, shift.name)]
            found.append(ShiftElements(shift, time_elements(working, spans, earlier) + _quantities(mine)))
            earlier += working
        return found

    def pareto(self, factory: Factory, station_id: str, first: date, last: date) -> list[Loss]:
        """Return what stopped a station in its working time, the greatest loss first; each stop counts once.

        Raises:
            PlantNotDescribed, MasterNotFound, TooManyDays
        """
        now = self._clock()
        shifts_of = self._shifts_of(factory, station_id)
        shifts = [one for day in days_between(first, last) for one in shifts_of(day)]
        working = [part for shift in shifts for part in shift.working]
        lost = []
        for stop in self._touching(factory, station_id, shifts, now):
            seconds = total(intersection([stop.interval(now)], working)).total_seconds()
            if seconds and not stop.is_planned:
                lost.append((stop.reason or model.UNKNOWN_REASON, Decimal(str(seconds)), stop.is_micro(now)))
        return model.pareto(lost)

    def _shifts_of(self, factory: Factory, station_id: str) -> Callable[[date], list[ShiftOnDay]]:
        calendar = calendar_of(self._plant.plant(factory).value)
        station = self._plant.stations.get(factory, station_id).value
        own = set(station.shifts) if station.shifts and calendar.shifts else None
        return lambda day: [one for one in calendar.shifts_of(day) if own is None or one.name in own]

    def _touching(self, factory: Factory, station_id: str, shifts: list[ShiftOnDay], now: datetime) -> list[Stop]:
        if not shifts:
            return []
        since, until = shifts[0].interval.start, max(one.interval.end for one in shifts)
        return self._stops.of_station(factory, station_id, since, min(until, now))

    def _of_machines(
        self, factory: Factory, station_id: str, shifts: list[ShiftOnDay], told: list[Interval]
    ) -> list[StopSpan]:
        """Return when the station's machines stood although nobody told a stop."""
        if not shifts or self._machines is None:
            return []
        end = min(max(one.interval.end for one in shifts), self._clock())
        period = Interval(shifts[0].interval.start, end)
        return [StopSpan(*one) for one in self._machines.standing(factory, station_id, period, told)]


def _quantities(reports: list[Report]) -> Elements:
    found = Elements()
    for report in reports:
        sign = -1 if report.reverses else 1
        produced = report.quantity * sign
        is_timed = report.standard_seconds is not None
        found += Elements(
            produced=produced,
            good=report.good * sign,
            ideal_seconds=(report.standard_seconds or ZERO) * produced,
            timed=produced if is_timed else ZERO,
        )
    return found


def _check_version(kept: Kept[Stop], version: int) -> None:
    if kept.revision != version:
        raise VersionConflict(expected=version, actual=kept.revision)


def _facts(stop: Stop) -> dict[str, object]:
    return {
        "stop_id": stop.stop_id,
        "line_id": stop.line_id,
        "station_id": stop.station_id,
        "reason": stop.reason,
        "is_planned": stop.is_planned,
        "started_at": stop.started_at,
    }


def _started(stop: Stop) -> "published.LineStarted":
    ended_at = stop.ended_at or stop.started_at
    seconds = Decimal(str((ended_at - stop.started_at).total_seconds()))
    return published.LineStarted.model_validate({**_facts(stop), "ended_at": ended_at, "seconds": seconds})
