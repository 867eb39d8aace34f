"""What happens when a client connects and when it goes."""

from collections.abc import Mapping
from typing import Any

from enghub.core.calls import origin_of, principal_of
from enghub.core.clock import system_clock
from enghub.core.errors import EngHubError, Unauthenticated
from enghub.core.security import edge
from enghub.settings import rights
from enghub.settings.configs.model import EVERY_TENANT
from enghub.settings.flags.model import Environment
from enghub.settings.push.dynamo import DynamoConnections
from enghub.settings.push.model import Connection

REFUSED, DONE = {"statusCode": 403}, {"statusCode": 200}


def answered(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the answer to the gateway: anything but 200 at ``$connect`` refuses the connection."""
    said = event["requestContext"]
    if said["eventType"] == "CONNECT":
        return _connected(event, said["connectionId"])
    try:
        DynamoConnections().remove(principal_of(event).tenant_id, said["connectionId"])
    except Unauthenticated:
        return DONE  # nobody knows whose it was: the next frame finds it gone
    return DONE


def _connected(event: Mapping[str, Any], connection_id: str) -> Mapping[str, Any]:
    query = event.get("queryStringParameters") or {}
    try:
        caller = principal_of(event)
        edge.guard(caller, origin_of(event, caller.tenant_id, "", caller.user_id))
        caller.require(rights.READ_CONFIG.name)
        environment = Environment(query.get("environment", Environment.PROD))
    except (EngHubError, ValueError):
        return REFUSED
    if caller.tenant_id == EVERY_TENANT:
        return REFUSED
    made = Connection(connection_id, caller.tenant_id, caller.user_id, environment, system_clock())
    DynamoConnections().add(made)
    return DONE
