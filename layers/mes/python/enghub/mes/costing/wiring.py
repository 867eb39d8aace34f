"""Puts costs together."""

from decimal import Decimal

from enghub.mes.costing.dynamo import KINDS
from enghub.mes.costing.service import PAGE, Costing
from enghub.mes.factories import Factory
from enghub.mes.keeping.dynamo import DynamoStore
from enghub.mes.keeping.repository import Found
from enghub.mes.reports.dynamo import DynamoReports
from enghub.mes.reports.repository import ReportPage
from enghub.mes.stock.dynamo import DynamoStock
from enghub.mes.stock.model import Movement
from enghub.mes.stock.wiring import zone_of
from enghub.mes.supply.dynamo import DynamoSupply
from enghub.mes.work_orders.dynamo import DynamoWorkOrders
from enghub.mes.work_orders.model import WorkOrder


class DynamoCostLedger:
    """What costs are made of, each where it is kept."""

    def order(self, factory: Factory, work_order_id: str) -> WorkOrder | None:
        """One consistent GetItem."""
        kept = DynamoWorkOrders().get(factory, work_order_id)
        return kept.value if kept else None

    def reports(self, factory: Factory, work_order_id: str, cursor: str | None) -> ReportPage:
        """One Query of ``gsi2``."""
        return DynamoReports().of_work_order(factory, work_order_id, PAGE, cursor)

    def movements(self, factory: Factory, work_order_id: str, cursor: str | None) -> Found[Movement]:
        """One Query, one BatchGetItem."""
        return DynamoStock().movements_of_order(factory, work_order_id, PAGE, cursor)

    def bom(self, factory: Factory, product_id: str, version: str) -> dict[str, Decimal] | None:
        """One consistent GetItem of the BOM that the ERP said."""
        kept = DynamoSupply().bom(factory, product_id, version)
        if kept is None:
            return None
        found: dict[str, Decimal] = {}
        for line in kept.lines:
            found[line.material_id] = found.get(line.material_id, Decimal(0)) + line.quantity
        return found


def costing() -> Costing:
    """Return the use cases."""
    return Costing(DynamoStore(*KINDS), DynamoCostLedger(), zone_of)
