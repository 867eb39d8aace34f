"""Rules of ``settings`` that decide here, as its events told them (OPS-10, CFG-15). Pure."""

from dataclasses import dataclass
from datetime import datetime

INCIDENT_TARGETS = "incident.targets"
"""The rule that is asked for the clocks of incidents."""
KIND = "SLA"


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """The version of a rule that decides since ``at``; version 0 decides nothing. Tenant ``*`` is everybody's."""

    tenant_id: str
    rule_key: str
    version: int
    table: str
    """The decision table as JSON text."""
    at: datetime
    event_id: str
