"""Drills on the wire (OPS-16)."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.i18n import Text
from enghub.core.setup.api import Clock, Name, UserId, Version, Zone
from enghub.golive.actions.api import ActionPart
from enghub.golive.drills.model import DIMENSIONS, Drill, DrillKind, DrillState, Hours
from enghub.golive.drills.plans import Aim, DrillPlan, Slot, Team, newcomer
from enghub.golive.forms import Id, Reason

DrillId = Annotated[Id, Path()]
PlanId = Annotated[Name, Path()]
Scenario = Literal["database-failure", "cascading-failure", "security-event", "load-with-faults"]
Users = Annotated[tuple[UserId, ...], Field(min_length=1, max_length=100)]
LONGEST = timedelta(days=92)
ORDER = Text("the window ends before it begins, or is longer than 92 days", "窗口结束早于开始，或超过 92 天")
CLOCKS = Text("the hours end before they begin", "结束时刻早于开始时刻")


class HoursPart(wire.Request):
    """Which hours of working days a drill may begin in."""

    zone: Zone = "UTC"
    start: Clock = "09:00"
    end: Clock = "17:00"

    @model_validator(mode="after")
    def _ordered(self) -> "HoursPart":
        if self.end <= self.start:
            raise wire.Unfit(CLOCKS, field="end")
        return self

    def to_hours(self) -> Hours:
        """Return the hours."""
        return Hours(self.zone, self.start, self.end)


class AimPart(wire.Request):
    """Against what, and in which hours; ``payload`` is the sender's own body, made from the scenario when left out."""

    integration_id: Name
    hours: HoursPart = HoursPart()
    calendar_id: Annotated[str, Field(max_length=63)] = ""
    payload: dict[str, Any] | Annotated[list[dict[str, Any]], Field(max_length=1)] | None = None

    def to_aim(self) -> Aim:
        """Return against what."""
        payload = "" if self.payload is None else json.dumps(self.payload, default=float)
        return Aim(self.integration_id, self.hours.to_hours(), self.calendar_id, payload)


class PlanDrillRequest(AimPart):
    """A drill at a random moment of the working time between two days; unannounced: nobody hears of it before."""

    kind: Literal[DrillKind.EVERYBODY, DrillKind.TEAM]
    scenario: Scenario
    participants: Users
    group: Annotated[str, Field(max_length=63)] = ""
    unannounced: wire.Flag = False
    first_day: wire.Day
    last_day: wire.Day

    @model_validator(mode="after")
    def _window(self) -> "PlanDrillRequest":
        if not timedelta() <= self.last_day - self.first_day <= LONGEST:
            raise wire.Unfit(ORDER, field="lastDay")
        return self

    def to_slot(self) -> Slot:
        """Return who, what, in which days."""
        days = {"first": self.first_day, "last": self.last_day}
        return Slot(self.kind, self.scenario, self.group, self.participants, self.unannounced, **days)


class NewcomerRequest(AimPart):
    """Somebody began on a day: their drill is in the second week."""

    user: UserId
    started_on: wire.Day

    def to_slot(self) -> Slot:
        """Return who, what, in which days."""
        return newcomer(self.user, self.started_on)


class TeamPart(wire.Request):
    """People who train together."""

    team_id: Name
    participants: Users


class PutDrillPlanRequest(wire.Request):
    """Everybody once a quarter, teams once a month, from ``startsOn`` (the go-live) on."""

    integration_id: Name
    hours: HoursPart = HoursPart()
    starts_on: wire.Day
    everybody: Annotated[tuple[UserId, ...], Field(max_length=100)] = ()
    teams: Annotated[tuple[TeamPart, ...], Field(max_length=8)] = ()
    calendar_id: Annotated[str, Field(max_length=63)] = ""
    version: Version | None = None

    def to_plan(self, tenant_id: str, plan_id: str) -> DrillPlan:
        """Return the plan."""
        return DrillPlan(
            tenant_id=tenant_id,
            plan_id=plan_id,
            integration_id=self.integration_id,
            hours=self.hours.to_hours(),
            starts_on=self.starts_on,
            everybody=self.everybody,
            teams=tuple(Team(one.team_id, one.participants) for one in self.teams),
            calendar_id=self.calendar_id,
        )


