"""What APQP projects need of a store, of PPAPs and of the PLM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from enghub.core.commits import Commit, Kept
from enghub.plm.apqp.model import Project


@dataclass(frozen=True, slots=True)
class FoundProjects:
    """One page; ``cursor`` continues it."""

    projects: tuple[Project, ...]
    cursor: str | None


class Projects(Protocol):
    """The projects of all tenants."""

    def get(self, tenant_id: str, project_code: str) -> Kept[Project] | None:
        """Return one, read consistently."""

    def save(self, commit: Commit[Project]) -> Kept[Project]:
        """Store a change; raises ProjectExists, Replayed, VersionConflict."""

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> FoundProjects:
        """Return a page of a tenant's projects, by code."""


class PlmProjects(Protocol):
    """The PLM's side."""

    def gate(self, connection: str, tenant_id: str, push_id: str, told: Mapping[str, Any]) -> None:
        """Tell the PLM what became of a gate; ``push_id`` lets it recognise a repeat.

        Raises:
            PlmUnavailable, PlmRefused
        """

    def project(self, connection: str, tenant_id: str, project_code: str) -> Mapping[str, Any]:
        """Return the PLM's ``phase`` and ``deliverables`` (``code``, ``status``) of a project; raises as ``gate``."""
