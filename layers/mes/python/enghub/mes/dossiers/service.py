"""Puts a dossier together from what the parts of manufacturing keep (MES-26)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from enghub.core.paging import pages
from enghub.mes.defects.model import Defect
from enghub.mes.defects.service import Defects
from enghub.mes.dossiers.model import Dossier, SharedBatch
from enghub.mes.factories import Factory
from enghub.mes.inspections.model import InspectionOrder
from enghub.mes.inspections.service import Inspections
from enghub.mes.ocap.model import Case
from enghub.mes.ocap.service import Ocap
from enghub.mes.reports.model import Report
from enghub.mes.reports.repository import ReportPage, ReportRepository
from enghub.mes.stock.errors import LotNotFound
from enghub.mes.stock.model import Direction
from enghub.mes.stock.service import Stock

T = TypeVar("T")
PAGE = 100
MOST = 500
"""Of each list; more is said to be missing."""
MOST_ORDERS = 20
MOST_SUPPLIER_LOTS = 50


@dataclass(slots=True)
class _Reader:
    cut: set[str] = field(default_factory=set)

    def all(self, what: str, page: Callable[[str | None], Any]) -> list[Any]:
        """Return every item of a paged list, at most MOST."""
        found: list[Any] = []
        for answer in pages(page):
            found += answer.reports if isinstance(answer, ReportPage) else answer.items
            if len(found) >= MOST and answer.cursor is not None:
                self.cut.add(what)
                return found[:MOST]
        return found

    def bounded(self, what: str, names: Iterable[T], most: int) -> list[T]:
        """Return the first of many."""
        found = list(names)
        if len(found) > most:
            self.cut.add(what)
        return found[:most]


@dataclass(frozen=True, slots=True)
class Dossiers:
    """Reads dossiers; each part is asked for what it keeps."""

    stock: Stock
    reports: ReportRepository
    inspections: Inspections
    defects: Defects
    ocap: Ocap

    def get(self, factory: Factory, lot_id: str, at: datetime) -> Dossier:
        """Return all that is known of a lot or of what an order made (the order's number names it).

        Raises:
            LotNotFound: nothing is known of it.
        """
        reader = _Reader()
        lot = self.stock.lots(factory, [lot_id]).get(lot_id)
        backward = self.stock.trace(factory, lot_id, Direction.BACKWARD)
        forward = self.stock.trace(factory, lot_id, Direction.FORWARD)
        made_by = [lot.work_order_id] if lot is not None and lot.work_order_id else []
        orders = reader.bounded("work orders", dict.fromkeys([lot_id, *made_by, *backward.work_orders]), MOST_ORDERS)
        reports: list[Report] = []
        defects: list[Defect] = []
        inspections: dict[str, InspectionOrder] = {}
        cases: dict[str, Case] = {}
        for order in orders:
            reports += self._reports(factory, reader, order)
            defects += self._defects(factory, reader, order)
            self._of(factory, reader, ("ORDER", order), inspections, cases)
        for one in [lot_id, *backward.lots[:MOST_SUPPLIER_LOTS]]:
            self._of(factory, reader, ("LOT", one), inspections, cases)
        moves = reader.all("movements", lambda to: self.stock.movements(factory, lot_id, PAGE, to))
        if lot is None and not reports and not inspections and not cases:
            raise LotNotFound(lot_id=lot_id)
        return Dossier(
            lot_id=lot_id,
            lot=lot,
            made_at=at,
            backward=backward,
            forward=forward,
            suppliers=tuple(self._suppliers(factory, reader, [lot_id, *backward.lots])),
            movements=tuple(moves),
            reports=tuple(sorted(reports, key=lambda one: (one.reported_at, one.report_id))),
            inspections=tuple(sorted(inspections.values(), key=lambda one: (one.opened_at, one.order_id))),
            defects=tuple(sorted(defects, key=lambda one: (one.found_at, one.defect_id))),
            cases=tuple(sorted(cases.values(), key=lambda one: (one.opened_at, one.ocap_id))),
            cut=tuple(sorted(reader.cut)),
        )

    def _reports(self, factory: Factory, reader: _Reader, order: str) -> list[Report]:
        return reader.all("reports", lambda to: self.reports.of_work_order(factory, order, PAGE, to))

    def _defects(self, factory: Factory, reader: _Reader, order: str) -> list[Defect]:
        return reader.all("defects", lambda to: self.defects.find(factory, ("ORDER", order), PAGE, to))

    def _of(
        self,
        factory: Factory,
        reader: _Reader,
        name: tuple[str, str],
        inspections: dict[str, InspectionOrder],
        cases: dict[str, Case],
    ) -> None:
        for order in reader.all("inspections", lambda to: self.inspections.find(factory, name, PAGE, to)):
            inspections[order.order_id] = order
        for case in reader.all("ocap", lambda to: self.ocap.find(factory, name, PAGE, to)):
            cases[case.ocap_id] = case

    def _suppliers(self, factory: Factory, reader: _Reader, lot_ids: list[str]) -> Iterable[SharedBatch]:
        known = self.stock.lots(factory, reader.bounded("supplier lots", dict.fromkeys(lot_ids), MOST_SUPPLIER_LOTS))
        for name, lot in known.items():
            if lot.supplier_id is not None:
                customers = self.stock.trace(factory, name, Direction.FORWARD).customers
                yield SharedBatch(name, lot.supplier_id, lot.supplier_lot, customers)
