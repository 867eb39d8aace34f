"""Integrations, their keys, and silences on the wire (OPS-11)."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.i18n import Text
from enghub.core.setup.api import Name, Version
from enghub.golive.alerts.model import Heartbeat, Integration, Protocol_, Pulse, Route, Silence
from enghub.golive.incidents.targets import IncidentSeverity
from enghub.golive.keys.model import AccessKey, KeyKind

Label = Annotated[str, Field(min_length=1, max_length=256)]
Value = Annotated[str, Field(max_length=1000)]
Labels = Annotated[dict[Label, Value], Field(min_length=1, max_length=20)]
Topic = Annotated[str, Field(pattern=r"^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", max_length=300)]
KeyHash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", max_length=64)]
_END = Text("a silence ends after it begins", "静默的结束时间必须晚于开始时间")


class RoutePart(wire.Request):
    """Alerts with these labels go to this service, with this severity where one is said."""

    labels: Labels
    service_id: Name | None = None
    severity: IncidentSeverity | None = None


class HeartbeatPart(wire.Request):
    """A sender not heard of for so many minutes is silent: an incident, until it speaks again."""

    minutes: Annotated[wire.Count, Field(ge=1, le=10_080)]
    severity: IncidentSeverity = IncidentSeverity.P2
    labels: Annotated[dict[Label, Value], Field(max_length=20)] = Field(default_factory=dict)


class PutIntegrationRequest(wire.Request):
    """A sender of alerts."""

    name: wire.ShortText
    protocol: Protocol_
    service_id: Name
    group_by: Annotated[tuple[Label, ...], Field(max_length=10)] = ()
    severities: Annotated[dict[Label, IncidentSeverity], Field(max_length=30)] = Field(default_factory=dict)
    routes: Annotated[tuple[RoutePart, ...], Field(max_length=50)] = ()
    topic_arns: Annotated[tuple[Topic, ...], Field(max_length=20)] = ()
    heartbeat: HeartbeatPart | None = None
    version: Version | None = None

    def to_integration(self, tenant_id: str, integration_id: str) -> Integration:
        """Return the integration."""
        return Integration(
            tenant_id=tenant_id,
            integration_id=integration_id,
            name=self.name,
            protocol=self.protocol,
            service_id=self.service_id,
            group_by=self.group_by,
            severities={word.strip().lower(): severity for word, severity in self.severities.items()},
            routes=tuple(Route(one.labels, one.service_id or "", one.severity) for one in self.routes),
            topic_arns=self.topic_arns,
            heartbeat=Heartbeat(**dict(self.heartbeat)) if self.heartbeat else None,
        )


class PutSilenceRequest(wire.Request):
    """Alerts with all these labels open quiet incidents until ``end``; what fires then still, pages then."""

    labels: Labels
    start: wire.Instant
    end: wire.Instant
    reason: Annotated[str, Field(max_length=500)] = ""
    version: Version | None = None

    @model_validator(mode="after")
    def _it_ends(self) -> Self:
        if self.end <= self.start:
            raise wire.Unfit(_END, field="end")
        return self

    def to_silence(self, tenant_id: str, silence_id: str) -> Silence:
        """Return the silence."""
        return Silence(tenant_id, silence_id, self.labels, self.start, self.end, self.reason)


class RouteResponse(wire.Response):
    """Where alerts with these labels go."""

    labels: dict[str, str]
    service_id: str | None
    severity: IncidentSeverity | None


class HeartbeatResponse(wire.Response):
    """After how many minutes without a sign of life a sender is silent."""

    minutes: int
    severity: IncidentSeverity
    labels: dict[str, str]

    @classmethod
    def of(cls, one: Heartbeat) -> "HeartbeatResponse":
        """Return the answer for a heartbeat."""
        return cls(minutes=one.minutes, severity=one.severity, labels=dict(one.labels))


class PulseResponse(wire.Response):
    """When a sender was heard of last, noted ten times in its heartbeat's minutes; since when it is silent."""

    integration_id: str
    heard_at: wire.Instant | None
    silent_since: wire.Instant | None
    incident_id: str | None

    @classmethod
    def of(cls, integration_id: str, kept: Kept[Pulse] | None) -> "PulseResponse":
        """Return the answer for a sender; empty where it was never heard of, or has no heartbeat."""
        one = kept.value if kept else None
        return cls(
            integration_id=integration_id,
            heard_at=one.heard_at if one else None,
            silent_since=one.silent_since if one else None,
            incident_id=(one.incident_id or None) if one else None,
        )


class IntegrationResponse(wire.Response):
    """A sender of alerts."""

    integration_id: str
    name: str
    protocol: Protocol_
    service_id: str
    group_by: tuple[str, ...]
    severities: dict[str, IncidentSeverity]
    routes: tuple[RouteResponse, ...]
    topic_arns: tuple[str, ...]
    heartbeat: HeartbeatResponse | None
    version: int

    @classmethod
    def of(cls, kept: Kept[Integration]) -> "IntegrationResponse":
        """Return the answer for an integration."""
        one = kept.value
        return cls(
            integration_id=one.integration_id,
            name=one.name,
            protocol=one.protocol,
            service_id=one.service_id,
            group_by=one.group_by,
            severities=dict(one.severities),
            routes=tuple(
                RouteResponse(labels=dict(part.labels), service_id=part.service_id or None, severity=part.severity)
                for part in one.routes
            ),
            topic_arns=one.topic_arns,
            heartbeat=HeartbeatResponse.of(one.heartbeat) if one.heartbeat else None,
            version=kept.revision,
        )


class IntegrationsResponse(wire.Response):
    """A page of integrations; it may hold fewer, also none, while there is a cursor."""

    items: tuple[IntegrationResponse, ...]
    cursor: str | None


class SilenceResponse(wire.Response):
    """A silence."""

    silence_id: str
    labels: dict[str, str]
    start: wire.Instant
    end: wire.Instant
    reason: str
    version: int

    @classmethod
    def of(cls, kept: Kept[Silence]) -> "SilenceResponse":
        """Return the answer for a silence."""
        one = kept.value
        return cls(
            silence_id=one.silence_id,
            labels=dict(one.labels),
            start=one.start,
            end=one.end,
            reason=one.reason,
            version=kept.revision,
        )


class SilencesResponse(wire.Response):
    """A page of silences; it may hold fewer, also none, while there is a cursor."""

    items: tuple[SilenceResponse, ...]
    cursor: str | None


class KeyResponse(wire.Response):
    """A key as it is kept; its text is shown once, when it is made."""

    key_hash: str
    kind: KeyKind
    about: str
    made_by: str
    made_at: wire.Instant
    revoked_at: wire.Instant | None
    key: str | None = None

    @classmethod
    def of(cls, kept: Kept[AccessKey], text: str | None = None) -> "KeyResponse":
        """Return the answer for a key."""
        one = kept.value
        return cls(
            key_hash=one.key_hash,
            kind=one.kind,
            about=one.about,
            made_by=one.made_by,
            made_at=one.made_at,
            revoked_at=one.revoked_at,
            key=text,
        )


class KeysResponse(wire.Response):
    """A page of keys."""

    items: tuple[KeyResponse, ...]
    cursor: str | None
