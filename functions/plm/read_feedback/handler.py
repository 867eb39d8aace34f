"""Reads quality feedback: rules, what a product's issues say, suggestions with their evidence, runs (PLM-16).

Trigger: GET /api/v1/plm/feedback/rules, .../products/{productCode}, .../suggestions, .../suggestions/{suggestionId},
.../runs/{day}. Runbook: docs/runbooks/plm-feedback.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.plm import rights
from enghub.plm.feedback import api
from enghub.plm.gateways.feedback import feedback
from enghub.plm.names import PartNumber

app = http.resolver()
Day = Annotated[wire.Day | None, Query()]


@app.get(f"{api.BASE}/rules", right=rights.READ_FEEDBACK)
def read_feedback_rules() -> api.FeedbackRulesResponse:
    """The rules in force."""
    return api.FeedbackRulesResponse.of(feedback().rules(http.call(app).principal.tenant_id))


@app.get(f"{api.BASE}/products/<product_code>", right=rights.READ_FEEDBACK)
def read_product_feedback(product_code: Annotated[PartNumber, Path()], day: Day = None) -> api.FindingsResponse:
    """What a product's issues say: Pareto, trend, changes before a rise."""
    return api.FindingsResponse.of(feedback().findings(http.call(app).principal.tenant_id, product_code, day))


@app.get(f"{api.BASE}/suggestions", right=rights.READ_FEEDBACK)
def list_improvement_suggestions(
    product_code: Annotated[PartNumber | None, Query(alias="productCode")] = None,
    day: Day = None,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> api.SuggestionList:
    """Those of a product, newest first, or those made on a day, today unless one is named."""
    tenant_id = http.call(app).principal.tenant_id
    return api.SuggestionList.of(feedback().suggestions(tenant_id, product_code, day, page_size, cursor))


@app.get(f"{api.BASE}/suggestions/<suggestion_id>", right=rights.READ_FEEDBACK)
def read_suggestion(suggestion_id: Annotated[wire.PathId, Path()]) -> api.SuggestionResponse:
    """One with its evidence."""
    return api.SuggestionResponse.of(feedback().suggestion(http.call(app).principal.tenant_id, suggestion_id))


@app.get(f"{api.BASE}/runs/<day>", right=rights.READ_FEEDBACK)
def read_feedback_run(day: Annotated[wire.Day, Path()]) -> api.FeedbackRunResponse:
    """The feedback of a day, and whether the PLM knows it."""
    return api.FeedbackRunResponse.of(feedback().run_of(http.call(app).principal.tenant_id, day).value)


lambda_handler = entrypoints.http(app)
