"""What bills of material need of a store."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.plm.boms.model import Bom, Moment, Versions
from enghub.plm.products.model import Stamp


@dataclass(frozen=True, slots=True)
class BomCommit:
    """A changed version with the product's list of versions; ``parts_before`` are those of its stored version."""

    commit: Commit[Bom]
    versions_before: Kept[Versions] | None
    versions: Versions
    parts_before: frozenset[str] = frozenset()
    parts_elsewhere: frozenset[str] = field(default_factory=frozenset)
    """Of the product's other versions: they stay listed where they are used."""
    stamp: Stamp | None = None
    """The run that writes it: what was there before goes into its journal, and no part is taken off a list."""


class Boms(Protocol):
    """The BOMs of all tenants."""

    def versions(self, tenant_id: str, product: str) -> Kept[Versions] | None:
        """Return the list of a product's versions, read consistently."""

    def get(self, tenant_id: str, product: str, version: str) -> Kept[Bom] | None:
        """Return one version, read consistently."""

    def all_of(self, tenant_id: str, versions: Versions) -> list[Bom]:
        """Return every version of a product."""

    def in_force(self, tenant_id: str, products: Collection[str], moment: Moment) -> Mapping[str, Bom | None]:
        """Return, of the products that have BOMs, the version in force; None where none is."""

    def parents(self, tenant_id: str, parts: Collection[str]) -> Mapping[str, Collection[str]]:
        """Return which products may contain each part in any version; never too few."""

    def save(self, change: BomCommit) -> Kept[Bom]:
        """Store a version: its item, the list, who uses what, audit and events, together.

        Raises:
            Replayed: the request was answered before.
            VersionConflict: the version or the list changed since it was read.
        """
