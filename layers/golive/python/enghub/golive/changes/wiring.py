"""Which changes come before an incident (OPS-25)."""

from datetime import timedelta

from enghub.golive.changes.model import Wanted
from enghub.golive.incidents.dynamo import DynamoIncidents
from enghub.golive.incidents.errors import IncidentNotFound


def before_incident(tenant_id: str, incident_id: str, hours: int) -> Wanted:
    """Return the ``hours`` before an incident was opened; one GetItem.

    Raises:
        IncidentNotFound
    """
    kept = DynamoIncidents().get(tenant_id, incident_id)
    if kept is None:
        raise IncidentNotFound(incident_id=incident_id)
    opened_at = kept.value.opened_at
    return Wanted(opened_at - timedelta(hours=hours), opened_at)
