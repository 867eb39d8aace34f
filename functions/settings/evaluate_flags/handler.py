"""Evaluates feature flags by OFREP, one or all, and hands out their rules to clients (CFG-09, CFG-12).

Trigger: POST /ofrep/v1/evaluate/flags and .../flags/{flagKey}, both also below
/api/v1/feature-flags/environments/{environment}; GET /api/v1/feature-flags/ruleset; POST .../statistics.
Runbook: docs/runbooks/settings-flags.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.core.conditional import tagged
from enghub.settings import rights
from enghub.settings.evaluations import wiring
from enghub.settings.evaluations.clients import CountsRequest, CountsResponse, RulesetResponse
from enghub.settings.evaluations.ofrep import (
    IN_ENVIRONMENT,
    PATH,
    BulkResponse,
    EvaluationRequest,
    EvaluationResponse,
    bulk_etag,
    error_form,
    evaluated,
)
from enghub.settings.flags.edge import EnvironmentNamed, KeyNamed
from enghub.settings.flags.model import Environment
from enghub.settings.flags.requests import BASE

app = http.resolver(max_body_bytes=64 * 1024)

InEnvironment = Annotated[Environment, Path()]
Etag = Annotated[str | None, Query(alias="flagConfigEtag", max_length=200)]
Modified = Annotated[str | None, Query(alias="flagConfigLastModified", max_length=40)]


@app.post(f"{PATH}/<flag_key>", right=rights.EVALUATE_FLAG, limit="evaluate", error_form=error_form)
def evaluate_flag(flag_key: KeyNamed, request: EvaluationRequest) -> EvaluationResponse:
    """Evaluate one flag of PROD."""
    return _one(Environment.PROD, flag_key, request)


@app.post(PATH, right=rights.EVALUATE_FLAG, limit="evaluate", etag="read", error_form=error_form)
def evaluate_flags(
    request: EvaluationRequest, flag_config_etag: Etag = None, flag_config_last_modified: Modified = None
) -> Response[BulkResponse | None]:
    """Evaluate all flags of PROD."""
    return _all(Environment.PROD, request)


@app.post(f"{IN_ENVIRONMENT}/<flag_key>", right=rights.EVALUATE_FLAG, limit="evaluate", error_form=error_form)
def evaluate_flag_of(environment: InEnvironment, flag_key: KeyNamed, request: EvaluationRequest) -> EvaluationResponse:
    """Evaluate one flag of an environment."""
    return _one(environment, flag_key, request)


@app.post(IN_ENVIRONMENT, right=rights.EVALUATE_FLAG, limit="evaluate", etag="read", error_form=error_form)
def evaluate_flags_of(
    environment: InEnvironment,
    request: EvaluationRequest,
    flag_config_etag: Etag = None,
    flag_config_last_modified: Modified = None,
) -> Response[BulkResponse | None]:
    """Evaluate all flags of an environment."""
    return _all(environment, request)


@app.get(f"{BASE}/ruleset", right=rights.EVALUATE_FLAG, limit="evaluate", etag="read")
def read_ruleset(environment: EnvironmentNamed = Environment.PROD) -> Response[RulesetResponse | None]:
    """Hand out all flags and segments that count for the caller's tenant."""
    snapshot = wiring.snapshots().of(http.call(app).principal.tenant_id, environment)
    return tagged(app, RulesetResponse.of(snapshot), f'"{snapshot.etag}"')


@app.post(f"{BASE}/statistics", right=rights.EVALUATE_FLAG, limit="evaluate", status_code=202)
def report_evaluations(request: CountsRequest, environment: EnvironmentNamed = Environment.PROD) -> CountsResponse:
    """Count what a client has evaluated in process."""
    call = http.call(app)
    counted = request.known(wiring.snapshots().of(call.principal.tenant_id, environment))
    if counted.counts:
        wiring.usage().repository.add([counted], [], call.origin.at)
    return CountsResponse(counted=sum(sum(one.values()) for one in counted.counts.values()))


def _one(environment: Environment, flag_key: str, request: EvaluationRequest) -> EvaluationResponse:
    tenant_id = http.call(app).principal.tenant_id
    found = wiring.evaluations().evaluate(tenant_id, environment, flag_key, request.plain)
    return evaluated(found, environment)


def _all(environment: Environment, request: EvaluationRequest) -> Response[BulkResponse | None]:
    snapshot = wiring.snapshots().of(http.call(app).principal.tenant_id, environment)
    context = request.plain
    results = wiring.evaluations().evaluate_all(snapshot, context)
    etag = bulk_etag(f"{snapshot.tenant_id}/{snapshot.etag}", context)
    return tagged(app, BulkResponse.of(results, environment), etag)


lambda_handler = entrypoints.http(app)
