"""Characteristics under statistical control: phases, samples, signals (MES-11; AIAG SPC 2nd ed.). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from enghub.kit.statistics.charts import ChartKind, Charts, Parameters, Point, Sample, chart, estimate
from enghub.kit.statistics.rules import LONGEST, RuleSet, marks
from enghub.mes.charts.errors import BaselineTooSmall, NoVariation, SampleDoesNotFit
from enghub.mes.factories import Factory

LEAST_SAMPLES = 20
"""Of a baseline (AIAG asks for 25 subgroups; 20 is NIST's least)."""
MOST_PHASES = 50


class Phase(StrEnum):
    """BASELINE collects samples to learn limits from; MONITORING judges samples by limits in force."""

    BASELINE = "BASELINE"
    MONITORING = "MONITORING"


@dataclass(frozen=True, slots=True)
class Excluded:
    """A sample that a baseline leaves out, and why (AIAG: only with a known special cause)."""

    sample_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """What limits in force were learnt from."""

    parameters: Parameters
    samples: int
    first_at: datetime
    last_at: datetime
    excluded: tuple[Excluded, ...] = ()


@dataclass(frozen=True, slots=True)
class Characteristic:
    """What is measured or counted, how it is charted, and between which specification limits it belongs."""

    factory: Factory
    characteristic_id: str
    name: str
    product_id: str
    chart: ChartKind
    unit: str = ""
    operation: str | None = None
    subgroup_size: int = 1
    lower_limit: Decimal | None = None
    upper_limit: Decimal | None = None
    target: Decimal | None = None
    rules: RuleSet = RuleSet.NELSON
    ocap_plan_id: str | None = None
    version: int = 1
    phase: Phase = Phase.BASELINE
    phase_number: int = 1
    baseline: Baseline | None = None

    @property
    def limits(self) -> str | None:
        """What the limits in force are made of, in short."""
        learnt = self.baseline
        return None if learnt is None else f"{learnt.parameters.centre:.9g} +- 3 x {learnt.parameters.sigma:.9g}"

    def check(self, values: Sequence[Decimal], count: Decimal | None, size: Decimal | None) -> Sample:
        """Return what was taken as a sample of this chart.

        Raises:
            SampleDoesNotFit: measured values for a chart of counts or the other way round, too many, too few.
        """
        if self.chart.is_of_counts:
            return self._counted(values, count, size)
        if count is not None or size is not None:
            raise SampleDoesNotFit(field="count", chart=self.chart.value, wanted="values")
        most = 1 if self.chart is ChartKind.I_MR else self.subgroup_size
        if not 1 <= len(values) <= most:
            raise SampleDoesNotFit(field="values", chart=self.chart.value, wanted=f"1..{most} values")
        return Sample(tuple(values))

    def _counted(self, values: Sequence[Decimal], count: Decimal | None, size: Decimal | None) -> Sample:
        if values or count is None:
            raise SampleDoesNotFit(field="values", chart=self.chart.value, wanted="count, size")
        units = Decimal(1) if self.chart is ChartKind.C else size or Decimal(self.subgroup_size)
        if units <= 0 or (self.chart in {ChartKind.P, ChartKind.NP} and count > units):
            raise SampleDoesNotFit(field="size", chart=self.chart.value, wanted="count <= size")
        return Sample(count=count, size=units)

    def monitor(self, samples: Sequence["Measurement"], excluded: Mapping[str, str]) -> "Characteristic":
        """Return it with limits learnt from these samples in force.

        Raises:
            BaselineTooSmall, NoVariation
        """
        kept = [one for one in samples if one.sample_id not in excluded and not one.sample.is_gap]
        if len(kept) < LEAST_SAMPLES:
            raise BaselineTooSmall(samples=len(kept), least=LEAST_SAMPLES)
        left_out = [one.sample_id for one in samples if one.sample_id in excluded]
        series = [Sample() if one.sample_id in excluded else one.sample for one in samples]
        parameters = estimate(self.chart, series)
        if not parameters.has_variation:
            raise NoVariation(characteristic_id=self.characteristic_id)
        learnt = Baseline(
            parameters,
            len(kept),
            kept[0].taken_at,
            kept[-1].taken_at,
            tuple(Excluded(sample_id, excluded[sample_id]) for sample_id in left_out),
        )
        return self._begun(Phase.MONITORING, learnt)

    def start_baseline(self) -> "Characteristic":
        """Return it collecting anew, for a process that was changed."""
        return self._begun(Phase.BASELINE, None)

    def _begun(self, phase: Phase, learnt: Baseline | None) -> "Characteristic":
        number = self.phase_number + 1
        return replace(self, phase=phase, phase_number=number, baseline=learnt, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a sample comes from."""

    lot_id: str | None = None
    work_order_id: str | None = None
    station_id: str | None = None
    measured_by: str = ""
    gauge_id: str | None = None


UNKNOWN = Taken()


@dataclass(frozen=True, slots=True)
class Measurement:
    """One stored sample; a gap has neither values nor count and says why in ``note``."""

    factory: Factory
    characteristic_id: str
    sample_id: str
    taken_at: datetime
    phase_number: int
    sample: Sample
    taken: Taken = UNKNOWN
    note: str = ""


@dataclass(frozen=True, slots=True)
class Recent:
    """One of the last points of a phase, and the tests it failed already."""

    sample_id: str
    taken_at: datetime
    sample: Sample
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tail:
    """The last points of a phase, by time: what tests of the next ones look at."""

    factory: Factory
    characteristic_id: str
    phase_number: int
    points: tuple[Recent, ...] = ()
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Signal:
    """A point failed tests: the process may have changed."""

    factory: Factory
    characteristic_id: str
    sample_id: str
    taken_at: datetime
    phase_number: int
    chart: str
    """location or spread."""
    rules: tuple[str, ...]
    point: Point
    lot_id: str | None = None
    work_order_id: str | None = None
    station_id: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A tail with a new sample, and what it signals."""

    tail: Tail
    signals: tuple[Signal, ...] = field(default=())


def judge(characteristic: Characteristic, tail: Tail | None, measured: Measurement) -> Judged:
    """Return the tail after a sample, in its place by time, and the signals that are new.

    A late sample is judged in its place and may complete a pattern of later points; one older than the whole tail is
    judged by itself.
    """
    number = characteristic.phase_number
    begun = tail if tail is not None and tail.phase_number == number else None
    before = begun or Tail(measured.factory, measured.characteristic_id, number)
    added = Recent(measured.sample_id, measured.taken_at, measured.sample)
    points = sorted((*before.points, added), key=lambda one: (one.taken_at, one.sample_id))
    is_old = len(before.points) >= LONGEST and points[0] is added
    judged = [added] if is_old else points
    failed = _failed(characteristic, judged)
    signals, marked = [], []
    for index, one in enumerate(judged):
        new = [found for found in failed.get(index, []) if _tag(found[0], found[1]) not in one.rules]
        marked.append(replace(one, rules=(*one.rules, *(_tag(where, rule) for where, rule, _ in new))))
        signals += _signals(measured, one, new)
    stored = before.points if is_old else tuple(marked[-LONGEST:])
    return Judged(replace(before, points=stored, samples=before.samples + 1), tuple(signals))


def _tag(where: str, rule: str) -> str:
    return f"{where}:{rule}"


def _failed(characteristic: Characteristic, points: Sequence[Recent]) -> dict[int, list[tuple[str, str, Point]]]:
    if characteristic.baseline is None:
        return {}
    made = chart(characteristic.chart, characteristic.baseline.parameters, [one.sample for one in points])
    found: dict[int, list[tuple[str, str, Point]]] = {}
    for where, plotted, rules in charts_of(characteristic, made):
        for mark in marks(plotted, rules):
            found.setdefault(mark.index, []).append((where, mark.rule, plotted[mark.index]))
    return found


def charts_of(characteristic: Characteristic, made: Charts) -> tuple[tuple[str, tuple[Point, ...], RuleSet], ...]:
    """Return each chart with its name and its tests; of spread only points beyond the limits count."""
    return ("location", made.location, characteristic.rules), ("spread", made.spread, RuleSet.SHEWHART)


def _signals(measured: Measurement, one: Recent, new: Sequence[tuple[str, str, Point]]) -> list[Signal]:
    by_chart: dict[str, list[tuple[str, Point]]] = {}
    for where, rule, point in new:
        by_chart.setdefault(where, []).append((rule, point))
    is_own = one.sample_id == measured.sample_id
    return [
        Signal(
            factory=measured.factory,
            characteristic_id=measured.characteristic_id,
            sample_id=one.sample_id,
            taken_at=one.taken_at,
            phase_number=measured.phase_number,
            chart=where,
            rules=tuple(rule for rule, _ in failed),
            point=failed[0][1],
            lot_id=measured.taken.lot_id if is_own else None,
            work_order_id=measured.taken.work_order_id if is_own else None,
            station_id=measured.taken.station_id if is_own else None,
        )
        for where, failed in by_chart.items()
    ]
