"""Answers about requests for change and rules of approval (CFG-08)."""

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import PlainSerializer

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.events import dumps
from enghub.kit.approvals.model import Approval, Stage, Verdict
from enghub.settings.approvals.model import ApprovalRule, ChangeRequest, Subject
from enghub.settings.approvals.repository import Page

HELD_STATUS = 202
"""Of a change that waits for its approval."""
AnyJson = Annotated[Any, PlainSerializer(lambda value: json.loads(dumps(value)))]


class SubjectShown(wire.Response):
    """What a change is about."""

    kind: str
    name: str
    layer: str
    category: str
    operation: str

    @classmethod
    def of(cls, subject: Subject) -> "SubjectShown":
        """Return the answer for a subject."""
        return cls(
            kind=subject.kind,
            name=subject.name,
            layer=subject.layer,
            category=subject.category,
            operation=subject.operation,
        )


class StageShown(wire.Response):
    """Who has to agree."""

    name: str
    count: int
    roles: list[str]
    users: list[str]

    @classmethod
    def of(cls, stage: Stage) -> "StageShown":
        """Return the answer for a stage."""
        return cls(name=stage.name, count=stage.count, roles=list(stage.roles), users=list(stage.users))


class DecisionShown(wire.Response):
    """One voice."""

    user_id: str
    verdict: Verdict
    at: wire.Instant
    comment: str


class ChangeRequestResponse(wire.Response):
    """A change that waits for its approval, or what became of it. ``seen`` is what a decision has to name."""

    request_id: str
    kind: str
    status: str
    """PENDING, APPROVED, then APPLIED, FAILED, REJECTED, WITHDRAWN or REVERTED."""
    subjects: list[SubjectShown]
    preview: AnyJson
    seen: str
    reason: str
    requested_by: str
    requested_at: wire.Instant
    due: wire.Instant
    """At this time it is rejected if nobody decided."""
    break_glass: bool
    """The change is in force already and waits for its approval afterwards."""
    stages: list[StageShown]
    open_stages: list[str]
    decisions: list[DecisionShown]
    problem: str
    closed_at: wire.Instant | None

    @classmethod
    def of(cls, request: ChangeRequest, at: datetime) -> "ChangeRequestResponse":
        """Return the answer for a request as it stands at that time."""
        approval: Approval = request.approval
        return cls(
            request_id=request.request_id,
            kind=request.kind,
            status=request.status(at),
            subjects=[SubjectShown.of(one) for one in request.subjects],
            preview=[dict(one) for one in request.preview],
            seen=approval.seen,
            reason=approval.reason,
            requested_by=approval.requested_by,
            requested_at=approval.requested_at,
            due=approval.due,
            break_glass=approval.afterwards,
            stages=[StageShown.of(stage) for stage in approval.policy.stages],
            open_stages=[] if request.outcome else [stage.name for stage in approval.open_stages],
            decisions=[
                DecisionShown(user_id=one.user_id, verdict=one.verdict, at=one.at, comment=one.comment)
                for one in approval.decisions
            ],
            problem=request.problem,
            closed_at=request.closed_at,
        )


class ChangeRequestsResponse(wire.Response):
    """Requests, the newest first."""

    items: list[ChangeRequestResponse]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page, at: datetime) -> "ChangeRequestsResponse":
        """Return the answer for a page."""
        return cls(items=[ChangeRequestResponse.of(one, at) for one in page.items], next_cursor=page.cursor)


class ApprovalRuleResponse(wire.Response):
    """A rule, with the version that a change of it has to name."""

    rule_id: str
    stages: list[StageShown]
    within_hours: int
    kinds: list[str]
    layers: list[str]
    names: list[str]
    categories: list[str]
    operations: list[str]
    break_glass: bool
    is_active: bool
    version: int

    @classmethod
    def of(cls, kept: Kept[ApprovalRule]) -> "ApprovalRuleResponse":
        """Return the answer for a rule."""
        rule = kept.value
        return cls(
            rule_id=rule.rule_id,
            stages=[StageShown.of(stage) for stage in rule.stages],
            within_hours=rule.within_hours,
            kinds=list(rule.kinds),
            layers=list(rule.layers),
            names=list(rule.names),
            categories=list(rule.categories),
            operations=list(rule.operations),
            break_glass=rule.break_glass,
            is_active=rule.is_active,
            version=kept.revision,
        )


class ApprovalRulesResponse(wire.Response):
    """The rules of the tenant, or of the global layer; at most 50."""

    items: list[ApprovalRuleResponse]


class NothingLeft(wire.Response):
    """The rule is gone."""

    rule_id: str
