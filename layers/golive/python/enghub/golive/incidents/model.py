"""An incident: states, clocks, roles, and the timeline that is evidence (OPS-10). No I/O."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from enghub.core.events import dumps
from enghub.golive.calendars.model import WorkingCalendar
from enghub.golive.incidents.errors import NotInThatState
from enghub.golive.incidents.targets import RESOLVE, RESPOND, STEPS, UPDATE, IncidentSeverity, targets_of
from enghub.golive.policies.model import Policy

MOST_PERIODS = 50


class IncidentState(StrEnum):
    """Where an incident stands."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    MITIGATED = "MITIGATED"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"

    @property
    def is_over(self) -> bool:
        """Nothing is broken any more."""
        return self in {IncidentState.RESOLVED, IncidentState.CLOSED}


class Role(StrEnum):
    """Who does what."""

    COMMANDER = "COMMANDER"
    TECHNICAL = "TECHNICAL"
    OPERATIONS = "OPERATIONS"
    BUSINESS = "BUSINESS"
    COMMUNICATIONS = "COMMUNICATIONS"


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of an incident; ``calendar_ends`` where its time reaches beyond its calendar's data."""

    name: str
    due: datetime
    met_at: datetime | None = None
    breached_at: datetime | None = None
    paused_at: datetime | None = None
    calendar_ends: str = ""

    @property
    def runs(self) -> bool:
        """Whether it can still run out."""
        return self.met_at is None and self.breached_at is None and self.paused_at is None


@dataclass(frozen=True, slots=True)
class Period:
    """From when until when something was broken; a reopening begins another one."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident."""

    tenant_id: str
    incident_id: str
    service_id: str
    title: str
    severity: IncidentSeverity
    state: IncidentState
    opened_at: datetime
    declared_by: str
    """A user, or the integration whose alert opened it."""
    factory_id: str = ""
    drill_id: str = ""
    """Of the drill that it is; empty where something is broken. No figure counts a drill."""
    group_key: str = ""
    """Of the alerts that belong to it; empty where people declared it."""
    first_steps: str = ""
    """What to type next, from the service."""
    runbooks: tuple[str, ...] = ()
    """Which runbooks fit: the service's, else the built-in ones that its title names."""
    war_room: str = ""
    """Where people meet, once it is a P0."""
    policy: Policy | None = None
    """As it was when the incident opened."""
    position: int = 0
    """How many steps were paged, over all rounds."""
    epoch: int = 0
    """Rises when paging begins anew: a worse severity, a reopening."""
    found_anybody: bool = False
    quiet_until: datetime | None = None
    clocks: tuple[Clock, ...] = ()
    agreed: Mapping[str, int] = field(default_factory=dict)
    """Minutes of clocks that a rule of the tenant set for its severity, by the clock."""
    periods: tuple[Period, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    impact: str = ""
    cause: str = ""
    links: tuple[str, ...] = ()
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    entries: int = 0
    head: str = ""
    """Hash of the last entry of the timeline."""

    @property
    def subject(self) -> str:
        """Its name among timers, notices and events."""
        return f"incident/{self.incident_id}"

    @property
    def broken_for(self) -> timedelta | None:
        """Return how long it was broken in all, without the quiet time before a reopening; None while it is."""
        if not self.state.is_over:
            return None
        return sum((one.end - one.start for one in self.periods if one.end is not None), timedelta())

    def demand(self, verb: str, *states: IncidentState) -> None:
        """Refuse what is not possible now.

        Raises:
            NotInThatState
        """
        if self.state not in states:
            raise NotInThatState(state=self.state.value, verb=verb)

    def clock(self, name: str) -> Clock | None:
        """Return a clock by its name."""
        return next((one for one in self.clocks if one.name == name), None)

    def met(self, names: frozenset[str], at: datetime) -> "Incident":
        """Return it with these clocks stopped in time, or late; one that ran out stays breached."""
        clocks = tuple(
            replace(one, met_at=at) if one.name in names and one.met_at is None else one for one in self.clocks
        )
        return replace(self, clocks=clocks)

    def with_clock(self, changed: Clock) -> "Incident":
        """Return it with one clock changed."""
        return replace(self, clocks=tuple(changed if one.name == changed.name else one for one in self.clocks))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a timeline; its hash covers the one before, so that nothing can be left out unseen."""

    tenant_id: str
    incident_id: str
    number: int
    at: datetime
    by: str
    kind: str
    data: Mapping[str, Any]
    previous: str
    hash: str


def entry(incident: Incident, kind: str, data: Mapping[str, Any], by: str, at: datetime) -> Entry:
    """Return the next entry of an incident's timeline."""
    number = incident.entries + 1
    body: Mapping[str, Any] = json.loads(dumps(data))
    digest = entry_hash(incident.head, (incident.tenant_id, incident.incident_id, number, at, by, kind, body))
    return Entry(incident.tenant_id, incident.incident_id, number, at, by, kind, body, incident.head, digest)


def entry_hash(previous: str, content: tuple[Any, ...]) -> str:
    """Return the hash of an entry and of all before it."""
    return hashlib.sha256(dumps([previous, *content]).encode()).hexdigest()


def broken_at(entries: tuple[Entry, ...]) -> int | None:
    """Return the number of the first entry that is not as it was written, None where all are."""
    previous = ""
    for number, one in enumerate(entries, 1):
        content = (one.tenant_id, one.incident_id, one.number, one.at, one.by, one.kind, one.data)
        if one.number != number or one.previous != previous or one.hash != entry_hash(previous, content):
            return number
        previous = one.hash
    return None


def clocks_of(
    severity: IncidentSeverity,
    at: datetime,
    calendar: WorkingCalendar | None,
    agreed: Mapping[str, int] = MappingProxyType({}),
) -> tuple[Clock, ...]:
    """Return the clocks that begin with an incident; ``agreed`` are minutes that a rule set instead of the built-in."""
    found = []
    for target in targets_of(severity, agreed):
        due = target.due(at, calendar)
        found.append(Clock(target.name, due.at, calendar_ends=due.ends.isoformat() if due.ends else ""))
    return tuple(found)


def update_due(
    severity: IncidentSeverity, at: datetime, agreed: Mapping[str, int] = MappingProxyType({})
) -> datetime | None:
    """Return when people have to be told the next time."""
    return next((one.due(at, None).at for one in targets_of(severity, agreed) if one.name == UPDATE), None)


__all__ = ["RESOLVE", "RESPOND", "STEPS", "UPDATE", "Clock", "Entry", "Incident", "IncidentState", "Period", "Role"]
