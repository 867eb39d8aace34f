"""What feedback asks of the rest of the context: names of products, and which changes touch a product (PLM-16)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from enghub.core.clock import Clock
from enghub.core.errors import RuleViolated
from enghub.core.paging import pages
from enghub.plm.boms.errors import BomNotFound
from enghub.plm.boms.model import Moment
from enghub.plm.boms.service import BomBook
from enghub.plm.changes.model import Processing
from enghub.plm.changes.service import Changes
from enghub.plm.feedback.analysis import InForce
from enghub.plm.products.service import ProductCatalogue

MOST_CHANGES = 2000
PAGE = 200


@dataclass(frozen=True, slots=True)
class Sources:
    """Products, changes and BOMs of all tenants."""

    products: ProductCatalogue
    book: Changes
    boms: BomBook
    clock: Clock

    def name(self, tenant_id: str, product: str) -> str:
        """Return the name of a product's newest version that is known, empty where none is."""
        found = self.products.versions(tenant_id, product, 100, None).mappings
        return max(found, key=lambda one: one.version).name if found else ""

    def changes(self, tenant_id: str, first: date, last: date) -> Callable[[str], Collection[InForce]]:
        """Return what finds the changes that came into force from ``first`` to ``last`` and touch a product.

        A change touches what it names, and whatever contains that.
        """
        named = list(self._in_force(tenant_id, first, last))

        def of(product: str) -> list[InForce]:
            if not named:
                return []
            parts = {product, *self._parts(tenant_id, product)}
            by_number = {one.ecn_number: one for one in named if one.part in parts}
            return list(by_number.values())

        return of

    def _in_force(self, tenant_id: str, first: date, last: date) -> Collection[InForce]:
        found: list[InForce] = []
        for page in pages(lambda cursor: self.book.by_effective_date(tenant_id, first, last, PAGE, cursor)):
            for order in page.orders:
                told = order.notification
                if order.processing is not Processing.PROCESSED or told.is_cancelled or told.effective_date is None:
                    continue
                since = max(told.effective_date, order.received_at.date())
                found += [InForce(told.ecn_number, told.title, part, since) for part in told.affected_products]
            if len(found) >= MOST_CHANGES:
                break
        return found

    def _parts(self, tenant_id: str, product: str) -> Collection[str]:
        try:
            found = self.boms.explosion(tenant_id, product, Decimal(1), Moment(at=self.clock()))
        except BomNotFound:
            return ()
        except RuleViolated:
            return ()  # a structure that cannot be computed explains nothing
        return [one.component for one in found.requirements]
