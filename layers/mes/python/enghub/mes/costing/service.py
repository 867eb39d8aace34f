"""Standard costs of a factory, and what its orders cost (MES-04, MES-15)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Protocol

from enghub.core.commits import Commit
from enghub.core.errors import VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.paging import pages
from enghub.mes.costing.errors import CostNotFound
from enghub.mes.costing.model import (
    CostKind,
    OrderCost,
    Price,
    StandardCost,
    Used,
    cost_of,
    issued,
    of_bom,
    set_up,
    subjects,
    time_spent,
)
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found, Handled, Store
from enghub.mes.reports.model import Report
from enghub.mes.reports.repository import ReportPage
from enghub.mes.stock.model import Movement
from enghub.mes.work_orders.errors import WorkOrderNotFound
from enghub.mes.work_orders.model import WorkOrder

PAGE = 100


class Ledger(Protocol):
    """What costs are made of."""

    def order(self, factory: Factory, work_order_id: str) -> WorkOrder | None:
        """Return an order."""

    def reports(self, factory: Factory, work_order_id: str, cursor: str | None) -> ReportPage:
        """Return a page of its reports."""

    def movements(self, factory: Factory, work_order_id: str, cursor: str | None) -> Found[Movement]:
        """Return a page of what was moved for it."""

    def bom(self, factory: Factory, product_id: str, version: str) -> dict[str, Decimal] | None:
        """Return what one piece needs of each material, None where it is not known."""


@dataclass(frozen=True, slots=True)
class SayCost:
    """What something costs from a day on; ``version`` is the one that was seen before, None of a new cost."""

    origin: Origin
    kind: CostKind
    subject: str
    price: Price
    currency: str
    version: int | None


@dataclass(frozen=True, slots=True)
class Costing:
    """The use cases; ``zone_of`` is a factory's time zone."""

    store: Store
    ledger: Ledger
    zone_of: Callable[[Factory], tzinfo]

    def put(self, command: SayCost) -> StandardCost:
        """Say what something costs from a day on; the same again changes nothing.

        Raises:
            VersionConflict, CurrencyFixed, TooManyPrices
        """
        factory, price = Factory.of(command.origin), command.price
        kept = self.store.get(StandardCost, factory, command.kind.value, command.subject)
        if kept is None:
            after = StandardCost(factory, command.kind, command.subject, command.currency, (price,))
        else:
            after = kept.value.priced(price, command.currency)
            if after is kept.value:
                return after
        seen = kept.value.version if kept else 0
        if (command.version or 0) != seen:
            raise VersionConflict(expected=command.version or 0, actual=seen)
        try:
            self.store.save(Commit(command.origin, "priced", after, kept))
        except VersionConflict:
            stored = self.store.get(StandardCost, factory, command.kind.value, command.subject)
            if stored is None or stored.value != after:
                raise
        return after

    def standard(self, factory: Factory, kind: CostKind, subject: str) -> StandardCost:
        """Return a standard cost with all its prices.

        Raises:
            CostNotFound
        """
        kept = self.store.get(StandardCost, factory, kind.value, subject)
        if kept is None:
            raise CostNotFound(kind=kind.value, subject=subject)
        return kept.value

    def standards(self, factory: Factory, kind: CostKind, limit: int, cursor: str | None) -> Found[StandardCost]:
        """Return one page of the standard costs of a kind."""
        return self.store.find(StandardCost, factory, (kind.value,), limit=limit, cursor=cursor)

    def cost(self, factory: Factory, work_order_id: str, at: datetime) -> OrderCost:
        """Return what an order cost, from the ledger as it is now.

        Raises:
            WorkOrderNotFound
        """
        order = self.ledger.order(factory, work_order_id)
        if order is None:
            raise WorkOrderNotFound(work_order_id=work_order_id)
        reports = self._reports(order)
        used = [*self._material(order), *set_up(order, reports), *time_spent(reports)]
        known = self.store.get_many(StandardCost, factory, [(kind.value, name) for kind, name in subjects(used)])

        def standard(kind: CostKind, subject: str) -> StandardCost | None:
            kept = known.get((kind.value, subject))
            return kept.value if kept else None

        day = (order.completed_at or at).astimezone(self.zone_of(factory)).date()
        whole = len(reports) == order.reports
        return cost_of(order, used, standard, at=at, day=day, are_reports_whole=whole)

    def rolled_up(self, factory: Factory, work_order_id: str) -> OrderCost | None:
        """Return what was told when the order was completed."""
        kept = self.store.get(OrderCost, factory, work_order_id)
        return kept.value if kept else None

    def roll_up(
        self, origin: Origin, work_order_id: str, tell: Callable[[OrderCost], Envelope], handled: Handled
    ) -> None:
        """Keep what an order cost when it was completed, and tell it.

        Raises:
            AlreadyHandled, WorkOrderNotFound
        """
        made = self.cost(Factory.of(origin), work_order_id, origin.at)
        self.store.save(Commit(origin, "rolled_up", made, events=(tell(made),)), handled=handled)

    def _material(self, order: WorkOrder) -> Sequence[Used]:
        every = pages(lambda cursor: self.ledger.movements(order.factory, order.work_order_id, cursor))
        found = issued(order, [one for page in every for one in page.items])
        if found or order.bom_version is None:
            return found
        per_piece = self.ledger.bom(order.factory, order.product_id, order.bom_version)
        return of_bom(order, per_piece) if per_piece else []

    def _reports(self, order: WorkOrder) -> list[Report]:
        every = pages(lambda cursor: self.ledger.reports(order.factory, order.work_order_id, cursor))
        return [one for page in every for one in page.reports]