class CancelDrillRequest(wire.Request):
    """Why."""

    reason: Reason


class JudgeRequest(wire.Request):
    """What an observer holds of one dimension."""

    points: Annotated[wire.Count, Field(le=100)]
    why: Reason


Dimension = Literal["response", "correctness", "communication", "resolution"]
FindingRequest = ActionPart


class ScoreResponse(wire.Response):
    """A score and why; ``by`` where somebody judged."""

    points: int
    why: str
    by: str | None


class MeasuresResponse(wire.Response):
    """Seconds from the payload; null where it never came."""

    to_page: int | None
    to_acknowledge: int | None
    to_mitigate: int | None
    to_resolve: int | None


class DrillResponse(wire.Response):
    """A drill; ``startsAt`` is told once it has begun, or where it is announced."""

    drill_id: str
    kind: DrillKind
    scenario: str
    integration_id: str
    group: str | None
    participants: tuple[str, ...]
    unannounced: bool
    state: DrillState
    window_start: wire.Instant
    window_end: wire.Instant
    starts_at: wire.Instant | None
    started_at: wire.Instant | None
    ended_at: wire.Instant | None
    planned_by: str
    incident_id: str | None
    reason: str | None
    measures: MeasuresResponse | None
    scores: dict[str, ScoreResponse]
    total: int | None
    findings: int
    version: int

    @classmethod
    def of(cls, kept: Kept[Drill]) -> "DrillResponse":
        """Return the answer for a drill."""
        one = kept.value
        hidden = one.unannounced and one.state is DrillState.PLANNED
        found = one.measures
        return cls(
            drill_id=one.drill_id,
            kind=one.kind,
            scenario=one.scenario,
            integration_id=one.integration_id,
            group=one.group or None,
            participants=one.participants,
            unannounced=one.unannounced,
            state=one.state,
            window_start=one.window_start,
            window_end=one.window_end,
            starts_at=None if hidden else one.at,
            started_at=one.started_at,
            ended_at=one.ended_at,
            planned_by=one.planned_by,
            incident_id=one.incident_id or None,
            reason=one.reason or None,
            measures=None if found is None else MeasuresResponse(**_seconds(found)),
            scores={name: _score(one.scores[name]) for name in DIMENSIONS if name in one.scores},
            total=one.total,
            findings=one.findings,
            version=kept.revision,
        )


def _seconds(found: Any) -> Mapping[str, int | None]:
    return {name: getattr(found, name) for name in ("to_page", "to_acknowledge", "to_mitigate", "to_resolve")}


def _score(one: Any) -> ScoreResponse:
    return ScoreResponse(points=one.points, why=one.why, by=one.by or None)


class DrillsResponse(wire.Response):
    """Part of the drills that the caller may know of, the latest first; it may hold fewer while there is a cursor."""

    items: tuple[DrillResponse, ...]
    cursor: str | None


class DrillPlanResponse(wire.Response):
    """A plan."""

    plan_id: str
    integration_id: str
    zone: str
    start: str
    end: str
    starts_on: date
    everybody: tuple[str, ...]
    teams: dict[str, tuple[str, ...]]
    calendar_id: str | None
    version: int

    @classmethod
    def of(cls, kept: Kept[DrillPlan]) -> "DrillPlanResponse":
        """Return the answer for a plan."""
        one = kept.value
        return cls(
            plan_id=one.plan_id,
            integration_id=one.integration_id,
            zone=one.hours.zone,
            start=one.hours.start,
            end=one.hours.end,
            starts_on=one.starts_on,
            everybody=one.everybody,
            teams={team.team_id: team.participants for team in one.teams},
            calendar_id=one.calendar_id or None,
            version=kept.revision,
        )
