"""Puts the services of this context together; the only factory that knows which store they use."""

from enghub.core.claims import Claim
from enghub.mes.reports.dynamo import DynamoReports
from enghub.mes.reports.service import Reporting
from enghub.mes.work_orders.dynamo import DynamoWorkOrders
from enghub.mes.work_orders.service import WorkOrders


def work_orders(claim: Claim | None = None) -> WorkOrders:
    """Return the work-order service; ``claim`` is the request's claim on its Idempotency-Key."""
    return WorkOrders(DynamoWorkOrders(), claim)


def reporting() -> Reporting:
    """Return the reporting service."""
    return Reporting(DynamoReports())
