"""The way back of an execution: which steps undo it, in which order (UPG-09). No I/O.

`pre_rollback` of the newest version first; the business system stopped if it was started again; every step that began,
last first, by its own `rollback`; the business system started; `post_rollback`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from enghub.core.identity import Origin
from enghub.upgrade.executions.errors import NotUndoable
from enghub.upgrade.executions.model import Execution, Rollback
from enghub.upgrade.executions.step import StepRecord, StepStatus
from enghub.upgrade.manifests.document import Step
from enghub.upgrade.phases import STAGES, Stage
from enghub.upgrade.planning.plan import START_CLASS, STOP_CLASS, PlannedStep
from enghub.upgrade.planning.undo import backed_up, way_back
from enghub.upgrade.steps.registry import step_class

DECLARED = 1
"""Kept under this number: the manifests' own rollback steps, pinned when the execution is accepted."""
_SERVICE = (Stage.STOP_SERVICE, Stage.START_SERVICE)
_OUTAGE = STAGES.index(Stage.STARTUP_PRE_PROCESS)


def declared_records(
    execution_id: str, planned: Iterable[tuple[PlannedStep, dict[str, str]]]
) -> tuple[StepRecord, ...]:
    """Return the manifests' rollback steps as they are kept until they are needed."""
    return tuple(
        StepRecord(
            execution_id,
            number,
            step.key,
            step.stage,
            step.version,
            step.definition,
            scripts,
            rollback=DECLARED,
            variables=dict(step.variables),
        )
        for number, (step, scripts) in enumerate(planned, 1)
    )


def plan_rollback(
    execution: Execution, steps: Sequence[StepRecord], declared: Sequence[StepRecord], origin: Origin
) -> tuple[Rollback, tuple[StepRecord, ...]]:
    """Return the rollback and its steps.

    Raises:
        NotUndoable: a step that succeeded has no inverse, and its version declares none.
    """
    begun = [step for step in steps if step.attempts and step.stage not in _SERVICE]
    _refuse_what_stays(execution, steps, begun, {step.version for step in declared})
    changed = {step.version for step in begun if _writes(step)}
    own = [step for step in declared if step.version in changed]
    run = execution.run + 1
    chosen = [
        *(step for step in own if step.stage is Stage.STARTUP_PRE_PROCESS),
        *(replace(step, undoes=step.sequence) for step in reversed(begun)),
    ]
    around = _around(steps, execution.target_version)
    after = [step for step in own if step.stage is not Stage.STARTUP_PRE_PROCESS]
    ordered = [*around[:1], *chosen, *around[1:], *after]
    records = tuple(_fresh(step, number, run, origin.user_id) for number, step in enumerate(ordered, 1))
    touched = any(STAGES.index(step.stage) >= _OUTAGE and _writes(step) for step in begun)
    return Rollback(run, origin.user_id, origin.at, len(records), data_touched=touched), records


def _refuse_what_stays(
    execution: Execution, steps: Sequence[StepRecord], begun: Sequence[StepRecord], declared: set[str]
) -> None:
    """A step that failed may have changed nothing, which only its database knows: it is tried."""
    copies = backed_up(steps)
    ways = [
        (step.key, *way_back(step.definition, copies, declared=step.version in declared))
        for step in begun
        if step.status is StepStatus.SUCCEEDED
    ]
    stays = [(key, why) for key, possible, why in ways if not possible]
    if stays:
        raise NotUndoable(execution_id=execution.execution_id, steps="; ".join(f"{k}: {why.en}" for k, why in stays))


def _writes(step: StepRecord) -> bool:
    return bool(getattr(step_class(step.definition.class_name), "writes", True))


def _around(steps: Sequence[StepRecord], version: str) -> list[StepRecord]:
    """Stop and start around the rollback, where the outage had begun."""
    stop = next((step for step in steps if step.stage is Stage.STOP_SERVICE and step.attempts), None)
    if stop is None:
        return []
    return [
        replace(stop, key=f"{version}/rollback_{stage.value}", stage=stage, definition=_service(stop.definition, stage))
        for stage in _SERVICE
    ]


def _service(definition: Step, stage: Stage) -> Step:
    """The ids differ from the upgrade's: the hook must not take the call for a repeat."""
    stopping = stage is Stage.STOP_SERVICE
    name = "Stop the business system for the rollback" if stopping else "Start the business system again"
    changes = {"id": f"rollback_{stage.value}", "name": name, "class_name": STOP_CLASS if stopping else START_CLASS}
    return definition.model_copy(update=changes)


def _fresh(step: StepRecord, number: int, run: int, by: str) -> StepRecord:
    """A step of the rollback: required (a failed one stops it), and confirmed by whoever began the rollback."""
    return StepRecord(
        step.execution_id,
        number,
        step.key,
        step.stage,
        step.version,
        step.definition.model_copy(update={"required": True}),
        step.scripts,
        confirmed_by=by,
        rollback=run,
        undoes=step.undoes,
        variables=step.variables,
    )
