"""Reads verifications of a migration and what differs (OPS-06).

Trigger: GET /api/v1/golive/go-lives/{goLiveId}/verifications, GET /api/v1/golive/verifications/{verificationId} and
its differences.
Runbook: docs/runbooks/golive-verification.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.golive import rights
from enghub.golive.forms import GO_LIVES, GoLiveId
from enghub.golive.verification import wiring
from enghub.golive.verification.api import (
    VERIFICATIONS,
    DifferencesResponse,
    VerificationId,
    VerificationResponse,
    VerificationsResponse,
)

app = http.resolver()
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get(f"{GO_LIVES}/<go_live_id>/verifications", right=rights.READ_GOLIVE)
def list_verifications(
    go_live_id: GoLiveId,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 20,
    cursor: Cursor = None,
) -> VerificationsResponse:
    """Return part of a go-live's verifications, the latest first."""
    tenant_id = http.call(app).principal.tenant_id
    return VerificationsResponse.of(wiring.verifications().store.page(tenant_id, go_live_id, page_size, cursor))


@app.get(f"{VERIFICATIONS}/<verification_id>", right=rights.READ_GOLIVE)
def get_verification(verification_id: VerificationId) -> VerificationResponse:
    """Return a verification with its counts."""
    return VerificationResponse.of(wiring.verifications().get(http.call(app).principal.tenant_id, verification_id))


@app.get(f"{VERIFICATIONS}/<verification_id>/differences", right=rights.READ_GOLIVE)
def list_differences(verification_id: VerificationId, cursor: Cursor = None) -> DifferencesResponse:
    """Return what one slice lists: each difference with its key, column and both values."""
    tenant_id = http.call(app).principal.tenant_id
    return DifferencesResponse.of(wiring.verifications().store.differences(tenant_id, verification_id, cursor))


lambda_handler = entrypoints.http(app)
