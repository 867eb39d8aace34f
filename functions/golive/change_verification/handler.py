"""Begins and stops verifications of a migration (OPS-06).

Trigger: POST /api/v1/golive/go-lives/{goLiveId}/verifications, POST /api/v1/golive/verifications/{verificationId}/stop.
Runbook: docs/runbooks/golive-verification.md.
"""

from enghub.core import entrypoints, http
from enghub.golive import rights
from enghub.golive.forms import GO_LIVES, GoLiveId
from enghub.golive.readiness.api import ReasonRequest
from enghub.golive.readiness.wiring import go_lives
from enghub.golive.verification import wiring
from enghub.golive.verification.api import (
    VERIFICATIONS,
    StartVerificationRequest,
    VerificationId,
    VerificationResponse,
)

app = http.resolver()


@app.post(f"{GO_LIVES}/<go_live_id>/verifications", right=rights.WORK_ON_GOLIVE, key="optional", status_code=201)
def start_verification(go_live_id: GoLiveId, request: StartVerificationRequest) -> VerificationResponse:
    """Begin to compare two databases; it goes on by itself, slice by slice."""
    call = http.call(app)
    claim = call.claim(VerificationResponse.of_new)
    go_lives().get(call.principal.tenant_id, go_live_id).value.check_open()
    found = wiring.verifications().start(go_live_id, request.to_wanted(), call.origin, claim)
    return VerificationResponse.of(found)


@app.post(f"{VERIFICATIONS}/<verification_id>/stop", right=rights.WORK_ON_GOLIVE)
def stop_verification(verification_id: VerificationId, request: ReasonRequest) -> VerificationResponse:
    """Give a verification up."""
    found = wiring.verifications().stop(verification_id, request.reason, http.call(app).origin)
    return VerificationResponse.of(found)


lambda_handler = entrypoints.http(app)
