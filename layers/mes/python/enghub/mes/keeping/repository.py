"""What the quality, stock and planning services need from a store: aggregates, facts that never change, lists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from enghub.core.commits import Commit, Kept
from enghub.mes.factories import Factory

A = TypeVar("A")
Name = tuple[str, ...]
"""The parts of an id, of a list's name, of a place in it."""
ATTEMPTS = 12
"""How often a change reads again when somebody else was faster."""


class FactExists(Exception):
    """A fact of this name is stored already."""


@dataclass(frozen=True, slots=True)
class Found(Generic[A]):
    """One page of a list; ``cursor`` is where to go on, None at the end."""

    items: tuple[A, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Handled:
    """The mark that a consumer handled an event, stored with its effect."""

    consumer: str
    event_id: str
    tenant_id: str
    at: datetime


class Store(Protocol):
    """Keeps the kinds of a slice; all of one ``save`` is stored or nothing."""

    def get(self, kind: type[A], factory: Factory, *identity: str) -> Kept[A] | None:
        """Return an aggregate, read consistently; one GetItem."""

    def get_many(self, kind: type[A], factory: Factory, identities: Sequence[Name]) -> dict[Name, Kept[A]]:
        """Return those that exist, by id; a BatchGetItem per 100."""

    def find(
        self,
        kind: type[A],
        factory: Factory,
        name: Name,
        *,
        limit: int,
        cursor: str | None = None,
        newest_first: bool = False,
    ) -> Found[A]:
        """Return one page of a list of aggregates; one Query, one BatchGetItem."""

    def facts(
        self,
        kind: type[A],
        factory: Factory,
        partition: Name,
        *,
        limit: int,
        cursor: str | None = None,
        newest_first: bool = False,
        between: tuple[str, str] | None = None,
    ) -> Found[A]:
        """Return one page of facts of a partition, by their place; one Query."""

    def each_fact(self, kind: type[A], factory: Factory, partition: Name) -> Iterator[A]:
        """Yield every fact of a partition."""

    def save(self, *commits: Commit[Any], facts: Sequence[Any] = (), handled: Handled | None = None) -> None:
        """Store everything, or nothing.

        Raises:
            Replayed: the request of the first commit was answered before.
            AlreadyHandled: the event was handled before.
            VersionConflict: an aggregate is another by now.
            FactExists: one of the facts is there already.
        """
