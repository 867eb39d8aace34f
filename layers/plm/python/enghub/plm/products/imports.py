"""The use case of taking products over from the PLM."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enghub.core.errors import VersionConflict
from enghub.plm.identities.model import AS_WRITTEN, IdentityRules
from enghub.plm.products.errors import ProductsContended
from enghub.plm.products.model import (
    Outcome,
    PlmProduct,
    Rejection,
    Stamp,
    WorkingSet,
    land,
)
from enghub.plm.products.partial import completed, differs, is_partial
from enghub.plm.products.reading import identity, read
from enghub.plm.products.repository import Products

GROUP = 40
"""Records written together: 40 mappings and 40 materials fit one read and one transaction of 100 items."""
TRIES = 8


def pause_of(attempt: int) -> None:
    """Wait before what others contended for is tried again: by chance, up to 0.05 s doubled with each attempt."""
    time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, not a secret


@dataclass(frozen=True, slots=True)
class ProductImport:
    """Takes PLM records over: read, validate, persist (PLM-03)."""

    products: Products
    pause: Callable[[int], None] = pause_of
    rules: Callable[[str, str], IdentityRules] = lambda _, __: AS_WRITTEN
    """Returns the identity rules of a tenant's connection."""

    def take_over(self, raw: Sequence[Mapping[str, Any]], stamp: Stamp) -> tuple[Counter[Outcome], list[Rejection]]:
        """Land ``raw`` records; a bad one is rejected with its reason and never keeps the others out.

        Safe to repeat and to run twice at once; two reads and writes per ``GROUP`` of changed records.

        Raises:
            ProductsContended: other writers kept interfering; what landed so far stays.
        """
        counts: Counter[Outcome] = Counter()
        rejections: list[Rejection] = []
        rules = self.rules(stamp.tenant_id, stamp.connection)
        for group in _groups(raw):
            outcomes, rejected = self._take_over(group, stamp, rules)
            counts.update(outcomes)
            rejections.extend(rejected)
        return counts, rejections

    def _take_over(
        self, raw: Sequence[Mapping[str, Any]], stamp: Stamp, rules: IdentityRules
    ) -> tuple[list[Outcome], list[Rejection]]:
        for attempt in range(TRIES):
            try:
                return self._tried(raw, stamp, rules)
            except VersionConflict:
                self.pause(attempt)
        raise ProductsContended

    def _tried(
        self, raw: Sequence[Mapping[str, Any]], stamp: Stamp, rules: IdentityRules
    ) -> tuple[list[Outcome], list[Rejection]]:
        known = WorkingSet()
        if any(is_partial(record) for record in raw):
            known, raw = self._completed(raw, stamp, rules)
        group = [read(record, stamp.at, rules) for record in raw]
        keys = {(record.code, record.version) for record in group if record.code and record.version}
        codes = {record.material_code for record in group if isinstance(record, PlmProduct)}
        working = self.products.load(stamp.tenant_id, keys, codes)
        if differs(known, working):
            raise VersionConflict(expected="the products that records were completed from", actual="others")
        result = land(group, working, stamp)
        self.products.save(stamp.tenant_id, working, stamp)
        return result

    def _completed(
        self, raw: Sequence[Mapping[str, Any]], stamp: Stamp, rules: IdentityRules
    ) -> tuple[WorkingSet, list[Mapping[str, Any]]]:
        """Return what is stored of partial records, and the records completed by it."""
        names = [identity(record, rules) if is_partial(record) else None for record in raw]
        known = self.products.load(stamp.tenant_id, {name for name in names if name}, ())
        codes = {kept.value.material_code for kept in known.loaded_mappings.values()}
        materials = self.products.load(stamp.tenant_id, (), {code for code in codes if code}).loaded_materials
        made = []
        for record, name in zip(raw, names, strict=True):
            mapping = known.loaded_mappings.get(name) if name else None
            code = mapping.value.material_code if mapping else None
            made.append(completed(record, mapping, materials.get(code) if code else None))
        return known, made


def _groups(records: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    return (records[start : start + GROUP] for start in range(0, len(records), GROUP))
