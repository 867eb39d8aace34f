"""Groups of alerts that are one incident while it is open (OPS-11). No I/O."""

from dataclasses import dataclass
from datetime import datetime

from enghub.golive.incidents.targets import IncidentSeverity


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts that are one incident while it is open."""

    tenant_id: str
    group: str
    service_id: str
    incident_id: str = ""
    severity: IncidentSeverity = IncidentSeverity.P3
    is_open: bool = False
    closed_at: datetime | None = None
    title: str = ""
