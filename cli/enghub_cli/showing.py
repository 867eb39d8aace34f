"""How an execution is shown: to a person at a terminal, as lines in a pipeline's log, with the log of what failed."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.console import Group
from rich.markup import escape

from enghub_cli.console import err
from enghub_cli.hub import Api
from enghub_cli.tables import steps_of

COLOURS = {
    "SUCCEEDED": "green",
    "FAILED": "red",
    "ROLLBACK_FAILED": "red",
    "ROLLED_BACK": "yellow",
    "RUNNING": "cyan",
    "WAITING": "yellow",
    "SKIPPED": "yellow",
}
REPEATS = 2
"""Equal lines of a log are printed so often."""


def line_of(found: dict[str, Any]) -> str:
    """Return an execution as one line of a pipeline's log."""
    back = found["rollback"]
    at = found if back is None else back
    done = f"{at['completedSteps']}/{at['totalSteps']}"
    step = next((s for s in at["steps"] if s["step"] == found["currentStep"]), None)
    return f"{found['status']} {done} {found['currentStep'] or ''} {_progress(step)}".rstrip()


def _progress(step: dict[str, Any] | None) -> str:
    progress = (step or {}).get("progress")
    if not progress:
        return ""
    total = "" if progress["total"] is None else f" of {progress['total']}"
    rate = f", {progress['ratePerSecond']:,.0f}/s" if progress.get("ratePerSecond") else ""
    left = f", {progress['secondsLeft']} s left" if progress.get("secondsLeft") else ""
    return f"{progress['done']}{total} {progress['unit']}{rate}{left}"


def _worked(step: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of a step of an execution."""
    colour = COLOURS.get(step["status"], "dim")
    seconds = f"{step['activeSeconds']:.1f}" if step["tries"] else ""
    status_text = f"[{colour}]{step['status']}[/{colour}]"
    return step["step"], status_text, str(step["tries"] or ""), seconds, _progress(step)


def shown(found: dict[str, Any]) -> Group:
    """Return an execution for a person to read."""
    versions = f"{found['upgradeBeforeVersion']} to {found['upgradeAfterVersion']}"
    title = f"{found['siteId']} ({found['environment']}): {versions}, execution {found['executionId']}"
    steps = [*found["steps"], *(found["rollback"] or {"steps": ()})["steps"]]
    columns = ("status", "tries", "seconds", "progress")
    table = steps_of(columns, ((step["phase"], _worked(step)) for step in steps), title)
    colour = COLOURS.get(found["status"], "dim")
    lines = [f"[{colour}]{found['status']}[/{colour}], {found['completedSteps']} of {found['totalSteps']} steps"]
    lines.append(escape(found["summary"]))
    if found["status"] in ("FAILED", "ABORTED", "ROLLBACK_FAILED"):  # on lines of their own, to be copied
        lines.append(f"Go on with: enghub upgrade resume {found['executionId']} --follow")
    if found["queuePosition"]:
        lines.append(
            f"Number {found['queuePosition']} in the queue, behind {', '.join(found['queueBehind']) or 'nobody'}"
        )
    if found["status"] == "WAITING":
        lines.append(f"Waits for you: enghub upgrade confirm {found['executionId']} --follow")
    return Group(table, *lines)


def print_log(hub: Api, execution_id: str, found: dict[str, Any]) -> None:
    """Print the log of the step that failed; the cause, which was said, is not said again with every try."""
    back = found["rollback"] or {}
    at = back if found["status"] == "ROLLBACK_FAILED" else found
    step = (at["breakpoint"] or {}).get("step")
    error = at["error"] or ""
    said = " ".join(error.split()).rstrip(".。")
    cause = "" if said in found["summary"] else f" {error}"
    err.print(f"[red]{escape(step or 'the upgrade')} failed.[/red]{escape(cause)}")
    err.print("Its log:")
    seen = Counter[str]()
    for entry in _log(hub, execution_id):
        if entry["stepId"] != step:
            continue
        message = entry["message"].removesuffix(error).rstrip(": ") if error else entry["message"]
        line = f"{entry['level']} {message}"
        seen[line] += 1
        if seen[line] <= REPEATS:
            err.print(f"  {entry['timestamp']} {escape(line)}")
    if more := sum(times - REPEATS for times in seen.values() if times > REPEATS):
        err.print(f"  {more} more lines say the same as these")


def _log(hub: Api, execution_id: str) -> Iterator[dict[str, Any]]:
    """Yield the whole log, page after page."""
    cursor = None
    while True:
        page = hub.call("GET", f"/log/{execution_id}" + (f"?cursor={cursor}" if cursor else ""))
        yield from page["items"]
        cursor = page["cursor"]
        if cursor is None:
            return
