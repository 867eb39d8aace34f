"""What clients need of a store."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from enghub.settings.clients.model import ClientState
from enghub.settings.configs.model import Owner


class Page(Protocol):
    """Part of a list; ``cursor`` is where to go on, None at the end."""

    @property
    def items(self) -> tuple[ClientState, ...]:
        """Return what the page holds."""

    @property
    def cursor(self) -> str | None:
        """Return where the next page begins."""


class Clients(Protocol):
    """Counts of changes by layer, and what clients said."""

    def counts(self, owners: Sequence[Owner]) -> Mapping[Owner, int]:
        """Return how often the configuration of each of up to 100 layers changed; 0 where it never did."""

    def count(self, owner: Owner) -> None:
        """Count a change, after it was made."""

    def said(self, tenant_id: str, user_id: str, client_id: str) -> ClientState | None:
        """Return what a client said last."""

    def keep(self, state: ClientState, events: Sequence[Any] = ()) -> None:
        """Keep what a client says, for a week, and send events with it."""

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> Page:
        """Return a page of what a tenant's clients said, by user and client."""
