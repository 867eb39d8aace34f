"""What the use cases of templates need of a store."""

from collections.abc import Sequence
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.settings.configs.repository import Page
from enghub.settings.templates.model import Template, TemplateVersion


class TemplateRepository(Protocol):
    """Templates of the global space and of tenants, with their versions, audit entries and names."""

    def get(self, tenant_id: str, template_id: str) -> Kept[Template] | None:
        """Return a template."""

    def all(self, tenant_id: str) -> Sequence[Template]:
        """Return a space's templates by id."""

    def version(self, tenant_id: str, template_id: str, version: str) -> TemplateVersion | None:
        """Return one version."""

    def versions(self, tenant_id: str, template_id: str, limit: int, cursor: str | None) -> Page[TemplateVersion]:
        """Return versions, the newest first."""

    def save(self, commit: Commit[Template], version: TemplateVersion | None) -> Kept[Template]:
        """Store a template, with a new version if there is one, in one transaction.

        Raises:
            VersionConflict: somebody saved it meanwhile.
            TemplateConflict: another one of the space has the name.
        """
