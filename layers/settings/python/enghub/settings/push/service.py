"""Tells open connections that something changed; polling brings it to whoever is not reached (CFG-11)."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from enghub.core import log
from enghub.settings.push.model import Changed, Connection, frame
from enghub.settings.push.repository import ConnectionGone, Connections, Posts

AT_ONCE = 16
"""Frames under way: a post takes some ten milliseconds."""


@dataclass
class Pushing:
    """Collects the changes of one batch of events, and tells each connection of all of them at once."""

    connections: Connections
    posts: Posts
    _changes: list[Changed] = field(default_factory=list)

    def note(self, change: Changed) -> None:
        """Remember a change until ``push``."""
        self._changes.append(change)

    def push(self) -> int:
        """Send one frame to each connection that a change concerns; return to how many it was sent.

        One that is gone is forgotten. One that cannot be reached now is not tried again: its client polls, and an
        event that came back for it would be told to all others once more.
        """
        changes, self._changes = self._changes, []
        tenants = {"*"} if any(one.is_for_all for one in changes) else {one.owner.tenant_id for one in changes}
        wanted = []
        for tenant_id in sorted(tenants):
            for connection in self.connections.of(tenant_id):
                concerning = [one for one in changes if one.concerns(connection)]
                if concerning:
                    wanted.append((connection, frame(concerning)))
        return self._send(wanted)

    def _send(self, wanted: Sequence[tuple[Connection, bytes]]) -> int:
        if not wanted:
            return 0
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return sum(pool.map(lambda one: self._sent(*one), wanted))

    def _sent(self, connection: Connection, data: bytes) -> bool:
        try:
            self.posts.post(connection.connection_id, data)
        except ConnectionGone:
            self.connections.remove(connection.tenant_id, connection.connection_id)
        except Exception:
            log.exception("a change is not pushed", connection_id=connection.connection_id)
        else:
            return True
        return False
