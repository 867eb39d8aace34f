"""What the use cases need of a store of grants."""

from collections.abc import Sequence
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.settings.grants.model import UserGrants


class Grants(Protocol):
    """Grants by user, and what the edge reads of them."""

    def load(self, tenant_id: str, user_id: str) -> Kept[UserGrants] | None:
        """Return a user's grants, None where nobody ever gave or asked for any."""

    def save(self, commit: Commit[UserGrants]) -> None:
        """Store grants with audit and events; the edge reads the very item."""

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[Sequence[UserGrants], str | None]:
        """Return some of the tenant's users that have grants or requests, and where to go on."""
