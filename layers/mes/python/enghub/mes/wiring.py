"""Puts work orders together, with the gate that the ERP is to them, and the rule that says their allowance."""

from enghub.core.claims import Claim
from enghub.mes.gateways.gate import ErpGate
from enghub.mes.routings.dynamo import routings
from enghub.mes.rules.deciding import allowance
from enghub.mes.work_orders.dynamo import DynamoWorkOrders
from enghub.mes.work_orders.service import WorkOrders


def work_orders(claim: Claim | None = None) -> WorkOrders:
    """Return the work-order service; ``claim`` is the request's claim on its Idempotency-Key."""
    return WorkOrders(DynamoWorkOrders(), claim, routings().get, ErpGate(), allowance)
