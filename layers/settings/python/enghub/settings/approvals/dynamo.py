"""Requests for change and rules of approval in DynamoDB.

Request    pk T#<tenant>#CHANGE_REQUESTS    sk <request id>
Rule       pk T#<tenant>#APPROVAL_RULES     sk RULE#<name>
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from enghub.core.aggregates import Aggregate
from enghub.core.claims import Claim
from enghub.core.commits import Kept
from enghub.core.dynamo import Page, key
from enghub.core.setup.dynamo import DynamoSetup
from enghub.settings.approvals.model import ApprovalRule, ChangeRequest, RequestCommit


def _requests(tenant_id: str) -> str:
    return key("T", tenant_id, "CHANGE_REQUESTS")


def _rules(tenant_id: str) -> str:
    return key("T", tenant_id, "APPROVAL_RULES")


def _shown(request: ChangeRequest) -> dict[str, Any]:
    approval = request.approval
    return {
        "kind": request.kind,
        "subjects": [f"{one.layer}/{one.name}" for one in request.subjects],
        "seen": approval.seen,
        "due": approval.due,
        "afterwards": approval.afterwards,
        "decisions": [f"{one.user_id}: {one.verdict}" for one in approval.decisions],
        "withdrawn": approval.withdrawn_at is not None,
        "outcome": request.outcome,
        "problem": request.problem,
    }


REQUESTS = Aggregate(
    ChangeRequest,
    "CHANGE_REQUEST",
    key=lambda request: (_requests(request.tenant_id), request.request_id),
    name="change_request",
    identity=lambda request: request.request_id,
    shows=_shown,
)
RULES = Aggregate(
    ApprovalRule,
    "APPROVAL_RULE",
    key=lambda rule: (_rules(rule.tenant_id), key("RULE", rule.rule_id)),
    name="approval_rule",
    identity=lambda rule: rule.rule_id,
    shows=(
        "stages",
        "within_hours",
        "kinds",
        "layers",
        "names",
        "categories",
        "operations",
        "break_glass",
        "is_active",
    ),
)


def rules() -> DynamoSetup[ApprovalRule]:
    """Return the store of rules."""
    return DynamoSetup(RULES, _rules, "RULE")


class DynamoChangeRequests:
    """See ``ChangeRequests``."""

    def get(self, tenant_id: str, request_id: str) -> Kept[ChangeRequest] | None:
        """One GetItem."""
        return REQUESTS.read((_requests(tenant_id), request_id))

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> Page[ChangeRequest]:
        """One Query."""
        return REQUESTS.page(_requests(tenant_id), limit=limit, cursor=cursor, newest_first=True)

    def writes(self, commit: RequestCommit) -> Sequence[Any]:
        """Return the writes of a step."""
        return REQUESTS.writes(commit)[1]

    def save(self, commit: RequestCommit, claim: Claim | None = None) -> None:
        """One transaction."""
        REQUESTS.save(replace(commit, claim=claim))
