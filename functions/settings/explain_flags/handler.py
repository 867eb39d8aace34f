"""Says why a flag answers what it does, whom a change would hit, how often it is asked for, what may go (CFG-29, 30).

Trigger: POST /api/v1/feature-flags/{flagKey}/explain, .../impact; GET .../{flagKey}/statistics, .../stale.
Runbook: docs/runbooks/settings-flags.md.
"""

from datetime import timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http, wire
from enghub.settings import rights
from enghub.settings.evaluations import wiring as evaluation_wiring
from enghub.settings.evaluations.answers import (
    ExplainRequest,
    ExplainResponse,
    ImpactRequest,
    ImpactResponse,
    StaleFlagsResponse,
    StaleResponse,
    StatisticsResponse,
)
from enghub.settings.flags import edge
from enghub.settings.flags import wiring as flag_wiring
from enghub.settings.flags.edge import EnvironmentNamed, KeyNamed, LayerNamed
from enghub.settings.flags.model import Environment, FlagLayer
from enghub.settings.flags.requests import BASE

app = http.resolver()


@app.get(f"{BASE}/stale", right=rights.READ_FLAG)
def list_stale_flags(
    environment: EnvironmentNamed = Environment.PROD, days: Annotated[int, Query(ge=1, le=365)] = 30
) -> StaleFlagsResponse:
    """List the flags that nobody asked for, or that answer the same to everybody, for so many days."""
    call = http.call(app)
    tenant_id, today = call.principal.tenant_id, call.origin.at.date()
    found = evaluation_wiring.evaluations().stale(tenant_id, environment, today, timedelta(days=days))
    return StaleFlagsResponse(items=list(map(StaleResponse.of, found)))


@app.get(f"{BASE}/<flag_key>/statistics", right=rights.READ_FLAG)
def read_statistics(
    flag_key: KeyNamed,
    environment: EnvironmentNamed = Environment.PROD,
    since: Annotated[wire.Day | None, Query()] = None,
    until: Annotated[wire.Day | None, Query()] = None,
) -> StatisticsResponse:
    """Return how often the caller's tenant asked for a flag: the last 30 days unless said otherwise."""
    call = http.call(app)
    last = until or call.origin.at.date()
    first = since or last - timedelta(days=29)
    tenant_id = call.principal.tenant_id
    days = evaluation_wiring.usage().repository.days(
        tenant_id, environment, flag_key, first.isoformat(), last.isoformat()
    )
    return StatisticsResponse.of(flag_key, days)


@app.post(f"{BASE}/<flag_key>/explain", right=rights.READ_FLAG, limit="read")
def explain_flag(
    flag_key: KeyNamed, request: ExplainRequest, environment: EnvironmentNamed = Environment.PROD
) -> ExplainResponse:
    """Say why a flag answers what it does to somebody, now or at a time."""
    tenant_id = http.call(app).principal.tenant_id
    found = evaluation_wiring.evaluations().explain(tenant_id, environment, flag_key, request.plain, request.at)
    return ExplainResponse.of(found)


@app.post(f"{BASE}/<flag_key>/impact", right=rights.READ_FLAG, limit="read")
def look_ahead(
    flag_key: KeyNamed,
    request: ImpactRequest,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
) -> ImpactResponse:
    """Say whom a change would hit, before it is made."""
    ask = edge.to_read(app, layer, environment)
    before = flag_wiring.reader().get(ask.at, flag_key)
    wanted = request.edit(before)
    tenant_id = ask.call.principal.tenant_id
    found = evaluation_wiring.evaluations().impact(tenant_id, environment, wanted, request.contexts)
    shares = (before.flag.fallthrough.percentage, wanted.flag.fallthrough.percentage)
    return ImpactResponse.of(found, shares, is_sample=not request.contexts)


lambda_handler = entrypoints.http(app)
