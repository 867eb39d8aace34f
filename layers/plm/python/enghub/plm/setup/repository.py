"""What a tenant's setup needs of a store."""

from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.plm.connections.rules import ConnectionRules
from enghub.plm.units.model import UnitTable


class PlmSetup(Protocol):
    """Units and connection rules of all tenants."""

    def units(self, tenant_id: str) -> Kept[UnitTable] | None:
        """Return the tenant's own list of units."""

    def rules(self, tenant_id: str, connection: str) -> Kept[ConnectionRules] | None:
        """Return what the tenant said about a connection."""

    def save_units(self, commit: Commit[UnitTable]) -> Kept[UnitTable]:
        """Store a list of units.

        Raises:
            VersionConflict
        """

    def save_rules(self, commit: Commit[ConnectionRules]) -> Kept[ConnectionRules]:
        """Store a connection's rules; raises as ``save_units``."""
