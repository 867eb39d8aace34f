"""What people do with what they set up: the same few things of every kind (rules, contacts, calendars, schedules)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.setup.errors import SetupNotFound, TooManyOfThem
from enghub.core.timers.model import TimerChange

A = TypeVar("A")


class SetupRepository(Protocol[A]):
    """Stores what a tenant has said, of one kind. Values have ``tenant_id`` and ``is_deleted``."""

    def get(self, tenant_id: str, name: str) -> Kept[A] | None:
        """Return one, also a deleted one."""

    def all(self, tenant_id: str) -> list[Kept[A]]:
        """Return those that are not deleted, by name."""

    def save(self, commit: Commit[A]) -> Kept[A]:
        """Store a change.

        Raises:
            VersionConflict: somebody else changed it.
        """


@dataclass(frozen=True, slots=True)
class Follows:
    """What else is stored with a change."""

    events: tuple[Envelope, ...] = ()
    timers: tuple[TimerChange, ...] = ()


def _nothing(_after: Any, _before: Any, _origin: Origin) -> Follows:
    return Follows()


@dataclass(frozen=True, slots=True)
class Setup(Generic[A]):
    """The use cases of one kind."""

    what: str
    """Its word in errors."""
    repository: SetupRepository[A]
    most: int
    check: Callable[[A], None] | None = None
    """Raises what is wrong with one that is to be stored."""
    follows: Callable[[A, A | None, Origin], Follows] = _nothing
    """From what is stored, what was before it, and who stores it: events and timers."""

    def get(self, tenant_id: str, name: str) -> Kept[A]:
        """Return one.

        Raises:
            SetupNotFound
        """
        found = self.repository.get(tenant_id, name)
        if found is None or found.value.is_deleted:  # type: ignore[attr-defined]
            raise SetupNotFound(what=self.what, name=name)
        return found

    def all(self, tenant_id: str) -> list[Kept[A]]:
        """Return every one, by name."""
        return self.repository.all(tenant_id)

    def put(self, name: str, wanted: A, version: int | None, origin: Origin) -> Kept[A]:
        """Store one as wanted; ``version`` is the one that the caller saw, None of a new one.

        What is stored so already, one version later, is the same request again, whose answer got lost: it stays.

        Raises:
            VersionConflict: it is another now.
            TooManyOfThem: a new one would be one too many.
        """
        if self.check is not None:
            self.check(wanted)
        tenant_id: str = wanted.tenant_id  # type: ignore[attr-defined]
        before = self.repository.get(tenant_id, name)
        seen = 0 if before is None or before.value.is_deleted else before.revision  # type: ignore[attr-defined]
        if before is not None and before.value == wanted and seen and (version is None or seen == version + 1):
            return before
        if seen != (version or 0):
            raise VersionConflict(expected=version or 0, actual=seen)
        if not seen and len(self.repository.all(tenant_id)) >= self.most:
            raise TooManyOfThem(what=self.what, most=self.most)
        return self._save("changed" if seen else "created", wanted, before, origin)

    def delete(self, name: str, version: int | None, origin: Origin) -> None:
        """Take one away; its history stays.

        Raises:
            SetupNotFound, VersionConflict
        """
        before = self.get(origin.tenant_id, name)
        if version is not None and version != before.revision:
            raise VersionConflict(expected=version, actual=before.revision)
        gone = replace(before.value, is_deleted=True)  # type: ignore[type-var]
        self._save("deleted", gone, before, origin)

    def _save(self, action: str, after: A, before: Kept[A] | None, origin: Origin) -> Kept[A]:
        more = self.follows(after, None if before is None else before.value, origin)
        return self.repository.save(Commit(origin, action, after, before, events=more.events, timers=more.timers))
