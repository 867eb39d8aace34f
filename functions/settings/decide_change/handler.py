"""Requests for change: seen, approved, rejected, withdrawn; and the rules that say which changes need them.

Trigger: GET /api/v1/settings/change-requests, /{requestId}; POST /{requestId}/approve, /reject, /withdraw;
GET /api/v1/settings/approval-rules; GET, PUT, DELETE /{ruleId}. Runbook: docs/runbooks/settings-approvals.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.kit.approvals.model import Verdict
from enghub.settings import approval_wiring, rights
from enghub.settings.approvals.answers import (
    ApprovalRuleResponse,
    ApprovalRulesResponse,
    ChangeRequestResponse,
    ChangeRequestsResponse,
    NothingLeft,
)
from enghub.settings.approvals.api import (
    REQUESTS,
    RULES,
    ApprovalRuleRequest,
    DecisionRequest,
    Space,
    decider_in,
    origin_in,
    require,
)
from enghub.settings.configs import wiring

app = http.resolver()

RuleNamed = Annotated[str, Path(max_length=63, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
RequestNamed = Annotated[str, Path(max_length=26, pattern=r"^[0-9A-Z]+$")]
SpaceNamed = Annotated[Space, Query(alias="layer")]
DECIDE = (rights.DECIDE_CHANGE, rights.DECIDE_GLOBAL_CHANGE)
CHANGE_RULES = (rights.CHANGE_APPROVAL_RULES, rights.CHANGE_GLOBAL_APPROVAL_RULES)


@app.get(REQUESTS, right=rights.READ_APPROVALS)
def list_change_requests(
    layer: SpaceNamed = "tenant",
    page_size: Annotated[int, Query(ge=1, le=100, alias="pageSize")] = 20,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> ChangeRequestsResponse:
    """List requests for change, the newest first."""
    origin = origin_in(http.call(app), layer)
    return ChangeRequestsResponse.of(approval_wiring.approving().page(origin.tenant_id, page_size, cursor), origin.at)


@app.get(f"{REQUESTS}/<request_id>", right=rights.READ_APPROVALS)
def read_change_request(request_id: RequestNamed, layer: SpaceNamed = "tenant") -> ChangeRequestResponse:
    """Answer one request for change."""
    origin = origin_in(http.call(app), layer)
    return ChangeRequestResponse.of(approval_wiring.approving().get(origin.tenant_id, request_id).value, origin.at)


@app.post(f"{REQUESTS}/<request_id>/approve", right=DECIDE, sensitive="yes")
def approve_change_request(
    request_id: RequestNamed, request: DecisionRequest, layer: SpaceNamed = "tenant"
) -> ChangeRequestResponse:
    """Agree to what was seen; the voice that completes the approval makes the change."""
    return _decide(request_id, request, layer, Verdict.APPROVE)


@app.post(f"{REQUESTS}/<request_id>/reject", right=DECIDE)
def reject_change_request(
    request_id: RequestNamed, request: DecisionRequest, layer: SpaceNamed = "tenant"
) -> ChangeRequestResponse:
    """Say no, with a comment; a change that was made before its approval is taken back."""
    return _decide(request_id, request, layer, Verdict.REJECT)


def _decide(
    request_id: RequestNamed, request: DecisionRequest, layer: Space, verdict: Verdict
) -> ChangeRequestResponse:
    call = http.call(app)
    origin = origin_in(call, layer)
    right = DECIDE[layer == "global"]
    is_limited = right.name not in call.principal.permissions and call.principal.holds(right.name)
    asked = approval_wiring.approving().get(origin.tenant_id, request_id).value.subjects if is_limited else ()
    call.require(right, [one.name for one in asked])
    found = approval_wiring.approving().decide(
        request_id, decider_in(call, layer), verdict, seen=request.seen, comment=request.comment, origin=origin
    )
    return ChangeRequestResponse.of(found, origin.at)


@app.post(f"{REQUESTS}/<request_id>/withdraw", right=rights.READ_CONFIG)
def withdraw_change_request(request_id: RequestNamed, layer: SpaceNamed = "tenant") -> ChangeRequestResponse:
    """Take one's own request back."""
    origin = origin_in(http.call(app), layer)
    return ChangeRequestResponse.of(approval_wiring.approving().withdraw(request_id, origin), origin.at)


@app.get(RULES, right=rights.READ_APPROVALS)
def list_approval_rules(layer: SpaceNamed = "tenant") -> ApprovalRulesResponse:
    """List the rules that say which changes need whose approval."""
    found = wiring.approval_rules().all(origin_in(http.call(app), layer).tenant_id)
    return ApprovalRulesResponse(items=[ApprovalRuleResponse.of(kept) for kept in found])


@app.get(f"{RULES}/<rule_id>", right=rights.READ_APPROVALS)
def read_approval_rule(rule_id: RuleNamed, layer: SpaceNamed = "tenant") -> ApprovalRuleResponse:
    """Answer one rule."""
    return ApprovalRuleResponse.of(wiring.approval_rules().get(origin_in(http.call(app), layer).tenant_id, rule_id))


@app.put(f"{RULES}/<rule_id>", right=CHANGE_RULES, sensitive="yes")
def put_approval_rule(
    rule_id: RuleNamed, request: ApprovalRuleRequest, layer: SpaceNamed = "tenant"
) -> ApprovalRuleResponse:
    """Create a rule, or change it on the version that was read."""
    call = http.call(app)
    require(call, layer, *CHANGE_RULES)
    origin = origin_in(call, layer)
    rule = request.rule(origin.tenant_id, rule_id)
    return ApprovalRuleResponse.of(wiring.approval_rules().put(rule_id, rule, request.version, origin))


@app.delete(f"{RULES}/<rule_id>", right=CHANGE_RULES, sensitive="yes")
def delete_approval_rule(
    rule_id: RuleNamed, layer: SpaceNamed = "tenant", version: Annotated[int | None, Query(ge=1)] = None
) -> NothingLeft:
    """Take a rule away; requests that wait keep what they were asked for with."""
    call = http.call(app)
    require(call, layer, *CHANGE_RULES)
    wiring.approval_rules().delete(rule_id, version, origin_in(call, layer))
    return NothingLeft(rule_id=rule_id)


lambda_handler = entrypoints.http(app)
