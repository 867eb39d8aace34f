"""What people and machines do with characteristics under control (MES-11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from enghub.core import clock, ids
from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.errors import Unavailable, VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.kit.statistics.capability import Capability, Tolerance, capability
from enghub.kit.statistics.charts import Charts, Parameters, Sample, chart, estimate
from enghub.kit.statistics.rules import marks
from enghub.mes import published
from enghub.mes.charts.errors import CharacteristicFixed, CharacteristicNotFound
from enghub.mes.charts.model import (
    UNKNOWN,
    Characteristic,
    Measurement,
    Signal,
    Tail,
    Taken,
    charts_of,
    judge,
)
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import ATTEMPTS, Found, Store

_HOW = ("product_id", "chart", "subgroup_size", "unit", "operation")
"""What makes a characteristic another one for its limits."""
MOST_POINTS = 500


@dataclass(frozen=True, slots=True)
class TakeSample:
    """A sample that was taken; neither values nor count is a gap."""

    origin: Origin
    characteristic_id: str
    taken_at: datetime
    values: tuple[Decimal, ...] = ()
    count: Decimal | None = None
    size: Decimal | None = None
    taken: Taken = UNKNOWN
    note: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored sample and what it signals."""

    measurement: Measurement
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A chart as people look at it."""

    characteristic: Characteristic
    measurements: tuple[Measurement, ...]
    charts: Charts | None
    parameters: Parameters | None
    failed: Mapping[tuple[str, int], tuple[str, ...]]
    """(chart, index) to the rules that the point fails."""
    capability: Capability | None


class ControlCharts:
    """The use cases; ``claim`` is the request's claim on its Idempotency-Key."""

    def __init__(self, store: Store, claim: Claim | None = None) -> None:
        self._store = store
        self._claim = claim

    def put(self, origin: Origin, wanted: Characteristic, version: int | None) -> Characteristic:
        """Store a characteristic as wanted; ``version`` is the one that the caller saw, None of a new one.

        Raises:
            VersionConflict, CharacteristicFixed
        """
        before = self._store.get(Characteristic, wanted.factory, wanted.characteristic_id)
        if before is None:
            if version is not None:
                raise VersionConflict(expected=version, actual=0)
            self._store.save(Commit(origin, "defined", wanted, claim=self._claim))
            return wanted
        old = before.value
        made = replace(
            wanted, phase=old.phase, phase_number=old.phase_number, baseline=old.baseline, version=old.version
        )
        if made == old:
            return old
        if version != old.version:
            raise VersionConflict(expected=version or 0, actual=old.version)
        if old.baseline is not None:
            for name in _HOW:
                if getattr(old, name) != getattr(made, name):
                    raise CharacteristicFixed(field=name)
        made = replace(made, version=old.version + 1)
        self._store.save(Commit(origin, "changed", made, before, claim=self._claim))
        return made

    def get(self, factory: Factory, characteristic_id: str) -> Characteristic:
        """Return one.

        Raises:
            CharacteristicNotFound
        """
        return self._kept(factory, characteristic_id).value

    def find(self, factory: Factory, product_id: str | None, limit: int, cursor: str | None) -> Found[Characteristic]:
        """Return one page of them, of one product or of all."""
        name = ("PRODUCT", product_id) if product_id else ("ALL",)
        return self._store.find(Characteristic, factory, name, limit=limit, cursor=cursor)

    def record(self, take: TakeSample) -> Recorded:
        """Store a sample; publish what it signals.

        Raises:
            CharacteristicNotFound, SampleDoesNotFit
            Unavailable: others kept recording on the same chart.
        """
        origin, factory = take.origin, Factory.of(take.origin)
        for _ in range(ATTEMPTS):
            found = self._kept(factory, take.characteristic_id).value
            tail = self._store.get(Tail, factory, take.characteristic_id)
            measured = _measured(found, take)
            judged = judge(found, tail.value if tail else None, measured)
            recorded = Recorded(measured, judged.signals)
            events = tuple(event for signal in judged.signals for event in _told(origin, found, signal))
            commit = Commit(origin, "", judged.tail, tail, events=events, claim=self._claim, answered=recorded)
            try:
                self._store.save(commit, facts=(measured, *judged.signals))
            except VersionConflict:
                continue
            return recorded
        raise Unavailable(reason="many recorders on one chart")

    def begin_phase(
        self,
        origin: Origin,
        characteristic_id: str,
        version: int,
        window: tuple[datetime, datetime] | None,
        excluded: Mapping[str, str],
    ) -> Characteristic:
        """Put limits into force that are learnt from the samples of ``window``, or without one collect anew.

        Raises:
            CharacteristicNotFound, VersionConflict, BaselineTooSmall, NoVariation
        """
        before = self._kept(Factory.of(origin), characteristic_id)
        if before.value.version != version:
            raise VersionConflict(expected=version, actual=before.value.version)
        if window is None:
            after, verb = before.value.start_baseline(), "baseline_started"
        else:
            after, verb = before.value.monitor(self._between(before.value, *window), excluded), "limits_set"
        self._store.save(Commit(origin, verb, after, before, claim=self._claim))
        return after

    def view(self, factory: Factory, characteristic_id: str, limit: int) -> View:
        """Return the last ``limit`` samples as chart: by the limits in force, in a baseline by those of its own.

        Raises:
            CharacteristicNotFound
        """
        found = self.get(factory, characteristic_id)
        name = (characteristic_id,)
        newest = self._store.facts(Measurement, factory, name, limit=limit, newest_first=True).items
        shown = tuple(reversed(newest))
        samples = [one.sample for one in shown]
        parameters = found.baseline.parameters if found.baseline else None
        enough = sum(not one.is_gap for one in samples) > 1
        if parameters is None and enough:
            parameters = estimate(found.chart, samples)
        made = None if parameters is None else chart(found.chart, parameters, samples)
        failed: dict[tuple[str, int], tuple[str, ...]] = {}
        for where, points, rules in charts_of(found, made) if made else ():
            for mark in marks(points, rules):
                failed[where, mark.index] = (*failed.get((where, mark.index), ()), mark.rule)
        able = None
        if enough and not found.chart.is_of_counts and not (found.lower_limit is found.upper_limit is None):
            able = capability(found.chart, samples, Tolerance(found.lower_limit, found.upper_limit))
        return View(found, shown, made, parameters, failed, able)

    def signals(self, factory: Factory, characteristic_id: str, limit: int, cursor: str | None) -> Found[Signal]:
        """Return one page of signals, the newest first."""
        return self._store.facts(Signal, factory, (characteristic_id,), limit=limit, cursor=cursor, newest_first=True)

    def _between(self, found: Characteristic, begin: datetime, end: datetime) -> Sequence[Measurement]:
        between = (clock.to_text(begin), clock.to_text(end) + "~")
        name = (found.characteristic_id,)
        return self._store.facts(Measurement, found.factory, name, limit=MOST_POINTS, between=between).items

    def _kept(self, factory: Factory, characteristic_id: str) -> Kept[Characteristic]:
        kept = self._store.get(Characteristic, factory, characteristic_id)
        if kept is None:
            raise CharacteristicNotFound(characteristic_id=characteristic_id)
        return kept


