"""Reads business rules and their versions, runs their tests, simulates and explains them (CFG-15, 29).

Trigger: GET /api/v1/settings/business-rules, /{ruleKey}, /{ruleKey}/versions; POST /{ruleKey}/test, /simulate,
/explain.
Runbook: docs/runbooks/settings-rules.md.
"""

from dataclasses import replace
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.settings import rights, rule_wiring
from enghub.settings.approvals.api import Space, origin_in
from enghub.settings.business_rules.answers import (
    ExplainedResponse,
    ProofResponse,
    RuleResponse,
    RulesResponse,
    RuleSummary,
    RuleVersionResponse,
    RuleVersionsResponse,
    SimulationResponse,
)
from enghub.settings.business_rules.explaining import explain
from enghub.settings.business_rules.requests import BASE, ExplainRequest, SimulateRequest

app = http.resolver(max_body_bytes=512 * 1024)

KeyNamed = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
SpaceNamed = Annotated[Space, Query(alias="layer")]
VersionNamed = Annotated[int | None, Query(ge=1, le=1_000_000_000)]
PageSize = Annotated[int, Query(ge=1, le=100, alias="pageSize")]
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get(BASE, right=rights.READ_RULE)
def list_business_rules(layer: SpaceNamed = "tenant", page_size: PageSize = 20, cursor: Cursor = None) -> RulesResponse:
    """List rules by key."""
    found = rule_wiring.rule_reader().page(_tenant(layer), page_size, cursor)
    return RulesResponse(items=[RuleSummary.of(one) for one in found.items], next_cursor=found.cursor)


@app.get(f"{BASE}/<rule_key>", right=rights.READ_RULE)
def read_business_rule(rule_key: KeyNamed, layer: SpaceNamed = "tenant", version: VersionNamed = None) -> RuleResponse:
    """Answer a rule with one of its versions, the latest by default."""
    return RuleResponse.of_both(rule_wiring.rule_reader().get(_tenant(layer), rule_key, version))


@app.get(f"{BASE}/<rule_key>/versions", right=rights.READ_RULE)
def list_business_rule_versions(
    rule_key: KeyNamed, layer: SpaceNamed = "tenant", page_size: PageSize = 20, cursor: Cursor = None
) -> RuleVersionsResponse:
    """List a rule's versions, the newest first."""
    found = rule_wiring.rule_reader().versions(_tenant(layer), rule_key, page_size, cursor)
    return RuleVersionsResponse(items=[RuleVersionResponse.of(one) for one in found.items], next_cursor=found.cursor)


@app.post(f"{BASE}/<rule_key>/test", right=rights.READ_RULE, limit="read")
def prove_business_rule(
    rule_key: KeyNamed, layer: SpaceNamed = "tenant", version: VersionNamed = None
) -> ProofResponse:
    """Run the tests of a version, the latest by default; nothing is stored."""
    found, proof = rule_wiring.rule_reader().proof(_tenant(layer), rule_key, version)
    return ProofResponse.of(found, proof, http.call(app).language)


@app.post(f"{BASE}/<rule_key>/explain", right=rights.READ_RULE, limit="read")
def explain_business_rule(rule_key: KeyNamed, request: ExplainRequest) -> ExplainedResponse:
    """Say why the rule that decides for the caller's tenant answers what it does, now or at a time."""
    call = http.call(app)
    rules = rule_wiring.rule_reader().repository
    found = explain(rules, call.principal.tenant_id, rule_key, request.inputs, request.at)
    return ExplainedResponse.of(found, call.language)


@app.post(f"{BASE}/<rule_key>/simulate", right=rights.READ_RULE, limit="read")
def simulate_business_rule(
    rule_key: KeyNamed, request: SimulateRequest, layer: SpaceNamed = "tenant"
) -> SimulationResponse:
    """Answer what a version, or a table that is thought of, says to samples; nothing is stored."""
    rules = rule_wiring.rule_reader()
    found = rules.get(_tenant(layer), rule_key, request.version)[1]
    if request.table is not None:
        found = replace(found, table=request.table.text())
    return SimulationResponse.of(rules.simulate(found, request.cases), http.call(app).language)


def _tenant(layer: Space) -> str:
    return origin_in(http.call(app), layer).tenant_id


lambda_handler = entrypoints.http(app)
