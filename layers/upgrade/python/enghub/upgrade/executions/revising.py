"""Corrected manifests for an execution that stopped: what of its steps is exchanged before it goes on (UPG-08). No I/O.

What is finished stays as it ran. Every other step takes the definition and the scripts that are in force; which steps
there are, and in which order, stays: the journal in the site's database knows them by their keys.
"""

from collections.abc import Sequence
from dataclasses import replace

from enghub.core.commits import Kept
from enghub.upgrade.executions.errors import CannotRevise
from enghub.upgrade.executions.model import Execution, Status
from enghub.upgrade.executions.repository import StepCommit
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.planning.plan import PlannedStep
from enghub.upgrade.planning.service import Planned


def refuse_revision(execution: Execution) -> None:
    """Refuse what did not stop on its way forward.

    Raises:
        CannotRevise: naming its state.
    """
    if execution.rollback is not None or execution.status not in (Status.FAILED, Status.ABORTED):
        raise CannotRevise(execution_id=execution.execution_id, why=f"it is {execution.status}")


def revised(execution: Execution, planned: Planned) -> Execution:
    """Return the execution with the manifests of a new plan, until its steps have them too.

    Raises:
        CannotRevise: it leads over other versions now.
    """
    if set(planned.revisions) != set(execution.revisions):
        now, then = (", ".join(versions) for versions in (planned.revisions, execution.revisions))
        raise CannotRevise(execution_id=execution.execution_id, why=f"its versions were {then}, now they are {now}")
    numbers = {version: revision.number for version, revision in planned.revisions.items()}
    return replace(
        execution,
        revisions=numbers,
        checksums=planned.checksums,
        reference_tables=planned.reference_tables,
        is_revising=True,
    )


def exchanged(kept: Sequence[Kept[StepRecord]], steps: Sequence[PlannedStep], planned: Planned) -> list[StepCommit]:
    """Return the steps that change.

    Raises:
        CannotRevise: a step is new, gone, of another class or at another place.
    """
    before = [(one.value.key, one.value.stage, one.value.definition.class_name) for one in kept]
    now = [(step.key, step.stage, step.definition.class_name) for step in steps]
    if before != now:
        first = next((one for one in (*before, *now) if (one in before) != (one in now)), (*before, *now)[0])
        raise CannotRevise(
            execution_id=kept[0].value.execution_id if kept else "-",
            why=f"its steps would be other ones, or in another order ({first[0]})",
        )
    pairs = [(one, _with(one.value, step, planned)) for one, step in zip(kept, steps, strict=True)]
    return [StepCommit(one, after) for one, after in pairs if after != one.value]


def _with(record: StepRecord, step: PlannedStep, planned: Planned) -> StepRecord:
    if record.status.is_finished:
        return record
    return replace(record, definition=step.definition, scripts=planned.scripts_of(step), variables=dict(step.variables))
