"""Drills: when they begin, what was measured, how it is scored (OPS-16). No I/O.

An unannounced drill begins at a random moment of the working time in its window. The moment is drawn once, when the
drill is made, and nobody who takes part can read it before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from enghub.golive.drills.errors import NoWorkingTime, WrongDrillState
from enghub.golive.incidents.model import Entry, Incident
from enghub.golive.incidents.targets import RESPOND, UPDATE
from enghub.kit.calendars.days import DAY, WorkingDays
from enghub.kit.calendars.intervals import Interval
from enghub.kit.calendars.zones import instant, zone

LIMIT = timedelta(hours=4)
"""A drill that nobody ends ends by itself."""
FULL, HALF, NOTHING = 100, 50, 0
DIMENSIONS = ("response", "correctness", "communication", "resolution")


class DrillKind(StrEnum):
    """Who takes part."""

    EVERYBODY = "EVERYBODY"
    TEAM = "TEAM"
    NEWCOMER = "NEWCOMER"


class DrillState(StrEnum):
    """Where a drill stands."""

    PLANNED = "PLANNED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    REFUSED = "REFUSED"
    """It could not begin: its ``reason`` says why."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Seconds from the first payload; None where it never came."""

    to_page: int | None = None
    to_acknowledge: int | None = None
    to_mitigate: int | None = None
    to_resolve: int | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100, by the hub's measure or by somebody's judgement, and why."""

    points: int
    why: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill."""

    tenant_id: str
    drill_id: str
    kind: DrillKind
    scenario: str
    """A drill of the built-in content, by its id."""
    integration_id: str
    participants: tuple[str, ...]
    unannounced: bool
    at: datetime
    """When it begins; drawn once."""
    window_start: datetime
    window_end: datetime
    planned_by: str
    planned_at: datetime
    payload: str = ""
    """What is sent, as the integration's protocol says it: JSON. Empty: made from the scenario."""
    group: str = ""
    """The team, or the newcomer."""
    state: DrillState = DrillState.PLANNED
    started_at: datetime | None = None
    ended_at: datetime | None = None
    incident_id: str = ""
    reason: str = ""
    measures: Measures | None = None
    scores: Mapping[str, Score] = field(default_factory=dict)
    findings: int = 0

    @property
    def subject(self) -> str:
        """Its name among timers."""
        return f"drill/{self.drill_id}"

    def is_hidden_from(self, user: str) -> bool:
        """Tell whether somebody must not know of it yet."""
        return self.unannounced and self.state is DrillState.PLANNED and user in self.participants

    def demand(self, *states: DrillState) -> None:
        """Refuse what is not possible now.

        Raises:
            WrongDrillState
        """
        if self.state not in states:
            raise WrongDrillState(state=self.state.value)

    @property
    def total(self) -> int | None:
        """The mean of all dimensions, rounded; None before it was scored."""
        points = [one.points for one in self.scores.values()]
        return round(sum(points) / len(points)) if points else None

    def judged(self, dimension: str, score: Score) -> "Drill":
        """Return it with somebody's judgement in place of the measure.

        Raises:
            WrongDrillState
        """
        self.demand(DrillState.DONE)
        return replace(self, scores={**self.scores, dimension: score})


@dataclass(frozen=True, slots=True)
class Hours:
    """Which hours of working days a drill may begin in, by the clock on the wall of a zone."""

    zone: str
    start: str
    end: str


def drawn(
    days: tuple[date, date], hours: Hours, working: WorkingDays, now: datetime, number: int
) -> tuple[datetime, Interval]:
    """Return the moment that a number draws, with the window: of what is left of it, every second is equally likely.

    Raises:
        NoWorkingTime: nothing is left of it.
    """
    tz, (first, last), spans = zone(hours.zone), days, list[Interval]()
    for place in range((last - first).days + 1):
        day = first + place * DAY
        if day in working:
            start, end = (
                instant(datetime.fromisoformat(f"{day.isoformat()}T{text}"), tz) for text in (hours.start, hours.end)
            )
            left = Interval(max(start, now), max(end, now))
            spans += [left] if left.duration else []
    seconds = sum(int(one.duration.total_seconds()) for one in spans)
    if seconds <= 0:
        raise NoWorkingTime(field="window", start=first.isoformat(), end=last.isoformat())
    ahead = timedelta(seconds=number % seconds)
    for one in spans:
        if ahead < one.duration:
            return one.start + ahead, Interval(spans[0].start, spans[-1].end)
        ahead -= one.duration
    raise AssertionError


