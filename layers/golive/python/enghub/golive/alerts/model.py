"""Alerts as this context sees them, whoever sent them; integrations, silences (OPS-11). No I/O.

What is kept of an alert is a member of its group: firing since when, or over since when. An order of arrival decides
nothing: ``starts_at`` says which firing a message speaks of, so a late "resolved" ends no newer one.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from enghub.golive.incidents.targets import IncidentSeverity


class Status(StrEnum):
    """What a message says of its alert."""

    FIRING = "FIRING"
    RESOLVED = "RESOLVED"
    ACKNOWLEDGED = "ACKNOWLEDGED"


class Protocol_(StrEnum):  # noqa: N801 - typing has a Protocol
    """Whose language an integration speaks."""

    ALERTMANAGER = "ALERTMANAGER"
    PROMETHEUS = "PROMETHEUS"
    PAGERDUTY = "PAGERDUTY"
    OPSGENIE = "OPSGENIE"
    CLOUDWATCH = "CLOUDWATCH"


@dataclass(frozen=True, slots=True)
class Alert:
    """One message about one alert. ``starts_at`` None: the sender does not say since when."""

    key: str
    status: Status
    title: str
    severity: str
    labels: Mapping[str, str]
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    drill_id: str = ""
    """Of the drill that sends it; nothing that a sender writes sets it."""


@dataclass(frozen=True, slots=True)
class Route:
    """Alerts whose labels match go to this service, with this severity where one is said."""

    labels: Mapping[str, str]
    service_id: str = ""
    severity: IncidentSeverity | None = None

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether every label is as said."""
        return all(labels.get(name) == value for name, value in self.labels.items())


SEVERITIES: Mapping[str, IncidentSeverity] = {
    **dict.fromkeys(("critical", "page", "disaster", "p1"), IncidentSeverity.P1),
    **dict.fromkeys(("error", "high", "warning", "p2", "p3"), IncidentSeverity.P2),
    **dict.fromkeys(("info", "low", "none", "p4", "p5"), IncidentSeverity.P3),
    "p0": IncidentSeverity.P0,
}
"""What senders' words mean where an integration says nothing else; an unknown word is P2."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """How often a sender has to be heard of. Silence is no recovery: what fired before stays as it is."""

    minutes: int
    severity: IncidentSeverity = IncidentSeverity.P2
    """Of the incident that its silence is."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Alerts with these labels are signs of life and nothing else (Prometheus' ``Watchdog``); none: no alert is."""

    @property
    def noted_every(self) -> timedelta:
        """Signs of life are noted this often, so that they cost a read and rarely a write."""
        return timedelta(minutes=self.minutes) / 10

    @property
    def allowed(self) -> timedelta:
        """After so long without a noted sign the sender is silent: never before its minutes are over."""
        return timedelta(minutes=self.minutes) + self.noted_every


@dataclass(frozen=True, slots=True)
class Pulse:
    """When a sender was heard of last; since when it is silent, and the incident that this is."""

    tenant_id: str
    integration_id: str
    heard_at: datetime
    silent_since: datetime | None = None
    incident_id: str = ""


@dataclass(frozen=True, slots=True)
class Integration:
    """A sender of alerts; its keys fix tenant and service."""

    tenant_id: str
    integration_id: str
    name: str
    protocol: Protocol_
    service_id: str
    group_by: tuple[str, ...] = ()
    """Alerts of one service with the same values of these labels are one incident; none: all of the service."""
    severities: Mapping[str, IncidentSeverity] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    """The first that matches holds."""
    topic_arns: tuple[str, ...] = ()
    """CloudWatch: whose messages are taken; empty for any that are signed."""
    heartbeat: Heartbeat | None = None
    """None: how long it is silent does not matter."""
    is_deleted: bool = False

    def is_sign_of_life(self, alert: Alert) -> bool:
        """Tell whether an alert says that the sender lives, and nothing else."""
        wanted = self.heartbeat.labels if self.heartbeat else {}
        return bool(wanted) and all(alert.labels.get(name) == value for name, value in wanted.items())

    def placed(self, alert: Alert) -> "Placed":
        """Return an alert with service, severity and group."""
        route = next((one for one in self.routes if one.matches(alert.labels)), Route({}))
        word = alert.severity.strip().lower()
        severity = route.severity or self.severities.get(word) or SEVERITIES.get(word, IncidentSeverity.P2)
        service = route.service_id or self.service_id
        values = [f"{name}={alert.labels.get(name, '')}" for name in self.group_by]
        return Placed(alert, service, severity, digest(service, *values))


@dataclass(frozen=True, slots=True)
class Placed:
    """An alert with where it belongs."""

    alert: Alert
    service_id: str
    severity: IncidentSeverity
    group: str


@dataclass(frozen=True, slots=True)
class Member:
    """What is known of one alert of a group."""

    tenant_id: str
    group: str
    key: str
    is_firing: bool
    starts_at: datetime
    title: str
    severity: IncidentSeverity
    seen_at: datetime
    """When this firing was heard of first."""
    ends_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def heard(before: Member | None, placed: Placed, tenant_id: str, now: datetime) -> Member | None:
    """Return the member as it is after a message, None where it says nothing new.

    A message of an earlier firing than the one that is known changes nothing; of the same firing, "resolved" is the
    last word.
    """
    alert = placed.alert
    starts = alert.starts_at
    if alert.status is Status.RESOLVED:
        return _ended(before, placed, tenant_id, now)
    if before is not None:
        if starts is None and before.is_firing:
            starts = before.starts_at
        if starts is not None and (starts < before.starts_at or (starts == before.starts_at and not before.is_firing)):
            return None
    starts = starts or now
    is_same = before is not None and before.is_firing and before.starts_at == starts
    if is_same and before is not None:
        worse = placed.severity.rank < before.severity.rank
        return replace(before, severity=placed.severity, title=alert.title) if worse else None
    return Member(
        tenant_id=tenant_id,
        group=placed.group,
        key=alert.key,
        is_firing=True,
        starts_at=starts,
        title=alert.title,
        severity=placed.severity,
        seen_at=now,
        labels=dict(list(alert.labels.items())[:30]),
    )


def _ended(before: Member | None, placed: Placed, tenant_id: str, now: datetime) -> Member | None:
    alert, starts = placed.alert, placed.alert.starts_at
    ends = alert.ends_at or now
    if before is None:
        first = starts or now
        return Member(tenant_id, placed.group, alert.key, False, first, alert.title, placed.severity, now, ends)
    if starts is not None and starts < before.starts_at:
        return None
    if starts is None and before.is_firing:
        starts = before.starts_at
    if not before.is_firing and (starts is None or starts == before.starts_at):
        return None
    return replace(before, is_firing=False, starts_at=starts or before.starts_at, ends_at=ends)


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that match open quiet incidents from ``start`` until just before ``end``; what still fires, pages then."""

    tenant_id: str
    silence_id: str
    labels: Mapping[str, str]
    start: datetime
    end: datetime
    reason: str = ""
    is_deleted: bool = False

    def covers(self, labels: Mapping[str, str], at: datetime) -> bool:
        """Tell whether it speaks of an alert at an instant."""
        return self.start <= at < self.end and all(labels.get(name) == value for name, value in self.labels.items())


def digest(*parts: str) -> str:
    """Return a key of fixed length."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:40]
