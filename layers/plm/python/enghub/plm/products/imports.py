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
    land,
)
from enghub.plm.products.reading import read
from enghub.plm.products.repository import Products

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
        for group in _groups([read(record, stamp.at, rules) for record in raw]):
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
            working = self.products.load(stamp.tenant_id, keys, codes)
            result = land(group, working, stamp)
            try:
                self.products.save(stamp.tenant_id, working, stamp)
            except VersionConflict:
                self.pause(attempt)
                continue
            return result
        raise ProductsContended


def _groups(records: Sequence[PlmProduct | Rejection]) -> Iterator[Sequence[PlmProduct | Rejection]]:
    return (records[start : start + GROUP] for start in range(0, len(records), GROUP))
