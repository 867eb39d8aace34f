"""The chain of a change: notice, change point, where-used, products, orders, inspections, risk, what is open (PLM-09).

Computed when it is read, from what is known then; every fact comes with the moment it became known.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from enghub.core.clock import Clock
from enghub.plm.boms.errors import BomNotFound
from enghub.plm.boms.explosion import Requirement
from enghub.plm.boms.model import Moment
from enghub.plm.boms.service import BomBook
from enghub.plm.boms.whereused import Use
from enghub.plm.changes.model import ChangeOrder, ChangePoint, category
from enghub.plm.changes.service import Changes
from enghub.plm.floor.model import Floor
from enghub.plm.risks.model import Evidence, Risk, assess

MOST_AFFECTED = 50
"""Affected products of a notice that are followed through the BOM."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change touches; ``uses`` by affected part, ``components`` that the affected products are made of."""

    order: ChangeOrder
    point: ChangePoint | None
    moment: Moment
    uses: tuple[tuple[str, Use], ...]
    components: tuple[Requirement, ...]
    floor: Floor
    risk: Risk
    computed_at: datetime
    is_cut: bool

    @property
    def products(self) -> tuple[str, ...]:
        """The affected products and everything that contains one."""
        return tuple(
            dict.fromkeys((*self.order.notification.affected_products, *(use.product for _, use in self.uses)))
        )

    @property
    def finished(self) -> tuple[str, ...]:
        """Top products: what customers get."""
        contained = {use.product for _, use in self.uses}
        tops = [use.product for _, use in self.uses if use.is_top]
        alone = [part for part in self.order.notification.affected_products if not contained and part not in contained]
        return tuple(dict.fromkeys((*tops, *alone)))


@dataclass(frozen=True, slots=True)
class Impacts:
    """Computes impacts."""

    changes: Changes
    boms: BomBook
    floor: Callable[[str, Collection[str]], Floor]
    clock: Clock

    def of(self, tenant_id: str, ecn_number: str) -> Impact:
        """Return the chain of a change.

        Raises:
            ChangeOrderNotFound, BomLoop, BomTooLarge, UnknownUnit, UnitsDiffer
        """
        order, point = self.changes.detail(tenant_id, ecn_number)
        now = self.clock()
        day = point.in_force_from if point else order.notification.effective_date
        moment = Moment(day=day, at=now)
        affected = order.notification.affected_products[:MOST_AFFECTED]
        uses = tuple((part, use) for part in affected for use in self.boms.where_used(tenant_id, part, moment))
        components = tuple(one for part in affected for one in self._components(tenant_id, part, moment))
        products = dict.fromkeys((*affected, *(use.product for _, use in uses), *(one.component for one in components)))
        floor = self.floor(tenant_id, list(products))
        tops = {use.product for _, use in uses if use.is_top} or set(affected)
        keys = {one.component for one in components if one.is_key} | {part for part, use in uses if use.is_key}
        evidence = Evidence(
            category=point.category if point else category(order.notification.level),
            key_components=len(keys),
            open_orders=sum(one.is_open for one in floor.orders),
            finished_products=len(tops),
            rejected_inspections=sum(one.status == "REJECTED" for one in floor.inspections),
            open_inspections=sum(one.is_open for one in floor.inspections),
        )
        cut = floor.is_cut or len(order.notification.affected_products) > MOST_AFFECTED
        return Impact(order, point, moment, uses, components, floor, assess(evidence), now, cut)

    def _components(self, tenant_id: str, part: str, moment: Moment) -> tuple[Requirement, ...]:
        try:
            return self.boms.explosion(tenant_id, part, Decimal(1), moment).requirements
        except BomNotFound:
            return ()  # a purchased part
