"""What calls to an ERP need: who it is, how it was, and the way to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from enghub.core.notices import NoticeRequested
from enghub.mes.erp.model import Health, Link, Service
from enghub.mes.factories import Factory


@dataclass(frozen=True, slots=True)
class Reply:
    """What an ERP answered."""

    content: Mapping[str, Any]
    as_of: datetime
    milliseconds: int


class Erp(Protocol):
    """The ERP of a link."""

    def get(self, link: Link, path: str) -> Reply:
        """Read.

        Raises:
            ErpAway, ErpRefuses
        """

    def post(self, link: Link, path: str, key: str, body: str) -> Reply:
        """Send JSON text under an Idempotency-Key; raises as ``get``."""


class Healths(Protocol):
    """Keeps how the services are."""

    def get(self, factory: Factory, service: Service) -> Health:
        """Return how a service is; of one that nobody called yet, nothing is known."""

    def of(self, factory: Factory) -> list[Health]:
        """Return every service that was called."""

    def save(self, after: Health, notice: NoticeRequested | None, at: datetime) -> bool:
        """Store ``after`` where nobody else was faster, with the notice; False where somebody was."""
