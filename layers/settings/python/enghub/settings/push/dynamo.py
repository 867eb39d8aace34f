"""Connections in DynamoDB.

Connection   pk T#<tenant>#SETTINGS_CONNECTIONS   sk <connection>   for as long as the gateway holds it at most
             gsi1pk T#*#SETTINGS_CONNECTIONS      for changes that concern every tenant
"""

from collections.abc import Iterator
from datetime import timedelta

from enghub.core.aggregates import Items
from enghub.core.dynamo import key
from enghub.core.transactions import Delete, transact
from enghub.settings.configs.model import EVERY_TENANT
from enghub.settings.push.model import Connection

LONGEST = timedelta(hours=2, minutes=10)
"""API Gateway ends a connection after two hours."""


def _partition(tenant_id: str) -> str:
    return key("T", tenant_id, "SETTINGS_CONNECTIONS")


CONNECTIONS = Items(
    Connection,
    "SETTINGS_CONNECTION",
    key=lambda one: (_partition(one.tenant_id), one.connection_id),
    more=lambda one: {
        "gsi1pk": _partition(EVERY_TENANT),
        "gsi1sk": key(one.tenant_id, one.connection_id),
        "expires_at": int((one.connected_at + LONGEST).timestamp()),
    },
)


class DynamoConnections:
    """See ``Connections``."""

    def add(self, connection: Connection) -> None:
        """One write."""
        transact(CONNECTIONS.put(connection))

    def remove(self, tenant_id: str, connection_id: str) -> None:
        """One write."""
        transact(Delete((_partition(tenant_id), connection_id)))

    def of(self, tenant_id: str) -> Iterator[Connection]:
        """One Query for each MB."""
        index = "gsi1" if tenant_id == EVERY_TENANT else None
        return CONNECTIONS.each(_partition(tenant_id), index=index)
