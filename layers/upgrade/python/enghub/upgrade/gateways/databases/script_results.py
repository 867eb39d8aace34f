"""What an execution did with a script, told by the journal: the same however many slices and lost answers it took."""

from collections.abc import Collection
from dataclasses import dataclass

from enghub.upgrade.gateways.databases.journal import Entry, State

ANSWERED = "result"
"""Evidence of a statement: the server answered it."""
ANSWERED_WHOLE = "script"
"""... inside the one transaction of its script."""


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """Counts of statements, and of rows that the execution's own statements changed."""

    statements: int
    ran: int
    """The server answered them in this execution."""
    skipped: int
    """An execution before this one had run them."""
    found_applied: int
    """Begun in this execution, their answer lost, and found in effect."""
    rows: int
    transaction: str
    """`script`: all that ran was one transaction; otherwise `statement`."""
    bound_parts: int
    """Parts of several statements that run on one connection without a stop in between."""


def result_of(entries: Collection[Entry], execution_id: str, bound_parts: int) -> ScriptResult:
    """Return what an execution did with a script that is through.

    Args:
        entries: what the journal holds of the script, one entry for each statement.
        execution_id: whose work to tell.
        bound_parts: parts of several statements, where the script is not one transaction.
    """
    done = [entry for entry in entries if entry.state is State.DONE]
    own = [entry for entry in done if entry.execution_id == execution_id]
    answered = [entry for entry in own if entry.evidence in (ANSWERED, ANSWERED_WHOLE)]
    whole = bool(answered) and all(entry.evidence == ANSWERED_WHOLE for entry in answered)
    return ScriptResult(
        statements=len(done),
        ran=len(answered),
        skipped=len(done) - len(own),
        found_applied=len(own) - len(answered),
        rows=sum(entry.rows for entry in own),
        transaction="script" if whole else "statement",
        bound_parts=0 if whole else bound_parts,
    )
