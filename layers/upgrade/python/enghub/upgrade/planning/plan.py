"""What an upgrade will do: the steps of every version on the path, by phase, in the order they run (UPG-04)."""

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import Any

from enghub.upgrade.manifests.document import Manifest, Step
from enghub.upgrade.manifests.variables import filled_in
from enghub.upgrade.phases import PHASES, STAGES, Stage
from enghub.upgrade.planning.errors import DependencyCycle, DependencyTooLate, DependencyUnknown
from enghub.upgrade.planning.path import UpgradePath
from enghub.upgrade.steps.registry import step_class

DEFAULT_ESTIMATE_SECONDS = 60
STOP_CLASS = "enghub.StopService"
START_CLASS = "enghub.StartService"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step at its place; `key` is `version/id`, unique in the plan."""

    key: str
    stage: Stage
    version: str
    revision: int
    definition: Step
    """Its variables are replaced."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """For its scripts."""

    @property
    def estimate_seconds(self) -> int:
        """How long the step is expected to take: as declared, else as its class says, else a minute (section 14.2)."""
        definition = self.definition
        if definition.estimated_duration is not None:
            return definition.estimated_duration
        known = step_class(definition.class_name)().estimate(definition.parameters)
        return DEFAULT_ESTIMATE_SECONDS if known is None else known


@dataclass(frozen=True, slots=True)
class LastRehearsal:
    """What a plan shows of the last rehearsal of the same upgrade that has ended."""

    rehearsal_id: str
    ended_at: datetime | None
    succeeded: bool
    outdated: bool
    """It was made with other manifests than the plan."""
    row_limit: int
    seconds: Mapping[str, tuple[float | None, float | None]]
    """Up and down, by step; None where it did not run to its end."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Every step in order, and what was left out."""

    path: UpgradePath
    site_id: str
    steps: tuple[PlannedStep, ...]
    skipped: tuple[PlannedStep, ...]
    """Steps of the path that belong to other sites."""
    rollback: tuple[PlannedStep, ...]
    """Declared rollback steps, newest version first, `pre_rollback` before `post_rollback`."""

    @property
    def estimate_seconds(self) -> int:
        """The steps' estimates, added up."""
        return sum(step.estimate_seconds for step in self.steps)


@dataclass(frozen=True, slots=True)
class Source:
    """A manifest on the path with the revision that is in force."""

    manifest: Manifest
    revision: int
    variables: Mapping[str, str] = field(default_factory=dict)
    """Values of those that the manifest declares."""


def make_plan(path: UpgradePath, sources: Sequence[Source], site_id: str) -> Plan:
    """Collect and order the steps of `path`.

    Args:
        path: from `find_path`.
        sources: the manifests of the path's versions.
        site_id: whose steps to take.

    Raises:
        DependencyCycle, DependencyUnknown, DependencyTooLate: with the reason.
    """
    by_version = {source.manifest.number: source for source in sources}
    chosen = [by_version[version] for version in path.versions]
    collected = [step for source in chosen for step in _steps(source)]
    wanted = [step for step in collected if step.definition.runs_at(site_id)]
    others = tuple(step for step in collected if not step.definition.runs_at(site_id))
    return Plan(
        path=path,
        site_id=site_id,
        steps=_with_service_control(_ordered(wanted, others), str(path.target)),
        skipped=others,
        rollback=tuple(step for source in reversed(chosen) for step in _rollback_steps(source, site_id)),
    )


def _steps(source: Source) -> Iterable[PlannedStep]:
    for phase in PHASES:
        for step in source.manifest.upgrade_steps.of(phase):
            yield _planned(source, Stage(phase), step)


def _rollback_steps(source: Source, site_id: str) -> Iterable[PlannedStep]:
    """`pre_rollback` belongs to the outage, `post_rollback` comes when the business system runs again."""
    declared = source.manifest.rollback_steps
    for stage, part in (
        (Stage.STARTUP_PRE_PROCESS, declared.pre_rollback),
        (Stage.STARTUP_POST_PROCESS, declared.post_rollback),
    ):
        yield from (_planned(source, stage, step) for step in part if step.runs_at(site_id))


def _planned(source: Source, stage: Stage, step: Step) -> PlannedStep:
    version = source.manifest.version
    values = source.variables if source.manifest.variables else {}
    if values:
        step = step.model_copy(update=filled_in(step.parameters, values))
    return PlannedStep(f"{version}/{step.id}", stage, version, source.revision, step, values)


def _ordered(steps: Sequence[PlannedStep], others: Sequence[PlannedStep]) -> tuple[PlannedStep, ...]:
    """Order by phase, version, priority, document; a dependency comes before who waits for it."""
    versions = {version: number for number, version in enumerate(dict.fromkeys(step.version for step in steps))}
    place = {
        step.key: (STAGES.index(step.stage), versions[step.version], step.definition.priority, index)
        for index, step in enumerate(steps)
    }
    by_key = {step.key: step for step in steps}
    newest = {step.definition.id: step.key for step in steps}
    elsewhere = {step.definition.id for step in others}
    graph = {step.key: _dependencies(step, by_key, newest, elsewhere) for step in steps}
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        raise DependencyCycle(cycle=" -> ".join(error.args[1])) from error
    waiting = [(place[key], key) for key in sorter.get_ready()]
    heapq.heapify(waiting)
    done: list[PlannedStep] = []
    while waiting:
        _, key = heapq.heappop(waiting)
        done.append(by_key[key])
        sorter.done(key)
        for ready in sorter.get_ready():
            heapq.heappush(waiting, (place[ready], ready))
    return tuple(sorted(done, key=lambda step: STAGES.index(step.stage)))


def _dependencies(
    step: PlannedStep, by_key: Mapping[str, PlannedStep], newest: Mapping[str, str], elsewhere: Collection[str]
) -> set[str]:
    """Resolve ids: own version first, then the newest one that has it; other sites' steps count as done."""
    found: set[str] = set()
    for wanted in step.definition.dependencies:
        own = f"{step.version}/{wanted}"
        key = own if own in by_key else newest.get(wanted)
        if key is None:
            if wanted in elsewhere:
                continue
            raise DependencyUnknown(step=step.key, wanted=wanted)
        later = by_key[key].stage
        if STAGES.index(later) > STAGES.index(step.stage):
            raise DependencyTooLate(step=step.key, phase=step.stage, wanted=key, later=later)
        found.add(key)
    return found


def _with_service_control(steps: tuple[PlannedStep, ...], version: str) -> tuple[PlannedStep, ...]:
    """Stop the business system before the outage's steps and start it after them; no outage, no stop."""
    if not any(step.stage is Stage.STARTUP_PRE_PROCESS for step in steps):
        return steps
    stop = _service_step(Stage.STOP_SERVICE, STOP_CLASS, "Stop the business system", version)
    start = _service_step(Stage.START_SERVICE, START_CLASS, "Start the business system", version)
    return tuple(sorted((*steps, stop, start), key=lambda step: STAGES.index(step.stage)))


def _service_step(stage: Stage, class_name: str, name: str, version: str) -> PlannedStep:
    definition: dict[str, Any] = {
        "id": stage.value,
        "name": name,
        "class_name": class_name,
        "timeout": 600,
        "retry_count": 3,
        "estimated_duration": 60,
        "rollback_supported": True,
    }
    return PlannedStep(f"{version}/{stage.value}", stage, version, 0, Step.model_validate(definition))
