"""What the use cases of rules, channels, contacts and templates need from a store."""

from typing import Protocol, TypeVar

from enghub.core.commits import Commit, Kept
from enghub.notices.channels.model import Channel
from enghub.notices.contacts.model import Contact
from enghub.notices.rules.model import Rule
from enghub.notices.templates.model import Template

A = TypeVar("A", Rule, Channel, Contact, Template)


class SetupRepository(Protocol[A]):
    """Stores what a tenant has said, of one kind."""

    def get(self, tenant_id: str, name: str) -> Kept[A] | None:
        """Return one, also a deleted one."""

    def all(self, tenant_id: str) -> list[Kept[A]]:
        """Return those that are not deleted, by name."""

    def save(self, commit: Commit[A]) -> Kept[A]:
        """Store a change.

        Raises:
            VersionConflict: somebody else changed it.
        """
