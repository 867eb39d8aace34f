"""Sends parked deliveries again, puts them aside, and notes that somebody has seen a notice.

Trigger: POST /api/v1/notices/deliveries/{deliveryId}/redrive and /discard,
POST /api/v1/notices/sent/{noticeId}/acknowledge.
Runbook: docs/runbooks/notices.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.notices import rights, wiring
from enghub.notices.deliveries.api import DeliveryId, DeliveryResponse, DiscardRequest, NoticeId, NoticeResponse
from enghub.notices.setup.api import BASE

app = http.resolver()


@app.post(f"{BASE}/deliveries/<delivery_id>/redrive", right=rights.MANAGE_NOTICES, status_code=202)
def redrive_delivery(delivery_id: Annotated[DeliveryId, Path()]) -> DeliveryResponse:
    """Send a parked delivery again, under the same id."""
    return DeliveryResponse.of(wiring.deliveries().redrive(delivery_id, http.call(app).origin))


@app.post(f"{BASE}/deliveries/<delivery_id>/discard", right=rights.MANAGE_NOTICES)
def discard_delivery(delivery_id: Annotated[DeliveryId, Path()], request: DiscardRequest) -> DeliveryResponse:
    """Put a parked delivery aside for good."""
    return DeliveryResponse.of(wiring.deliveries().discard(delivery_id, request.reason, http.call(app).origin))


@app.post(f"{BASE}/sent/<notice_id>/acknowledge", right=rights.ACKNOWLEDGE_NOTICE)
def acknowledge_notice(notice_id: Annotated[NoticeId, Path()]) -> NoticeResponse:
    """Note that the caller has seen a notice; the first word stays."""
    call = http.call(app)
    notice, _ = wiring.deliveries().acknowledge(notice_id, call.principal.user_id, call.origin)
    return NoticeResponse.of(notice)


lambda_handler = entrypoints.http(app)
