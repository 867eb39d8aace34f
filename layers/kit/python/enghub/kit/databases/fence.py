"""The fence of a database's writers: the greatest token that any of them brought, kept in the database itself (UPG-10).

A worker that was thought dead may wake up; its token is then smaller than the fence's, and it stops before it writes.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from enghub.kit.databases.storage import storage_of
from enghub.kit.work.errors import Superseded


@dataclass(frozen=True, slots=True)
class Fence:
    """A writer's token beside the table that holds the greatest one in its only row (`id` 1, `token`)."""

    table: sa.Table
    """Its metadata has every table that the writer keeps for itself in the database."""
    token: int

    def create(self, connection: sa.Connection) -> None:
        """Make the tables that are missing."""
        storage_of(connection).create(connection, self.table.metadata)
        connection.commit()

    def take(self, connection: sa.Connection) -> None:
        """Make the token the newest; part of the caller's transaction.

        Raises:
            Superseded: there is a newer one.
        """
        held = self.held(connection)
        if held is not None and held > self.token:
            raise Superseded
        if held != self.token:
            storage_of(connection).put(connection, self.table, {"id": 1}, {"token": self.token}, {})

    def check(self, connection: sa.Connection) -> None:
        """Make sure that nobody took over.

        Raises:
            Superseded: somebody did.
        """
        if self.held(connection) != self.token:
            raise Superseded

    def held(self, connection: sa.Connection) -> int | None:
        """Return the greatest token that a writer brought, None before the first one."""
        found = connection.execute(sa.select(self.table.c.token).where(self.table.c.id == 1)).scalar()
        return None if found is None else int(found)
