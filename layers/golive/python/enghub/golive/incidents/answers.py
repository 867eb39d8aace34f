"""What incidents look like in answers (OPS-10)."""

from collections.abc import Iterable
from typing import Any

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.golive.actions.model import Action, ActionState
from enghub.golive.incidents.model import Clock, Entry, Incident, IncidentState
from enghub.golive.incidents.postmortem import Draft
from enghub.golive.incidents.services import OperatedService
from enghub.golive.incidents.statistics import Statistics
from enghub.golive.incidents.targets import IncidentSeverity


class ServiceResponse(wire.Response):
    """What is run."""

    service_id: str
    name: str
    policy_id: str
    calendar_id: str | None
    first_steps: str
    runbooks: tuple[str, ...]
    environment: str
    war_room: str
    lines: tuple[str, ...]
    version: int

    @classmethod
    def of(cls, kept: Kept[OperatedService]) -> "ServiceResponse":
        """Return the answer for a service."""
        one = kept.value
        return cls(
            service_id=one.service_id,
            name=one.name,
            policy_id=one.policy_id,
            calendar_id=one.calendar_id or None,
            first_steps=one.first_steps,
            runbooks=one.runbooks,
            environment=one.environment,
            war_room=one.war_room,
            lines=one.lines,
            version=kept.revision,
        )


class ServicesResponse(wire.Response):
    """A page of services; it may hold fewer, also none, while there is a cursor."""

    items: tuple[ServiceResponse, ...]
    cursor: str | None


class ClockResponse(wire.Response):
    """A clock; ``calendarEnds`` where it may be later than it says."""

    name: str
    due_at: wire.Instant
    met_at: wire.Instant | None
    breached_at: wire.Instant | None
    paused_at: wire.Instant | None
    calendar_ends: str | None

    @classmethod
    def of(cls, one: Clock) -> "ClockResponse":
        """Return the answer for a clock."""
        return cls(
            name=one.name,
            due_at=one.due,
            met_at=one.met_at,
            breached_at=one.breached_at,
            paused_at=one.paused_at,
            calendar_ends=one.calendar_ends or None,
        )


class PeriodResponse(wire.Response):
    """From when until when something was broken."""

    starts_at: wire.Instant
    ends_at: wire.Instant | None


class IncidentResponse(wire.Response):
    """An incident; ``stopped`` is what of production stands still now, in the answer to one that is not over."""

    incident_id: str
    service_id: str
    title: str
    severity: IncidentSeverity
    state: IncidentState
    declared_by: str
    drill_id: str | None
    opened_at: wire.Instant
    acknowledged_at: wire.Instant | None
    acknowledged_by: str | None
    mitigated_at: wire.Instant | None
    resolved_at: wire.Instant | None
    closed_at: wire.Instant | None
    quiet_until: wire.Instant | None
    clocks: tuple[ClockResponse, ...]
    periods: tuple[PeriodResponse, ...]
    roles: dict[str, str]
    impact: str
    stopped: str | None
    cause: str | None
    links: tuple[str, ...]
    first_steps: str
    runbooks: tuple[str, ...]
    war_room: str | None
    policy_id: str | None
    entries: int
    timeline_hash: str
    version: int

    @classmethod
    def of(cls, kept: Kept[Incident], stopped: str = "") -> "IncidentResponse":
        """Return the answer for an incident."""
        one = kept.value
        return cls(
            incident_id=one.incident_id,
            service_id=one.service_id,
            title=one.title,
            severity=one.severity,
            state=one.state,
            declared_by=one.declared_by,
            drill_id=one.drill_id or None,
            opened_at=one.opened_at,
            acknowledged_at=one.acknowledged_at,
            acknowledged_by=one.acknowledged_by or None,
            mitigated_at=one.mitigated_at,
            resolved_at=one.resolved_at,
            closed_at=one.closed_at,
            quiet_until=one.quiet_until,
            clocks=tuple(map(ClockResponse.of, one.clocks)),
            periods=tuple(PeriodResponse(starts_at=part.start, ends_at=part.end) for part in one.periods),
            roles=dict(one.roles),
            impact=one.impact,
            stopped=stopped or None,
            cause=one.cause or None,
            links=one.links,
            first_steps=one.first_steps,
            runbooks=one.runbooks,
            war_room=one.war_room or None,
            policy_id=one.policy.policy_id if one.policy else None,
            entries=one.entries,
            timeline_hash=one.head,
            version=kept.revision,
        )


