"""What the use cases of business rules need of a store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from enghub.core.commits import Commit, Kept
from enghub.settings.business_rules.model import Activation, BusinessRule, RuleVersion
from enghub.settings.configs.repository import Page


class RuleRepository(Protocol):
    """Rules with their versions, audit entries and events."""

    def get(self, tenant_id: str, rule_key: str) -> Kept[BusinessRule] | None:
        """Return a rule."""

    def activation(self, tenant_id: str, rule_key: str, at: datetime | None) -> Activation | None:
        """Return which version decides now, or decided at a time; None where there is, or was, no such rule."""

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> Page[BusinessRule]:
        """Return rules by key."""

    def version(self, tenant_id: str, rule_key: str, version: int) -> RuleVersion | None:
        """Return one version."""

    def versions(self, tenant_id: str, rule_key: str, limit: int, cursor: str | None) -> Page[RuleVersion]:
        """Return versions, the newest first."""

    def save(
        self, commit: Commit[BusinessRule], version: RuleVersion | None = None, alongside: Sequence[Any] = ()
    ) -> Kept[BusinessRule]:
        """Store a commit, with a new version if there is one, in one transaction with ``alongside``.

        Raises:
            Replayed, VersionConflict
        """
