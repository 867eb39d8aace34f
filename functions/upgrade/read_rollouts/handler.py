"""Reads roll-outs: the list, and one with its waves and sites (UPG-11).

Trigger: GET /api/v1/upgrade/rollouts, .../{rolloutId}.
Runbook: docs/runbooks/upgrade-rollouts.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.rollouts import wiring
from enghub.upgrade.rollouts.api import BASE, RolloutResponse, RolloutsResponse, RolloutStatusResponse

app = resolver()

PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get(BASE, right=rights.READ_UPGRADE)
def list_rollouts(page_size: PageSize = 20, cursor: Cursor = None) -> RolloutsResponse:
    """Return one page of roll-outs, newest first."""
    call = http.call(app)
    found, following = wiring.rollouts().find(call.principal.tenant_id, page_size, cursor)
    return RolloutsResponse(items=tuple(map(RolloutResponse.of, found)), cursor=following)


@app.get(f"{BASE}/<rollout_id>", right=rights.READ_UPGRADE)
def get_rollout(rollout_id: str) -> RolloutStatusResponse:
    """Return a roll-out with the progress of its waves and sites."""
    call = http.call(app)
    return RolloutStatusResponse.seen(wiring.rollouts().look(call.principal.tenant_id, rollout_id), call.language)


lambda_handler = entrypoints.http(app)
