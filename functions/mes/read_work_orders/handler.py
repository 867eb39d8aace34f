"""Reads work orders: one, or a list by status and due date, sales order, product or station (MES-01).

Trigger: GET /api/v1/work-orders, GET /api/v1/work-orders/{workOrderId}.
Runbook: docs/runbooks/mes-work-orders.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.mes import rights, wiring
from enghub.mes.factories import Factory
from enghub.mes.work_orders.api import ListQuery, WorkOrderPage, WorkOrderResponse

app = http.resolver()


@app.get("/api/v1/work-orders", right=rights.READ_WORK_ORDER)
def list_work_orders(query: Annotated[ListQuery, Query()]) -> WorkOrderPage:
    """List work orders of the caller's factory, a page at a time."""
    call = http.call(app)
    found = wiring.work_orders().find(Factory.of(call.origin), query.selection(), query.page_size, query.cursor)
    return WorkOrderPage.of(found)


@app.get("/api/v1/work-orders/<work_order_id>", right=rights.READ_WORK_ORDER)
def read_work_order(work_order_id: str) -> WorkOrderResponse:
    """Return one work order; 404 when the caller's factory has none of that number."""
    call = http.call(app)
    return WorkOrderResponse.of(wiring.work_orders().get(Factory.of(call.origin), work_order_id))


lambda_handler = entrypoints.http(app)
