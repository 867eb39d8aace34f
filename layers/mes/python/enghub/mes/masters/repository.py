"""What the use cases of master data need from a store."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from enghub.core.commits import Commit, Kept
from enghub.mes.factories import Factory


class Master(Protocol):
    """Anything that people describe of a factory: a line, a station, a routing."""

    @property
    def factory(self) -> Factory:
        """Whose it is."""

    @property
    def is_deleted(self) -> bool:
        """Whether it was taken away; its history stays."""


A = TypeVar("A", bound=Master)


@dataclass(frozen=True, slots=True)
class MasterPage(Generic[A]):
    """One page by name; ``cursor`` is where to go on, None at the end."""

    items: tuple[Kept[A], ...]
    cursor: str | None


class MasterRepository(Protocol[A]):
    """Stores master data of one kind, of many tenants and factories."""

    def get(self, factory: Factory, name: str) -> Kept[A] | None:
        """Return one, also a deleted one."""

    def page(self, factory: Factory, limit: int, cursor: str | None) -> MasterPage[A]:
        """Return a page of those that are not deleted, by name; a page may hold fewer than ``limit``.

        Raises:
            Invalid: the cursor belongs to another list.
        """

    def save(self, commit: Commit[A]) -> Kept[A]:
        """Store a change.

        Raises:
            VersionConflict: somebody else changed it.
        """
