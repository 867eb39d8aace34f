"""Use cases of a tenant's setup: read and replace the list of units and the rules of a connection."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.plm.connections.rules import ConnectionRules
from enghub.plm.setup.repository import PlmSetup
from enghub.plm.units.model import UnitTable

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Setup:
    """A tenant's units and connection rules; revision 0 are the defaults of a tenant that said nothing."""

    store: PlmSetup

    def units(self, tenant_id: str) -> Kept[UnitTable]:
        """Return the list of units in force."""
        return self.store.units(tenant_id) or Kept(UnitTable(tenant_id), 0)

    def rules(self, tenant_id: str, connection: str) -> Kept[ConnectionRules]:
        """Return the rules in force of a connection."""
        return self.store.rules(tenant_id, connection) or Kept(ConnectionRules(tenant_id, connection), 0)

    def put_units(self, wanted: UnitTable, seen: int, origin: Origin) -> Kept[UnitTable]:
        """Replace the list; ``seen`` is the revision that the caller read, 0 of the defaults.

        Raises:
            VersionConflict: it is another now.
        """
        return _put(self.store.units(wanted.tenant_id), wanted, seen, origin, self.store.save_units)

    def put_rules(self, wanted: ConnectionRules, seen: int, origin: Origin) -> Kept[ConnectionRules]:
        """Replace a connection's rules; as ``put_units``."""
        return _put(self.store.rules(wanted.tenant_id, wanted.name), wanted, seen, origin, self.store.save_rules)


def _put(before: Kept[A] | None, wanted: A, seen: int, origin: Origin, save: Callable[[Commit[A]], Kept[A]]) -> Kept[A]:
    actual = before.revision if before else 0
    if before is not None and before.value == wanted and actual == seen + 1:
        return before  # the same request again, whose answer got lost
    if actual != seen:
        raise VersionConflict(expected=seen, actual=actual)
    return save(Commit(origin, "changed" if before else "created", wanted, before))
