"""Reads drills and their plan; who takes part does not see an unannounced one before; actions (OPS-16).

Trigger: GET /api/v1/golive/drill-plans/{planId}, /api/v1/golive/drills, .../{drillId}, /api/v1/golive/actions.
Runbook: docs/runbooks/golive-drills.md.
"""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.core.lazy import lazy
from enghub.golive import rights
from enghub.golive.actions import dynamo as actions
from enghub.golive.actions.api import ActionResponse, ActionsResponse
from enghub.golive.actions.model import ActionState
from enghub.golive.drills import dynamo
from enghub.golive.drills.api import DrillId, DrillPlanResponse, DrillResponse, DrillsResponse, PlanId
from enghub.golive.forms import BASE

if TYPE_CHECKING:
    from enghub.golive.drills import wiring
else:
    wiring = lazy("enghub.golive.drills.wiring")

app = http.resolver()
Size = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get(f"{BASE}/drill-plans/<plan_id>", right=rights.MANAGE_GOLIVE)
def get_drill_plan(plan_id: PlanId) -> DrillPlanResponse:
    """Return a plan, to those who make it: it tells in which months something comes."""
    return DrillPlanResponse.of(wiring.drill_plans().get(http.call(app).principal.tenant_id, plan_id))


@app.get(f"{BASE}/drills", right=rights.READ_GOLIVE)
def list_drills(page_size: Size = 50, cursor: Cursor = None) -> DrillsResponse:
    """Return part of the drills that the caller may know of."""
    principal = http.call(app).principal
    page = dynamo.page(principal.tenant_id, page_size, cursor)
    known = [one for one in page.items if not one.value.is_hidden_from(principal.user_id)]
    return DrillsResponse(items=tuple(map(DrillResponse.of, known)), cursor=page.cursor)


@app.get(f"{BASE}/drills/<drill_id>", right=rights.READ_GOLIVE)
def get_drill(drill_id: DrillId) -> DrillResponse:
    """Return a drill with what was measured and scored."""
    principal = http.call(app).principal
    return DrillResponse.of(wiring.drills().get(principal.tenant_id, drill_id, principal.user_id))


@app.get(f"{BASE}/actions", right=rights.READ_GOLIVE)
def list_actions(
    state: Annotated[ActionState, Query()] = ActionState.OPEN, page_size: Size = 50, cursor: Cursor = None
) -> ActionsResponse:
    """Return part of the actions of one state, those that are due first."""
    found = actions.page(http.call(app).principal.tenant_id, state, page_size, cursor)
    return ActionsResponse(items=tuple(map(ActionResponse.of, found.items)), cursor=found.cursor)


lambda_handler = entrypoints.http(app)
