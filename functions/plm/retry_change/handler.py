"""Sends a parked change order back into processing, with its type corrected if needed (PLM-08).

Trigger: POST /api/v1/plm/change-orders/{ecnNumber}/retry and .../revisions/{revisionId}/adopt (C20).
Runbook: docs/runbooks/plm-changes.md.
"""

from enghub.core import entrypoints, http
from enghub.plm import rights
from enghub.plm.changes import wiring
from enghub.plm.changes.api import AdoptRevisionRequest, ChangeOrderResponse, RetryChangeRequest

app = http.resolver()


@app.post(
    "/api/v1/plm/change-orders/<ecn_number>/retry",
    right=rights.RETRY_CHANGE_ORDER,
    key="optional",
    status_code=202,
)
def retry_change(ecn_number: str, request: RetryChangeRequest) -> ChangeOrderResponse:
    """202 with the order, waiting to be processed."""
    call = http.call(app)
    claim = call.claim(ChangeOrderResponse.of)
    order = wiring.changes().retry(ecn_number, request.ecn_type, request.reason, call.origin, claim)
    return ChangeOrderResponse.of(order)


@app.post(
    "/api/v1/plm/change-orders/<ecn_number>/revisions/<revision_id>/adopt",
    right=rights.RETRY_CHANGE_ORDER,
    status_code=202,
)
def adopt_revision(ecn_number: str, revision_id: str, request: AdoptRevisionRequest) -> ChangeOrderResponse:
    """202 with the order: a parked revision is the one in force now, and is processed."""
    call = http.call(app)
    return ChangeOrderResponse.of(wiring.changes().adopt(ecn_number, revision_id, request.reason, call.origin))


lambda_handler = entrypoints.http(app)
