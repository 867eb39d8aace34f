"""What pushing needs: a store of connections, and the gateway that holds them."""

from collections.abc import Iterable
from typing import Protocol

from enghub.settings.push.model import Connection


class ConnectionGone(Exception):
    """The client has gone; nothing reaches it any more."""


class Connections(Protocol):
    """The connections that are open, as far as is known."""

    def add(self, connection: Connection) -> None:
        """Keep a connection, until the gateway ends it at the latest."""

    def remove(self, tenant_id: str, connection_id: str) -> None:
        """Forget a connection; nothing happens where there is none."""

    def of(self, tenant_id: str) -> Iterable[Connection]:
        """Return the connections of a tenant; of all with ``*``."""


class Posts(Protocol):
    """The gateway."""

    def post(self, connection_id: str, data: bytes) -> None:
        """Send a frame to a connection.

        Raises:
            ConnectionGone
            Exception: it cannot be sent now.
        """
