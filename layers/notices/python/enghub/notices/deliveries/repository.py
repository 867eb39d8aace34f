"""What planning and sending need from a store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.notices.deliveries.model import Delivery, Notice, State


class DeliveryOvertaken(Exception):
    """Somebody else has changed the delivery since it was read."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a list; ``cursor`` is where to go on, None at the end."""

    deliveries: tuple[Delivery, ...]
    cursor: str | None


class DeliveryRepository(Protocol):
    """Stores notices and their deliveries, of many tenants."""

    def plan(self, notice: Notice, deliveries: Sequence[Delivery]) -> None:
        """Store a notice with its deliveries and start those that are due; what is stored already stays as it is.

        Raises:
            AlreadyHandled: the notice was planned before.
        """

    def known(self, tenant_id: str, delivery_ids: Sequence[str]) -> set[str]:
        """Return which of these are stored already."""

    def get(self, tenant_id: str, delivery_id: str) -> Kept[Delivery] | None:
        """Return a delivery."""

    def save(self, commit: Commit[Delivery]) -> Kept[Delivery]:
        """Store a change of a delivery with its events and commands.

        Raises:
            DeliveryOvertaken
        """

    def notice(self, tenant_id: str, notice_id: str) -> Kept[Notice] | None:
        """Return a notice."""

    def save_notice(self, commit: Commit[Notice]) -> Kept[Notice]:
        """Store a change of a notice with its events.

        Raises:
            DeliveryOvertaken
        """

    def collected(self, tenant_id: str, digest: str) -> list[Delivery]:
        """Return what is part of a digest, in the order it came."""

    def take(self, tenant_id: str, budget: str, limit: int, until: datetime) -> bool:
        """Take one of ``limit`` of a budget that is forgotten after ``until``; False when none is left."""

    def find(self, tenant_id: str, state: State | None, notice_id: str | None, limit: int, cursor: str | None) -> Found:
        """Return a page of deliveries, newest first.

        Raises:
            Invalid: the cursor belongs to another list.
        """
