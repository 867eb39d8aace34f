"""What people do with master data of a factory, whatever it describes: the same four things."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, cast

from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.mes.factories import Factory
from enghub.mes.masters.errors import MasterNotFound
from enghub.mes.masters.repository import A, MasterPage, MasterRepository


@dataclass(frozen=True, slots=True)
class Masters(Generic[A]):
    """The use cases of one kind. ``check`` raises what is wrong with one that is to be stored."""

    what: str
    """Its word in errors."""
    repository: MasterRepository[A]
    check: Callable[[A], None] | None = None
    events: Callable[[Origin, A], tuple[Envelope, ...]] = lambda _, __: ()
    """What a change of it means to others."""

    def find(self, factory: Factory, name: str) -> A | None:
        """Return one, None where there is none."""
        found = self.repository.get(factory, name)
        return None if found is None or found.value.is_deleted else found.value

    def get(self, factory: Factory, name: str) -> Kept[A]:
        """Return one.

        Raises:
            MasterNotFound
        """
        found = self.repository.get(factory, name)
        if found is None or found.value.is_deleted:
            raise MasterNotFound(what=self.what, name=name)
        return found

    def page(self, factory: Factory, limit: int, cursor: str | None) -> MasterPage[A]:
        """Return a page, by name."""
        return self.repository.page(factory, limit, cursor)

    def put(self, name: str, wanted: A, version: int | None, origin: Origin) -> Kept[A]:
        """Store one as wanted; ``version`` is the one that the caller saw, None of a new one.

        What is stored so already, one version later, is the same request again, whose answer got lost: it stays.

        Raises:
            VersionConflict: it is another now.
        """
        before = self.repository.get(wanted.factory, name)
        seen = 0 if before is None or before.value.is_deleted else before.revision
        if before is not None and before.value == wanted and seen and (version is None or seen == version + 1):
            return before
        if seen != (version or 0):
            raise VersionConflict(expected=version or 0, actual=seen)
        if self.check is not None:
            self.check(wanted)
        action = "changed" if seen else "created"
        return self.repository.save(Commit(origin, action, wanted, before, self.events(origin, wanted)))

    def delete(self, name: str, version: int | None, origin: Origin) -> None:
        """Take one away; its history stays.

        Raises:
            MasterNotFound, VersionConflict
        """
        before = self.get(Factory.of(origin), name)
        if version is not None and version != before.revision:
            raise VersionConflict(expected=version, actual=before.revision)
        gone = cast("A", replace(cast("Any", before.value), is_deleted=True))
        self.repository.save(Commit(origin, "deleted", gone, before, self.events(origin, gone)))
