"""What a person reads of an upgrade's plan."""

from collections.abc import Iterator
from typing import Any

from rich.markup import escape

COLUMNS = ("name", "seconds", "elsewhere", "rehearsed", "can be undone", "destroys")


def step_cells(step: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of a step of a plan: its id, then one for each of the columns."""
    dangers = "\n".join(f"{d['danger']}: {d['script']}:{d['line']}" for d in step["destructiveStatements"])
    gate = " (asks for confirmation)" if step["requiresConfirmation"] else ""
    undo = ("yes: " if step["reversible"] else "[red]no:[/red] ") + escape(step["undo"])
    seconds = str(step["estimatedSeconds"])
    name = escape(step["name"] + gate)
    return step["step"], name, seconds, _elsewhere(step["elsewhere"]), _rehearsed(step), undo, escape(dangers)


def _elsewhere(found: dict[str, Any] | None) -> str:
    """Return what the step took at other sites."""
    if found is None:
        return "-"
    spread = f" ({found['fastestSeconds']:.1f}-{found['slowestSeconds']:.1f})" if found["sites"] > 1 else ""
    return f"{found['seconds']:.1f} s{spread}"


def _rehearsed(step: dict[str, Any]) -> str:
    """Return the step's times in the last rehearsal."""
    ways = (("up", step["rehearsedUpSeconds"]), ("down", step["rehearsedDownSeconds"]))
    return "\n".join(f"{way} {seconds:.1f} s" for way, seconds in ways if seconds is not None) or "-"


def remarks(found: dict[str, Any]) -> Iterator[str]:
    """Yield the lines below the table of steps."""
    yield f"about {found['estimatedSeconds']} s; point of no return: {found['pointOfNoReturn'] or 'none'}"
    yield _forecast(found["forecast"])
    yield f"after a success: {found['afterSuccess']}"
    for one in found["variables"]:
        yield f"{one['version']}: ${{{one['name']}}} is {escape(one['value'])}"
    yield _last_rehearsal(found["rehearsal"])
    yield from _drift(found["drift"])
    for step in found["steps"]:
        for lock in step["longLocks"]:
            place = escape(f"{lock['script']}:{lock['line']} {lock['statement']}")
            yield f"[yellow]locks long[/yellow]: {place}: {escape(lock['instead'])}"
    for need in (*found["requiredResources"], *found["requiredComponents"]):
        yield _need(need)


def _forecast(found: dict[str, Any] | None) -> str:
    if found is None:
        return "no forecast: no other site has run any of these steps"
    spread = f"{found['fastestSeconds']:.0f} to {found['slowestSeconds']:.0f} s"
    unknown = f"; {len(found['unknownSteps'])} steps by their estimate" if found["unknownSteps"] else ""
    return (
        f"forecast from {found['sites']} other sites: {found['seconds']:.0f} s ({spread}), "
        f"of it {found['outageSeconds']:.0f} s in the outage{unknown}"
    )


def _last_rehearsal(found: dict[str, Any] | None) -> str:
    if found is None:
        return "[yellow]never rehearsed[/yellow]: enghub upgrade rehearse"
    how = "whole" if found["succeeded"] else "[red]not whole[/red]"
    outdated = "; [yellow]outdated: the manifests have changed since[/yellow]" if found["outdated"] else ""
    return f"last rehearsed {found['endedAt']}, {how} ({found['rehearsalId']}){outdated}"


def _drift(found: dict[str, Any]) -> list[str]:
    """Return what is to be said of a site that may not be as the last upgrade left it."""
    match found["state"]:
        case "same":
            return [f"[green]as the upgrade to {found['version']} left it[/green] ({found['recordedAt']})"]
        case "unrecorded":
            return ["[yellow]drift unknown[/yellow]: no upgrade here has recorded what the site's version should have"]
        case "between versions":
            return ["[yellow]not compared[/yellow]: an upgrade has written here and has not ended well"]
        case "unreadable":
            lines = [f"[red]not compared with what {found['version']} should have[/red]: {escape(found['reason'])}"]
        case _:
            lines = [f"[red]{found['count']} differences from what the upgrade to {found['version']} left[/red]"]
            lines += [f"  {_difference(one)}" for one in found["differences"]]
    return [*lines, f"accept it with: --accept-drift {found['digest']} --drift-reason 'why'"]


def _difference(one: dict[str, Any]) -> str:
    values = [text for text in (one["was"], one["now"]) if text]
    return escape(one["said"] + (f": {' -> '.join(values)}" if values else ""))


def _need(need: dict[str, Any]) -> str:
    """Return a line about what a version needs of the site; without a statement of the site somebody has to look."""
    advice = {"not enough": "execute refuses", "not stated": "check by hand"}.get(need["verdict"])
    colour = {"not enough": "red", "not stated": "yellow"}.get(need["verdict"], "green")
    amount = f" {need['amount']}" if "amount" in need else ""
    there = f", there is {need['there']}" if need.get("there") else ""
    said = f"{need['version']} needs {need['name']}{amount}{there}" + (f": {advice}" if advice else "")
    return f"[{colour}]{need['verdict']}[/{colour}]: {escape(said)}"
