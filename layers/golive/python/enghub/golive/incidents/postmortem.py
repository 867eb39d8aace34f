"""The draft of a post-mortem from an incident and its timeline (OPS-15). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from enghub.golive.incidents.model import Entry, Incident
from enghub.golive.incidents.statistics import statistics


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, and the entry that proves it."""

    at: datetime
    kind: str
    by: str
    text: str
    entry: int
    hash: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known already; causes, what went well and actions are for people."""

    title: str
    severity: str
    impact: str
    cause: str
    minutes_broken: int | None
    minutes_to_acknowledge: int | None
    breaches: tuple[str, ...]
    paged: int
    moments: tuple[Moment, ...]
    questions: tuple[str, ...]


QUESTIONS = (
    "What was the chain of causes, down to what we can change? / 因果链是什么，追到我们能改变的地方",
    "What went well, and would again? / 哪些做得好，可以保持",
    "Where were we lucky? / 哪些只是运气好",
    "What will be done, by whom, until when? / 改进项、负责人与期限",
)


def draft(incident: Incident, entries: Iterable[Entry]) -> Draft:
    """Return the draft; every moment links the entry of the timeline that says so."""
    found = list(entries)
    figures = statistics([replace(incident, drill_id="")])
    return Draft(
        title=incident.title,
        severity=incident.severity.value,
        impact=incident.impact,
        cause=incident.cause,
        minutes_broken=None if figures.mttr is None else round(figures.mttr.total_seconds() / 60),
        minutes_to_acknowledge=None if figures.mtta is None else round(figures.mtta.total_seconds() / 60),
        breaches=tuple(str(one.data.get("clock")) for one in found if one.kind == "breach"),
        paged=len({user for one in found if one.kind == "paged" for user in one.data["users"]}),
        moments=tuple(Moment(one.at, one.kind, one.by, _text(one), one.number, one.hash) for one in found),
        questions=QUESTIONS,
    )


def _text(one: Entry) -> str:
    return "; ".join(f"{name}: {value}" for name, value in one.data.items())[:1000]
