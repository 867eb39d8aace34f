"""Use cases of products: take records over from the PLM, find mappings."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enghub.core.errors import VersionConflict
from enghub.plm.products.errors import ProductsContended
from enghub.plm.products.model import (
    Outcome,
    PlmProduct,
    Rejection,
    Stamp,
    SyncStatus,
    land,
    material_id,
)
from enghub.plm.products.reading import read
from enghub.plm.products.repository import FoundProducts, Products

GROUP = 40
"""Records written together: 40 mappings and 40 materials fit one read and one transaction of 100 items."""
TRIES = 8


def _pause(attempt: int) -> None:
    time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, not a secret


@dataclass(frozen=True, slots=True)
class ProductImport:
    """Takes PLM records over: read, validate, persist (PLM-03)."""

    products: Products
    pause: Callable[[int], None] = _pause

    def take_over(self, raw: Sequence[Mapping[str, Any]], stamp: Stamp) -> tuple[Counter[Outcome], list[Rejection]]:
        """Land ``raw`` records; a bad one is rejected with its reason and never keeps the others out.

        Safe to repeat and to run twice at once; two reads and writes per ``GROUP`` of changed records.

        Raises:
            ProductsContended: other writers kept interfering; what landed so far stays.
        """
        counts: Counter[Outcome] = Counter()
        rejections: list[Rejection] = []
        for group in _groups([read(record, stamp.at) for record in raw]):
            outcomes, rejected = self._take_over(group, stamp)
            counts.update(outcomes)
            rejections.extend(rejected)
        return counts, rejections

    def _take_over(
        self, group: Sequence[PlmProduct | Rejection], stamp: Stamp
    ) -> tuple[list[Outcome], list[Rejection]]:
        keys = {(record.code, record.version) for record in group if record.code and record.version}
        codes = {record.material_code for record in group if isinstance(record, PlmProduct)}
        for attempt in range(TRIES):
            shelf = self.products.load(stamp.tenant_id, keys, codes)
            result = land(group, shelf, stamp)
            try:
                self.products.save(stamp.tenant_id, shelf)
            except VersionConflict:
                self.pause(attempt)
                continue
            return result
        raise ProductsContended


def _groups(records: Sequence[PlmProduct | Rejection]) -> Iterator[Sequence[PlmProduct | Rejection]]:
    return (records[start : start + GROUP] for start in range(0, len(records), GROUP))


@dataclass(frozen=True, slots=True)
class ProductCatalogue:
    """Finds mappings by PLM code, by QMS material, by sync status (PLM-01)."""

    products: Products

    def versions(self, tenant_id: str, code: str, limit: int, cursor: str | None) -> FoundProducts:
        """Return the mappings of one product code."""
        return self.products.versions(tenant_id, code, limit, cursor)

    def of_material(
        self, tenant_id: str, code: str | None, identifier: str | None, limit: int, cursor: str | None
    ) -> FoundProducts:
        """Return the mappings of the material with this code, or with this id."""
        wanted = identifier or material_id(tenant_id, code or "")
        return self.products.of_material(tenant_id, wanted, limit, cursor)

    def in_status(self, tenant_id: str, status: SyncStatus, limit: int, cursor: str | None) -> FoundProducts:
        """Return the mappings of one sync status."""
        return self.products.in_status(tenant_id, status, limit, cursor)
