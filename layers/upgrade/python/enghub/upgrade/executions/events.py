"""The published events of a commit."""

from typing import TYPE_CHECKING

from enghub.core.events import Envelope
from enghub.core.lazy import lazy
from enghub.upgrade.executions.repository import ExecutionCommit

if TYPE_CHECKING:
    from enghub.upgrade import published
else:
    published = lazy("enghub.upgrade.published")


def events_of(commit: ExecutionCommit) -> tuple[Envelope, ...]:
    """Return what other contexts are told: the commit's event and those of the same moment."""
    if commit.event is None:
        return ()
    execution, note = commit.after, commit.note
    problem = execution.shown_problem
    state = {
        "note": None if note is None else {"en": note.en, "zh": note.zh},
        "execution_id": execution.execution_id,
        "site_id": execution.site_id,
        "environment": execution.environment,
        "source_version": execution.source_version,
        "target_version": execution.target_version,
        "status": execution.status.value,
        "run": execution.run,
        "total_steps": execution.total_steps,
        "completed_steps": execution.completed_steps,
        "step": execution.current_step if commit.step is None else commit.step.after.key,
        "problem": None if problem is None else problem.en,
    }
    return tuple(
        published.EVENTS[name].model_validate(state).envelope(commit.origin) for name in (commit.event, *commit.also)
    )
