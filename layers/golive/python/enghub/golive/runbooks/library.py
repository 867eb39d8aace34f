"""The runbooks of a tenant: its own with all their versions, and those that came with the product (OPS-13)."""

from collections.abc import Iterable
from dataclasses import dataclass

from enghub.golive.runbooks.builtin import BUILT_IN, built_in
from enghub.golive.runbooks.errors import RunbookNotFound
from enghub.golive.runbooks.repository import RunbookStore, Versioned


@dataclass(frozen=True, slots=True)
class Library:
    """Finds runbooks. A tenant's own stands before the built-in one of the same name."""

    store: RunbookStore

    def get(self, tenant_id: str, runbook_id: str, version: int | None = None) -> Versioned:
        """Return a runbook: a version, or the newest one, or the built-in one (version 0).

        Raises:
            RunbookNotFound
        """
        if version:
            found = self.store.version(tenant_id, runbook_id, version)
            if found is not None and not found.is_deleted:
                return Versioned(found, version)
            raise RunbookNotFound(runbook_id=f"{runbook_id} ({version})")
        kept = self.store.get(tenant_id, runbook_id) if version is None else None
        if kept is not None and not kept.value.is_deleted:
            return Versioned(kept.value, kept.revision)
        for one in built_in(tenant_id):
            if one.runbook_id == runbook_id:
                return Versioned(one, BUILT_IN)
        raise RunbookNotFound(runbook_id=runbook_id)

    def all(self, tenant_id: str) -> list[Versioned]:
        """Return every runbook that may be followed: the tenant's, then those built in."""
        own = [Versioned(one.value, one.revision) for one in self.store.all(tenant_id)]
        names = {one.runbook.runbook_id for one in own}
        return own + [Versioned(one, BUILT_IN) for one in built_in(tenant_id) if one.runbook_id not in names]

    def fitting(self, tenant_id: str, wanted: Iterable[str], title: str) -> list[Versioned]:
        """Return the runbooks that fit an incident: those named, then those for what it is called."""
        every = {one.runbook.runbook_id: one for one in self.all(tenant_id)}
        named = [every[name] for name in dict.fromkeys(wanted) if name in every]
        return named + [one for one in every.values() if one not in named and one.runbook.fits(title)]

    def check(self, tenant_id: str, wanted: Iterable[str]) -> None:
        """Refuse names that no runbook has.

        Raises:
            RunbookNotFound
        """
        for name in wanted:
            self.get(tenant_id, name)
