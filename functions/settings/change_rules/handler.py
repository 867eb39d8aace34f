"""Changes business rules: a next version with its tests, and which version decides (CFG-15).

Trigger: PUT /api/v1/settings/business-rules/{ruleKey}, POST .../activate, POST .../deactivate.
Runbook: docs/runbooks/settings-rules.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.settings import rights, rule_wiring
from enghub.settings.approvals.answers import ChangeRequestResponse
from enghub.settings.approvals.api import Space, answered, origin_in, require
from enghub.settings.business_rules.answers import RuleResponse, RuleSummary
from enghub.settings.business_rules.requests import BASE, ActivateRequest, DeactivateRequest, RuleRequest

app = http.resolver(max_body_bytes=512 * 1024)

KeyNamed = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
SpaceNamed = Annotated[Space, Query(alias="layer")]
CHANGE = (rights.CHANGE_RULE, rights.CHANGE_GLOBAL_RULE)


@app.put(f"{BASE}/<rule_key>", right=CHANGE)
def put_business_rule(rule_key: KeyNamed, request: RuleRequest, layer: SpaceNamed = "tenant") -> RuleResponse:
    """Store a rule or its next version; it decides nothing before it is activated."""
    call = http.call(app)
    require(call, layer, *CHANGE)
    origin = origin_in(call, layer)
    wanted = request.rule(origin.tenant_id, rule_key)
    return RuleResponse.of_both(rule_wiring.rules().put(wanted, request.version, origin))


@app.post(f"{BASE}/<rule_key>/activate", right=CHANGE, key="optional")
def activate_business_rule(
    rule_key: KeyNamed, request: ActivateRequest, layer: SpaceNamed = "tenant"
) -> Response[RuleSummary | ChangeRequestResponse]:
    """Let a version decide from now on, an earlier one too; its tests must pass and reach every row."""
    return _activate(rule_key, request.version, request, layer)


@app.post(f"{BASE}/<rule_key>/deactivate", right=CHANGE, key="optional")
def deactivate_business_rule(
    rule_key: KeyNamed, request: DeactivateRequest, layer: SpaceNamed = "tenant"
) -> Response[RuleSummary | ChangeRequestResponse]:
    """Let no version decide; in a tenant the global rule of the same key counts again."""
    return _activate(rule_key, 0, request, layer)


def _activate(
    rule_key: str, version: int, request: ActivateRequest | DeactivateRequest, layer: Space
) -> Response[RuleSummary | ChangeRequestResponse]:
    call = http.call(app)
    require(call, layer, *CHANGE)
    origin = origin_in(call, layer)
    made = rule_wiring.rules().activate(
        origin.tenant_id,
        rule_key,
        version,
        origin,
        reason=request.change_reason,
        claim=call.claim(RuleSummary.of, scope=layer),
        break_glass=request.break_glass,
    )
    return answered(made, origin.at, RuleSummary.of)


lambda_handler = entrypoints.http(app)
