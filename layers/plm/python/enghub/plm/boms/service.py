"""Use cases of bills of material: store a version or one line, explode, where-used, diff (PLM-02)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.plm import published
from enghub.plm.boms.diff import LineChange, diff
from enghub.plm.boms.errors import BomNotFound
from enghub.plm.boms.explosion import Explosion, explode
from enghub.plm.boms.model import Bom, BomLine, Moment, Versions
from enghub.plm.boms.repository import BomCommit, Boms
from enghub.plm.boms.structure import MOST_ASSEMBLIES, Load, load_down, loop_of
from enghub.plm.boms.whereused import Use, load_up, where_used
from enghub.plm.products.model import Stamp
from enghub.plm.units.model import UnitTable

TOLD = 100
"""Parts that an event names."""


@dataclass(frozen=True, slots=True)
class BomBook:
    """The BOMs of all tenants."""

    boms: Boms
    units: Callable[[str], UnitTable]

    # --- change ---

    def put(self, wanted: Bom, seen: int | None, origin: Origin, claim: Claim | None = None) -> Kept[Bom]:
        """Store a version as wanted; ``seen`` is the revision read, 0 of a new one, None to take any.

        What is stored so already is left alone: the same request again, whose answer got lost, or a sync that brings
        nothing new.

        Raises:
            VersionConflict: it is another now.
            PeriodRefused, LineTwice, VersionsOverlap, BomLoop, UnknownUnit.
        """
        before = self.boms.get(wanted.tenant_id, wanted.product, wanted.version)
        actual = before.revision if before else 0
        if before is not None and _same(before.value, wanted) and seen in {None, actual, actual - 1}:
            return before
        if seen is not None and seen != actual:
            raise VersionConflict(expected=seen, actual=actual)
        if before is not None:
            wanted = replace(wanted, known_since=before.value.known_since)
        return self._store(wanted, before, origin, claim)

    def take_over(self, wanted: Bom, origin: Origin, stamp: Stamp) -> bool:
        """Store a version as a source has it, for a run; tells whether anything was written. Safe to repeat.

        What the source changed earlier than what is stored changes nothing.

        Raises as ``put``.
        """
        before = self.boms.get(wanted.tenant_id, wanted.product, wanted.version)
        if before is None and not wanted.lines:
            return False  # a part that is bought says that it has no lines
        if before is not None:
            known = before.value.plm_updated_at
            if known is not None and wanted.plm_updated_at is not None and wanted.plm_updated_at < known:
                return False
            if _same(before.value, wanted):
                return before.value.run_id == stamp.run_id
            wanted = replace(wanted, known_since=before.value.known_since)
        self._store(wanted, before, origin, None, stamp)
        return True

    def put_line(
        self, product: str, version: str, line: BomLine, origin: Origin, claim: Claim | None = None
    ) -> Kept[Bom]:
        """Store one line of a version; the others are neither read from elsewhere nor written anew.

        Raises as ``put``, and BomNotFound.
        """
        before = self.get(origin.tenant_id, product, version)
        wanted = before.value.with_line(line, origin.at)
        return before if _same(before.value, wanted) else self._store(wanted, before, origin, claim)

    def remove_line(self, product: str, version: str, sequence: int, origin: Origin) -> Kept[Bom]:
        """Take one line away.

        Raises:
            BomNotFound, BomLineNotFound, VersionConflict
        """
        before = self.get(origin.tenant_id, product, version)
        return self._store(before.value.without_line(sequence, origin.at), before, origin, None)

    def _store(
        self, wanted: Bom, before: Kept[Bom] | None, origin: Origin, claim: Claim | None, stamp: Stamp | None = None
    ) -> Kept[Bom]:
        wanted.check()
        run_id = stamp.run_id if stamp else ""
        wanted = replace(wanted, run_id=run_id)
        units = self.units(wanted.tenant_id)
        units.unit(wanted.base_unit, "baseUnit")
        for at, line in enumerate(wanted.lines):
            units.unit(line.unit, f"lines.{at}.unit")
        listed = self.boms.versions(wanted.tenant_id, wanted.product)
        known = listed.value if listed else Versions(wanted.tenant_id, wanted.product)
        versions = replace(known.having(wanted.span), run_id=run_id)
        parts_before = before.value.parts if before else frozenset()
        self._refuse_loops(wanted, wanted.parts - parts_before)
        elsewhere: frozenset[str] = frozenset()
        if parts_before - wanted.parts and len(versions.spans) > 1:
            others = self.boms.all_of(wanted.tenant_id, known)
            elsewhere = frozenset(part for bom in others if bom.version != wanted.version for part in bom.parts)
        revision = before.revision + 1 if before else 1
        events = (_changed(wanted, parts_before, revision).envelope(origin),)
        # What a run writes is in its journal, and goes back byte for byte: the run itself is audited, as of products.
        action = "" if stamp else "changed" if before else "created"
        commit = Commit(origin, action, wanted, before, events, claim=claim)
        return self.boms.save(BomCommit(commit, listed, versions, parts_before, elsewhere, stamp))

    def _refuse_loops(self, wanted: Bom, new: Collection[str]) -> None:
        """Look upward from the product: whoever contains it may not be among its new parts."""
        if wanted.product in wanted.parts:
            raise loop_of([wanted.product])
        if new and self._ways_up(wanted, new, is_checked=False):
            way = self._ways_up(wanted, new, is_checked=True)
            if way:
                raise loop_of(way)

    def _ways_up(self, wanted: Bom, new: Collection[str], *, is_checked: bool) -> list[str]:
        """Return a way from the product up to one of ``new``, downwards; the index alone may name one that is gone."""
        below: dict[str, str] = {}
        level = [wanted.product]
        while level and len(below) < MOST_ASSEMBLIES:
            above = self.boms.parents(wanted.tenant_id, level)
            following = []
            for part in level:
                for product in sorted(above.get(part, ())):
                    if product in below or product == wanted.product:
                        continue
                    if is_checked and not self._contains(wanted.tenant_id, product, part):
                        continue
                    below[product] = part
                    if product in new:
                        return _downwards(product, wanted.product, below)
                    following.append(product)
            level = following
        return []

    def _contains(self, tenant_id: str, product: str, part: str) -> bool:
        listed = self.boms.versions(tenant_id, product)
        return listed is not None and any(part in bom.parts for bom in self.boms.all_of(tenant_id, listed.value))

    # --- read ---

    def get(self, tenant_id: str, product: str, version: str) -> Kept[Bom]:
        """Return a version.

        Raises:
            BomNotFound
        """
        found = self.boms.get(tenant_id, product, version)
        if found is None:
            raise BomNotFound(product=product, version=version)
        return found

    def versions(self, tenant_id: str, product: str) -> Versions:
        """Return a product's versions with the gaps between them.

        Raises:
            BomNotFound: it has none.
        """
        found = self.boms.versions(tenant_id, product)
        if found is None:
            raise BomNotFound(product=product, version="-")
        return found.value

    def explosion(self, tenant_id: str, product: str, quantity: Decimal, moment: Moment) -> Explosion:
        """Return what ``quantity`` of a product needs at a moment.

        Raises:
            BomNotFound: it has no BOM.
            BomLoop, BomTooLarge, UnknownUnit, UnitsDiffer.
        """
        structure = load_down(product, moment, self._load(tenant_id, moment))
        if product not in structure.boms and product not in structure.without_version:
            raise BomNotFound(product=product, version="-")
        return explode(product, quantity, structure, self.units(tenant_id))

    def where_used(self, tenant_id: str, part: str, moment: Moment) -> tuple[Use, ...]:
        """Return every product that contains a part at a moment; none is an answer, too.

        Raises:
            BomLoop, BomTooLarge, UnknownUnit
        """
        structure, containing = load_up(
            part, moment, self._load(tenant_id, moment), lambda parts: self.boms.parents(tenant_id, parts)
        )
        return where_used(part, structure, containing, self.units(tenant_id))

    def diff(self, tenant_id: str, product: str, before: str, after: str) -> tuple[LineChange, ...]:
        """Return what differs between two versions.

        Raises:
            BomNotFound
        """
        return diff(self.get(tenant_id, product, before).value, self.get(tenant_id, product, after).value)

    def _load(self, tenant_id: str, moment: Moment) -> Load:
        def load(products: Collection[str]) -> Mapping[str, Bom | None]:
            return self.boms.in_force(tenant_id, products, moment)

        return load


def _same(stored: Bom, wanted: Bom) -> bool:
    """Tell whether nothing but times of ours and of the PLM differs."""
    return stored == replace(
        wanted,
        known_since=stored.known_since,
        changed_at=stored.changed_at,
        plm_updated_at=stored.plm_updated_at,
        run_id=stored.run_id,
    )


def _downwards(top: str, bottom: str, below: Mapping[str, str]) -> list[str]:
    way = [top]
    while way[-1] != bottom:
        way.append(below[way[-1]])
    return way


def _changed(bom: Bom, parts_before: frozenset[str], revision: int) -> published.BomChanged:
    return published.BomChanged(
        product_code=bom.product,
        bom_version=bom.version,
        revision=revision,
        effective_from=bom.effective_from,
        effective_to=bom.effective_to,
        lines=len(bom.lines),
        added=tuple(sorted(bom.parts - parts_before)[:TOLD]),
        removed=tuple(sorted(parts_before - bom.parts)[:TOLD]),
    )
