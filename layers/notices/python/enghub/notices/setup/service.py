"""What people do with rules, channels, contacts and templates: the same four things (CFG-17)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic

from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.notices.setup.errors import SetupNotFound, TooManyOfThem
from enghub.notices.setup.repository import A, SetupRepository


@dataclass(frozen=True, slots=True)
class Setup(Generic[A]):
    """The use cases of one kind."""

    what: str
    """Its word in errors."""
    repository: SetupRepository[A]
    most: int
    check: Callable[[A], None] | None = None
    """Raises what is wrong with one that is to be stored."""

    def get(self, tenant_id: str, name: str) -> Kept[A]:
        """Return one.

        Raises:
            SetupNotFound
        """
        found = self.repository.get(tenant_id, name)
        if found is None or found.value.is_deleted:
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
        before = self.repository.get(wanted.tenant_id, name)
        seen = 0 if before is None or before.value.is_deleted else before.revision
        if before is not None and before.value == wanted and seen and (version is None or seen == version + 1):
            return before
        if seen != (version or 0):
            raise VersionConflict(expected=version or 0, actual=seen)
        if not seen and len(self.repository.all(wanted.tenant_id)) >= self.most:
            raise TooManyOfThem(what=self.what, most=self.most)
        action = "changed" if seen else "created"
        return self.repository.save(Commit(origin, action, wanted, before))

    def delete(self, name: str, version: int | None, origin: Origin) -> None:
        """Take one away; its history stays.

        Raises:
            SetupNotFound, VersionConflict
        """
        before = self.get(origin.tenant_id, name)
        if version is not None and version != before.revision:
            raise VersionConflict(expected=version, actual=before.revision)
        self.repository.save(Commit(origin, "deleted", replace(before.value, is_deleted=True), before))
