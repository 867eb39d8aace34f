"""Reads andon calls: one, or those of a state, the oldest first (MES-27).

Trigger: GET /api/v1/plant/andon-calls?state=, GET /api/v1/plant/andon-calls/{callId}.
Runbook: docs/runbooks/mes-stops.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.andon import wiring
from enghub.mes.andon.api import CallPageResponse, CallResponse, CallsQuery
from enghub.mes.factories import Factory
from enghub.mes.plant.api import BASE

app = http.resolver()


@app.get(f"{BASE}/andon-calls", right=rights.READ_PLANT)
def list_andon_calls(query: Annotated[CallsQuery, Query()]) -> CallPageResponse:
    """Return calls of one state, a page at a time."""
    factory = Factory.of(http.call(app).origin)
    return CallPageResponse.of(wiring.andon().page(factory, query.state, query.page_size, query.cursor))


@app.get(f"{BASE}/andon-calls/<call_id>", right=rights.READ_PLANT)
def get_andon_call(call_id: Annotated[wire.PathId, Path()]) -> CallResponse:
    """Return a call."""
    return CallResponse.of(wiring.andon().get(Factory.of(http.call(app).origin), call_id))


lambda_handler = entrypoints.http(app)