class IncidentsResponse(wire.Response):
    """A page of incidents, the latest first; it may hold fewer, also none, while there is a cursor."""

    items: tuple[IncidentResponse, ...]
    cursor: str | None


class TimelineEntryResponse(wire.Response):
    """One entry of a timeline; ``hash`` covers ``previous``."""

    number: int
    at: wire.Instant
    by: str
    kind: str
    data: dict[str, Any]
    previous: str
    hash: str

    @classmethod
    def of(cls, one: Entry) -> "TimelineEntryResponse":
        """Return the answer for an entry."""
        return cls(
            number=one.number,
            at=one.at,
            by=one.by,
            kind=one.kind,
            data=dict(one.data),
            previous=one.previous,
            hash=one.hash,
        )


class TimelineResponse(wire.Response):
    """A page of a timeline, in order."""

    items: tuple[TimelineEntryResponse, ...]
    cursor: str | None


class MomentResponse(wire.Response):
    """Something that happened, and the entry that proves it."""

    at: wire.Instant
    kind: str
    by: str
    text: str
    entry: int
    hash: str


class PromisedResponse(wire.Response):
    """What will be done, by whom, until when."""

    action_id: str
    title: str
    owner: str
    due_at: wire.Instant
    state: ActionState

    @classmethod
    def of(cls, one: Action) -> "PromisedResponse":
        """Return the answer for an action."""
        return cls(action_id=one.action_id, title=one.title, owner=one.owner, due_at=one.due, state=one.state)


class PostMortemResponse(wire.Response):
    """The draft of a post-mortem."""

    title: str
    severity: str
    impact: str
    cause: str
    minutes_broken: int | None
    minutes_to_acknowledge: int | None
    breaches: tuple[str, ...]
    paged: int
    moments: tuple[MomentResponse, ...]
    questions: tuple[str, ...]
    actions: tuple[PromisedResponse, ...]

    @classmethod
    def of(cls, draft: Draft, actions: Iterable[Kept[Action]]) -> "PostMortemResponse":
        """Return the answer for a draft, with what was promised since."""
        moments = tuple(
            MomentResponse(at=one.at, kind=one.kind, by=one.by, text=one.text, entry=one.entry, hash=one.hash)
            for one in draft.moments
        )
        return cls(
            title=draft.title,
            severity=draft.severity,
            impact=draft.impact,
            cause=draft.cause,
            minutes_broken=draft.minutes_broken,
            minutes_to_acknowledge=draft.minutes_to_acknowledge,
            breaches=draft.breaches,
            paged=draft.paged,
            moments=moments,
            questions=draft.questions,
            actions=tuple(PromisedResponse.of(kept.value) for kept in actions),
        )


class StatisticsResponse(wire.Response):
    """Figures of the latest incidents; a mean in whole seconds, None where nothing counts.

    ``drills`` are how many incidents were drills: they are in none of the other figures.
    """

    count: int
    mtta_seconds: int | None
    acknowledged: int
    without_acknowledgement: int
    mttr_seconds: int | None
    resolved: int
    open: int
    by_severity: dict[str, int]
    by_cause: dict[str, int]
    drills: int

    @classmethod
    def of(cls, found: Statistics) -> "StatisticsResponse":
        """Return the answer for figures."""
        return cls(
            count=found.count,
            mtta_seconds=None if found.mtta is None else round(found.mtta.total_seconds()),
            acknowledged=found.acknowledged,
            without_acknowledgement=found.without_acknowledgement,
            mttr_seconds=None if found.mttr is None else round(found.mttr.total_seconds()),
            resolved=found.resolved,
            open=found.open,
            by_severity=found.by_severity,
            by_cause=found.by_cause,
            drills=found.drills,
        )