def _measured(found: Characteristic, take: TakeSample) -> Measurement:
    is_gap = not take.values and take.count is None and bool(take.note)
    return Measurement(
        factory=found.factory,
        characteristic_id=found.characteristic_id,
        sample_id=ids.new_id(take.origin.at),
        taken_at=take.taken_at,
        phase_number=found.phase_number,
        sample=Sample() if is_gap else found.check(take.values, take.count, take.size),
        taken=take.taken,
        note=take.note,
    )


def _told(origin: Origin, found: Characteristic, signal: Signal) -> tuple[Envelope, Envelope]:
    point = signal.point
    where = {
        "lot_id": signal.lot_id,
        "work_order_id": signal.work_order_id,
        "station_id": signal.station_id,
    }
    signalled = published.ChartSignalled(
        characteristic_id=found.characteristic_id,
        product_id=found.product_id,
        operation=found.operation,
        sample_id=signal.sample_id,
        taken_at=signal.taken_at,
        chart=signal.chart,
        rules=signal.rules,
        value=point.value or Decimal(0),
        centre=point.centre,
        lower=point.lower,
        upper=point.upper,
        ocap_plan_id=found.ocap_plan_id,
        **where,
    )
    notice = NoticeRequested(
        notice_type="mes.chart_signalled",
        severity=Severity.WARNING,
        subject=f"characteristic/{found.characteristic_id}",
        facts={
            "factory": signal.factory.factory_id,
            "what": f"{found.name}: {', '.join(signal.rules)}",
            "where": " / ".join(value for value in where.values() if value) or found.product_id,
        },
        roles=("QUALITY_ENGINEER",),
        dedupe_key=f"{found.characteristic_id}/{signal.sample_id}/{signal.chart}/{'-'.join(signal.rules)}",
        digestable=True,
    )
    return signalled.envelope(origin), notice.envelope(origin)
