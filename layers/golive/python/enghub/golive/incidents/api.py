"""Incidents and services on the wire (OPS-10)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from enghub.core import wire
from enghub.core.setup.api import Name, UserId, Version
from enghub.golive.incidents.services import OperatedService
from enghub.golive.incidents.targets import Facts, IncidentSeverity

IncidentId = Annotated[str, Field(pattern=r"^[0-9A-Z]{26}$", max_length=26)]
Text_ = Annotated[str, Field(min_length=1, max_length=4000)]
Line = Annotated[str, Field(min_length=1, max_length=130, pattern=r"^[^/#\s]+(/[^/#\s]+)?$")]
"""``F1/SMT-1``, or ``F1`` for all lines of a factory."""
Link = Annotated[str, Field(min_length=1, max_length=1000)]


class PutServiceRequest(wire.Request):
    """What is run, who is paged for it, and what to type first."""

    name: wire.ShortText
    policy_id: Name
    calendar_id: Name | None = None
    first_steps: Annotated[str, Field(max_length=2000)] = ""
    runbooks: Annotated[tuple[Name, ...], Field(max_length=10)] = ()
    environment: Literal["PRODUCTION", "TEST"] = "PRODUCTION"
    war_room: Annotated[str, Field(max_length=500)] = ""
    lines: Annotated[tuple[Line, ...], Field(max_length=50)] = ()
    version: Version | None = None

    def to_service(self, tenant_id: str, service_id: str) -> OperatedService:
        """Return the service."""
        calendar_id = self.calendar_id or ""
        names = (tenant_id, service_id, self.name, self.policy_id, calendar_id)
        return OperatedService(*names, self.first_steps, self.runbooks, self.environment, self.war_room, self.lines)


class FactsPart(wire.Request):
    """What is known; it proposes the severity."""

    users_affected_percent: Annotated[wire.Quantity, Field(le=100)] | None = None
    response_seconds: wire.Quantity | None = None
    is_down: wire.Flag = False
    has_data_loss: wire.Flag = False
    is_security_breach: wire.Flag = False
    is_core_function: wire.Flag | None = None

    def to_facts(self) -> Facts:
        """Return the facts."""
        return Facts(**dict(self))


class DeclareRequest(wire.Request):
    """Something is broken. Without a severity the facts propose one."""

    service_id: Name
    title: wire.ShortText
    severity: IncidentSeverity | None = None
    facts: FactsPart = FactsPart()
    impact: Annotated[str, Field(max_length=2000)] = ""


class SeverityRequest(wire.Request):
    """Another severity."""

    severity: IncidentSeverity


class TextRequest(wire.Request):
    """What somebody says."""

    text: Text_


class RoleRequest(wire.Request):
    """Who takes a role."""

    user: UserId


class DescribeRequest(wire.Patch):
    """What an incident is about; what is left out stays."""

    title: wire.ShortText | None = None
    impact: Annotated[str, Field(max_length=2000)] | None = None
    links: Annotated[tuple[Link, ...], Field(max_length=20)] | None = None

    def said(self) -> dict[str, Any]:
        """Return what is to be changed."""
        return {name: value for name, value in dict(self).items() if value is not None}
