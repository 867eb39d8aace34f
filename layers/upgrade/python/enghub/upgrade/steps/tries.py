"""Three tries, as the source document wants of backups, imports and migrations (chapters 1.2, 1.4 and 1.5)."""

from collections.abc import Callable
from typing import Final

from enghub.core.i18n import Text
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Slice, more
from enghub.upgrade.stepping.step import StepContext

TRIES: Final = 3
PAUSE_SECONDS: Final = 5


def tried(
    context: StepContext,
    cursor: Cursor,
    work: Callable[[], Slice],
    given_up: Text,
    undo: Callable[[], object] | None = None,
) -> Slice:
    """Call `work`; what fails and may succeed in a moment is tried again, three times in all in a run.

    Args:
        context: of the step.
        cursor: counts the tries; a slice that gets on begins to count again, and so does a resumed execution.
        work: does the step's next slice. It finds its place itself, not by the cursor.
        given_up: what is said in the end, with `tries` and `reason`.
        undo: called before it is given up, also when another try would be of no use.

    Raises:
        WorkFailed: given up.
    """
    run = context.facts.run
    tries = 1 + (int(cursor.get("tries", 0)) if cursor.get("run") == run else 0)
    try:
        return work()
    except WorkFailed as failure:
        if failure.retryable and tries < TRIES:
            context.log("warning", f"try {tries} of {TRIES} failed: {failure.text.en}")
            return more({"tries": tries, "run": run}, result=failure.result, wait_seconds=PAUSE_SECONDS * tries)
        if undo is None and not failure.retryable:
            raise
        if undo is not None:
            undo()
        raise WorkFailed(given_up, result=failure.result, tries=tries, reason=failure.text) from failure
