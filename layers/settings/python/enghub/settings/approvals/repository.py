"""What approvals need of a store."""

from collections.abc import Sequence
from typing import Any, Protocol

from enghub.core.claims import Claim
from enghub.core.commits import Kept
from enghub.settings.approvals.model import ChangeRequest, RequestCommit


class Page(Protocol):
    """Part of a list; ``cursor`` is where to go on, None at the end."""

    @property
    def items(self) -> tuple[ChangeRequest, ...]:
        """Return what the page holds."""

    @property
    def cursor(self) -> str | None:
        """Return where the next page begins."""


class ChangeRequests(Protocol):
    """The requests of one tenant; the global layer's are those of tenant ``*``."""

    def get(self, tenant_id: str, request_id: str) -> Kept[ChangeRequest] | None:
        """Return one."""

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> Page:
        """Return a page, the newest first."""

    def writes(self, commit: RequestCommit) -> Sequence[Any]:
        """Return a step as writes for the transaction of what it is about."""

    def save(self, commit: RequestCommit, claim: Claim | None = None) -> None:
        """Store a step.

        Raises:
            VersionConflict: somebody else made one meanwhile.
            Replayed: ``claim`` was answered before.
        """
