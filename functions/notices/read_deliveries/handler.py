"""Reads what became of notices: the log of deliveries, with masked addresses.

Trigger: GET /api/v1/notices/deliveries, GET /api/v1/notices/deliveries/{deliveryId},
GET /api/v1/notices/sent/{noticeId}.
Runbook: docs/runbooks/notices.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.notices import rights, wiring
from enghub.notices.deliveries.api import DeliveriesResponse, DeliveryId, DeliveryResponse, NoticeId, NoticeResponse
from enghub.notices.deliveries.model import State
from enghub.notices.setup.api import BASE

app = http.resolver()


@app.get(f"{BASE}/deliveries", right=rights.READ_NOTICES)
def list_deliveries(
    state: Annotated[State | None, Query()] = None,
    notice_id: Annotated[NoticeId | None, Query(alias="noticeId")] = None,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> DeliveriesResponse:
    """Return a page, newest first; a page may hold fewer, also none, while there is a cursor."""
    tenant_id = http.call(app).principal.tenant_id
    return DeliveriesResponse.of(wiring.deliveries().find(tenant_id, state, notice_id, page_size, cursor))


@app.get(f"{BASE}/deliveries/<delivery_id>", right=rights.READ_NOTICES)
def get_delivery(delivery_id: Annotated[DeliveryId, Path()]) -> DeliveryResponse:
    """Return a delivery."""
    return DeliveryResponse.of(wiring.deliveries().get(http.call(app).principal.tenant_id, delivery_id).value)


@app.get(f"{BASE}/sent/<notice_id>", right=rights.READ_NOTICES)
def get_notice(notice_id: Annotated[NoticeId, Path()]) -> NoticeResponse:
    """Return a notice, and who has acknowledged it."""
    return NoticeResponse.of(wiring.deliveries().notice(http.call(app).principal.tenant_id, notice_id).value)


lambda_handler = entrypoints.http(app)
