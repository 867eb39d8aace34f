"""Reads what comes after go-lives: checks, what users say, the hand-over (OPS-09, OPS-17).

Trigger: below /api/v1/golive/go-lives/{goLiveId} GET aftercare, aftercare/figures, feedback and handover.
Runbook: docs/runbooks/golive-aftercare.md.
"""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.core.clock import system_clock
from enghub.core.lazy import lazy
from enghub.golive import rights
from enghub.golive.aftercare.answers import AftercareResponse, FeedbackPageResponse, FeedbackResponse, VoicesResponse
from enghub.golive.aftercare.voices import voices
from enghub.golive.forms import GO_LIVES, GoLiveId
from enghub.golive.handover.api import HandoverResponse

if TYPE_CHECKING:
    from enghub.golive.aftercare import dynamo, wiring
    from enghub.golive.handover import wiring as handovers
else:
    handovers = lazy("enghub.golive.handover.wiring")
    dynamo = lazy("enghub.golive.aftercare.dynamo")
    wiring = lazy("enghub.golive.aftercare.wiring")

app = http.resolver()
ONE = f"{GO_LIVES}/<go_live_id>"
Size = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get(f"{ONE}/aftercare", right=rights.READ_GOLIVE)
def get_aftercare(go_live_id: GoLiveId) -> AftercareResponse:
    """Return every check with its times, and what is asked for now."""
    return AftercareResponse.of(wiring.aftercares().get(http.call(app).principal.tenant_id, go_live_id), system_clock())


@app.get(f"{ONE}/aftercare/figures", right=rights.READ_GOLIVE)
def get_aftercare_figures(go_live_id: GoLiveId) -> VoicesResponse:
    """Return what users say in figures: how defects are mended, what is asked about most, satisfaction."""
    tenant_id = http.call(app).principal.tenant_id
    wiring.aftercares().get(tenant_id, go_live_id)
    return VoicesResponse.of(voices(*dynamo.said(tenant_id, go_live_id)))


@app.get(f"{ONE}/feedback", right=rights.READ_GOLIVE)
def list_feedback(go_live_id: GoLiveId, page_size: Size = 50, cursor: Cursor = None) -> FeedbackPageResponse:
    """Return part of what was said, the latest first."""
    found = dynamo.feedback_page(http.call(app).principal.tenant_id, go_live_id, page_size, cursor)
    return FeedbackPageResponse(items=tuple(map(FeedbackResponse.of, found.items)), cursor=found.cursor)


@app.get(f"{ONE}/handover", right=rights.READ_GOLIVE)
def get_handover(go_live_id: GoLiveId) -> HandoverResponse:
    """Return the lists, who leads now, the reviews, and the hash that a sign-off names."""
    tenant_id = http.call(app).principal.tenant_id
    kept = handovers.handovers().get(tenant_id, go_live_id)
    return HandoverResponse.of(kept, handovers.days(tenant_id, kept.value.calendar_id), system_clock())


lambda_handler = entrypoints.http(app)