def measured(drill: Drill, incident: Incident, entries: tuple[Entry, ...]) -> Measures:
    """Return what the incident's timeline says of the people's answer."""
    since = drill.started_at or drill.at
    paged = next((one.at for one in entries if one.kind == "paged"), None)

    def seconds(at: datetime | None) -> int | None:
        return None if at is None else max(0, int((at - since).total_seconds()))

    return Measures(
        seconds(paged),
        seconds(incident.acknowledged_at),
        seconds(incident.mitigated_at or incident.resolved_at),
        seconds(incident.resolved_at),
    )


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of the runbook that a drill is about."""

    steps: int
    done: int
    in_order: bool
    is_recovered: bool


def scored(
    incident: Incident, entries: tuple[Entry, ...], runbook: str, followed: Followed | None
) -> Mapping[str, Score]:
    """Return the four scores that the document asks for, each with what it was measured by."""
    return {
        "response": _response(incident),
        "correctness": _correctness(runbook, followed),
        "communication": _communication(incident, entries),
        "resolution": _resolution(incident, followed),
    }


def _response(incident: Incident) -> Score:
    clock = incident.clock(RESPOND)
    if incident.acknowledged_at is None:
        return Score(NOTHING, "nobody acknowledged")
    if clock is None or clock.breached_at is not None or incident.acknowledged_at > clock.due:
        return Score(HALF, "acknowledged after the target")
    return Score(FULL, "acknowledged in time")


def _correctness(runbook: str, followed: Followed | None) -> Score:
    if not runbook:
        return Score(NOTHING, "no runbook belongs to this drill: an observer judges")
    if followed is None:
        return Score(NOTHING, f"the runbook {runbook} was not followed")
    points = followed.done * FULL // followed.steps
    said = f"{followed.done} of {followed.steps} steps done"
    return Score(points, said) if followed.in_order else Score(points // 2, f"{said}, not in their order")


def _communication(incident: Incident, entries: tuple[Entry, ...]) -> Score:
    updates = sum(one.kind == "update" for one in entries)
    clock = incident.clock(UPDATE)
    late = any(one.kind == "breach" and one.data.get("clock") == UPDATE for one in entries)
    if not updates:
        return Score(NOTHING, "nobody was told how it stands")
    if late or (clock is not None and clock.breached_at is not None):
        return Score(HALF, f"{updates} updates, one too late")
    return Score(FULL, f"{updates} updates in time")


def _resolution(incident: Incident, followed: Followed | None) -> Score:
    if incident.resolved_at is None:
        return Score(NOTHING, "not resolved")
    is_late = any(one.name == "resolve" and one.breached_at is not None for one in incident.clocks)
    if is_late or (followed is not None and not followed.is_recovered):
        return Score(HALF, "resolved after the target" if is_late else "resolved, recovery was not proved")
    return Score(FULL, "resolved in time")


def payload_of(drill: Drill, protocol: str, title: str, at: str) -> Any:
    """Return what a sender of a protocol would post for a drill's scenario; the same for the same drill."""
    match protocol:
        case "PAGERDUTY":
            said = {"summary": title, "source": drill.subject, "severity": "critical"}
            return {"event_action": "trigger", "dedup_key": drill.subject, "payload": said}
        case "OPSGENIE":
            return {"message": title, "alias": drill.subject, "priority": "P1", "source": drill.subject}
        case "CLOUDWATCH":
            return {"AlarmName": title, "AlarmArn": drill.subject, "NewStateValue": "ALARM", "AlarmDescription": title}
        case _:
            labels = {"alertname": title, "severity": "critical", "instance": drill.subject}
            one = {"status": "firing", "labels": labels, "annotations": {"summary": title}, "startsAt": at}
            return {"version": "4", "alerts": [one]} if protocol == "ALERTMANAGER" else [one]
