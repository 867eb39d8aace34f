"""What effects need of a store."""

from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.plm.effects.model import Effect


class Effects(Protocol):
    """The effects of all tenants' changes."""

    def get(self, tenant_id: str, ecn_number: str) -> Kept[Effect] | None:
        """Return the effect of a change, read consistently."""

    def save(self, commit: Commit[Effect]) -> Kept[Effect]:
        """Store a change; raises EffectExists, VersionConflict."""
