"""How long an upgrade will take, from what the same versions took at other sites (UPG-04). No I/O."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from enghub.upgrade.phases import Stage
from enghub.upgrade.planning.plan import PlannedStep

OUTAGE = frozenset({Stage.STOP_SERVICE, Stage.STARTUP_PRE_PROCESS, Stage.START_SERVICE})


@dataclass(frozen=True, slots=True)
class Took:
    """What the steps of an upgrade took that succeeded at another site. Seconds at work, without waiting."""

    site_id: str
    checksums: Mapping[str, str]
    """Of its manifests, by version."""
    seconds: Mapping[str, float]
    """By step (`version/id`)."""


@dataclass(frozen=True, slots=True)
class StepForecast:
    """What a step took elsewhere, in seconds."""

    middle: float
    fastest: float
    slowest: float
    sites: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a whole plan will take, in seconds; a step that ran nowhere yet counts with its estimate."""

    sites: int
    steps: Mapping[str, StepForecast]
    middle: float
    fastest: float
    slowest: float
    outage: float
    """Of the middle, while the business system stands."""
    unknown: tuple[str, ...]
    """The steps that ran nowhere yet."""


def forecast_of(steps: Sequence[PlannedStep], checksums: Mapping[str, str], took: Collection[Took]) -> Forecast | None:
    """Return the forecast of a plan, None when none of its steps ran at another site.

    Args:
        steps: of the plan.
        checksums: of its manifests, by version.
        took: one upgrade or several of every other site; of several, the first that ran a step counts.
    """
    found = {step.key: one for step in steps if (one := _of_step(step, checksums, took)) is not None}
    if not found:
        return None
    plain = {step.key: _estimated(step) for step in steps}
    every = plain | found
    return Forecast(
        sites=len({one.site_id for one in took if one.seconds.keys() & found.keys()}),
        steps=found,
        middle=sum(one.middle for one in every.values()),
        fastest=sum(one.fastest for one in every.values()),
        slowest=sum(one.slowest for one in every.values()),
        outage=sum(every[step.key].middle for step in steps if step.stage in OUTAGE),
        unknown=tuple(step.key for step in steps if step.key not in found),
    )


def _estimated(step: PlannedStep) -> StepForecast:
    seconds = float(step.estimate_seconds)
    return StepForecast(seconds, seconds, seconds, 0)


def _of_step(step: PlannedStep, checksums: Mapping[str, str], took: Iterable[Took]) -> StepForecast | None:
    """Return what a step took: by the very manifest of the plan, or, where that ran nowhere, by another of its version.

    A step that a manifest has changed may take another time; it says more than a guess.
    """
    ran = [one for one in took if step.key in one.seconds]
    same = [one for one in ran if one.checksums.get(step.version) == checksums.get(step.version)]
    by_site: dict[str, float] = {}
    for one in same or ran:
        by_site.setdefault(one.site_id, one.seconds[step.key])
    if not by_site:
        return None
    values = by_site.values()
    from statistics import median  # noqa: PLC0415 - brings fractions, decimals and random numbers along

    return StepForecast(median(values), min(values), max(values), len(values))
