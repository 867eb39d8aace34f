"""The report as one HTML page without any other file: to read, to print, to attach to a change record (UPG-13)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from enghub.core.i18n import Language
from enghub.upgrade.executions.model import Execution
from enghub.upgrade.executions.page_texts import TEXTS
from enghub.upgrade.executions.report import Report
from enghub.upgrade.executions.repository import LogEntry
from enghub.upgrade.executions.step import Problem, StepRecord
from enghub.upgrade.executions.summary import summary

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}
"""A page that names no other file may load none."""
TEMPLATE = "report.html.j2"


@dataclass(frozen=True, slots=True)
class Bar:
    """A step's place on the time line, in percent of the execution's time, from its first attempt to its end."""

    left: float
    width: float
    work: float
    """Part of it at work, drawn at its end; before that it waited: to be tried again, or for a resume."""


def render(report: Report, log: Iterable[LogEntry], language: Language, now: datetime) -> str:
    """Return the page. Whatever a manifest, a database or a site said is escaped."""
    execution = report.execution
    problem = said(execution.shown_problem, language)
    page: str = _template().render(
        report=report,
        execution=execution,
        problem=problem,
        summary=summary(execution, language, now),
        is_whole=problem is None or " ".join(problem.split()).rstrip(".。") in summary(execution, language, now),
        steps=[(step, bar(step, execution, now), _why(step, problem, language)) for step in report.steps],
        facts=[(step, found) for step in report.steps if (found := facts(step.result))],
        log=tuple(_shortened(log, execution)),
        language=language,
        now=now,
        known=TEXTS,
        t=lambda name: TEXTS[name].render(language),
    )
    return page


def said(problem: Problem | None, language: Language) -> str | None:
    """Return a problem in the reader's language."""
    return None if problem is None else (problem.zh if language == "zh" else problem.en)


def _why(step: StepRecord, problem: str | None, language: Language) -> str | None:
    """Return why a step failed, unless the page says it on top already."""
    found = said(step.problem, language)
    return None if found == problem else found


def _shortened(log: Iterable[LogEntry], execution: Execution) -> Iterator[LogEntry]:
    """Yield the lines with the cause, which stands on top, left out; a line that comes again and again, once."""
    problem = execution.shown_problem
    before = ""
    for entry in log:
        message = entry.message
        if problem is not None and message.endswith(problem.en):
            message = f"{message.removesuffix(problem.en)}failed"
        if message != before:
            yield replace(entry, message=message)
        before = message


def bar(step: StepRecord, execution: Execution, now: datetime) -> Bar | None:
    """Return where a step lies between the execution's start and end (or now); None when it has not begun."""
    if execution.started_at is None or step.started_at is None:
        return None
    whole = max(((execution.ended_at or now) - execution.started_at).total_seconds(), 0.001)
    left = min(max((step.started_at - execution.started_at).total_seconds() / whole, 0), 1)
    ended = step.ended_at or execution.ended_at or now
    width = min(max((ended - step.started_at).total_seconds() / whole, 0), 1 - left)
    work = min(step.active_milliseconds / 1000 / whole, width)
    return Bar(round(left * 100, 2), round(width * 100, 2), round(work * 100, 2))


SHOWN_ELSEWHERE = frozenset({"checks", "migrations", "backup", "queries", "caches", "verification", "services"})


def facts(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the small facts of a step's result that no table of the page shows."""
    found = []
    for name, value in result.items():
        if name in SHOWN_ELSEWHERE or value in (None, "", [], {}):
            continue
        if isinstance(value, Mapping):
            found += [(f"{name}.{inner}", text) for inner, text in facts(value)]
        elif isinstance(value, list | tuple):
            found.append((name, "; ".join(_short(item) for item in value[:20]) + (" ..." if len(value) > 20 else "")))
        else:
            found.append((name, str(value)))
    return found


def _short(item: Any) -> str:
    if isinstance(item, Mapping):
        return ", ".join(f"{name} {value}" for name, value in item.items() if isinstance(value, str | int | float))
    return str(item)


def seconds(value: float | None) -> str:
    """Return a duration as a person says it: 0.4 s, 12 s, 3 min 05 s, 2 h 10 min."""
    if value is None:
        return "–"
    if value < 10:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def number(value: Any) -> str:
    """Return a figure with thousands apart; a dash for none."""
    if value is None or value == "":
        return "–"
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def moment(value: datetime | None) -> str:
    """Return a time in UTC, to the second, and say that it is."""
    return "–" if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


@cache
def _template() -> Any:
    files = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=files, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(seconds=seconds, number=number, moment=moment)
    return environment.get_template(TEMPLATE)
