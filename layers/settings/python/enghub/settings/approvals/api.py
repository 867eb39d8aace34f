"""Requests of /api/v1/settings/change-requests and /approval-rules (CFG-08)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response, content_types
from pydantic import Field, JsonValue, model_validator

from enghub.core import http, wire
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.core.rights import Right
from enghub.core.setup.api import Version
from enghub.core.wire import Unfit
from enghub.kit.approvals.model import Decider, Stage
from enghub.settings.approvals.answers import HELD_STATUS, ChangeRequestResponse
from enghub.settings.approvals.model import ApprovalRule, ChangeRequest

REQUESTS = "/api/v1/settings/change-requests"
RULES = "/api/v1/settings/approval-rules"
EVERY_TENANT = "*"
Space = Literal["tenant", "global"]
"""Whose requests and rules: the tenant's (its own layer and its users'), or those of the global layer."""
_PEOPLE = Text(
    "a stage names roles, or at least as many users as it wants voices", "阶段须指定角色，或至少与所需人数相同的用户"
)
_NOT_BLANK: dict[str, JsonValue] = {"pattern": r"\S"}  # space around texts does not count
Word = Annotated[str, Field(min_length=1, max_length=255, json_schema_extra=_NOT_BLANK)]
Words = Annotated[list[Word], Field(max_length=50)]
Comment = Annotated[str, Field(max_length=500)]


def origin_in(call: http.Call, space: Space) -> Origin:
    """Return the origin as it is kept in a space: in the global one, people are named with their tenant."""
    origin = call.origin
    if space == "tenant":
        return origin
    return replace(origin, tenant_id=EVERY_TENANT, user_id=f"{origin.tenant_id}/{origin.user_id}")


def decider_in(call: http.Call, space: Space) -> Decider:
    """Return who decides, as the space names them."""
    return Decider(origin_in(call, space).user_id, call.principal.roles)


def answered(found: Any, at: datetime, render: Callable[[Any], Any], status: int = 200) -> Response[Any]:
    """Return the answer of a change: rendered, or 202 with the request that waits for its approval."""
    held = isinstance(found, ChangeRequest)
    body = ChangeRequestResponse.of(found, at) if held else render(found)
    return Response(status_code=HELD_STATUS if held else status, content_type=content_types.APPLICATION_JSON, body=body)


def require(call: http.Call, space: Space, tenant: Right, everybody: Right) -> None:
    """Check the right for the space.

    Raises:
        Forbidden: it is missing.
    """
    call.require(tenant if space == "tenant" else everybody)


class DecisionRequest(wire.Request):
    """One voice on what was seen."""

    seen: Annotated[str, Field(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}$")]
    comment: Comment = ""


class StageRequest(wire.Request):
    """Who has to agree, how many of them."""

    name: Annotated[str, Field(min_length=1, max_length=64, json_schema_extra=_NOT_BLANK)]
    count: Annotated[wire.Count, Field(ge=1, le=10)] = 1
    roles: Words = Field(default=[])
    users: Words = Field(default=[])

    @model_validator(mode="after")
    def _possible(self) -> "StageRequest":
        if not self.roles and len(set(self.users)) < self.count:
            raise Unfit(_PEOPLE, field="stages")
        return self


class ApprovalRuleRequest(wire.Request):
    """Which changes need whose approval within how many hours; an empty list asks for nothing in particular."""

    stages: Annotated[list[StageRequest], Field(min_length=1, max_length=5)]
    within_hours: Annotated[wire.Count, Field(ge=1, le=720)] = 24
    kinds: Words = Field(default=[])
    layers: Annotated[list[Literal["global", "tenant", "user"]], Field(max_length=3)] = Field(default=[])
    names: Words = Field(default=[])
    categories: Words = Field(default=[])
    operations: Annotated[list[Literal["CREATE", "UPDATE", "DELETE", "ROLLBACK"]], Field(max_length=4)] = Field(
        default=[]
    )
    break_glass: wire.Flag = True
    is_active: wire.Flag = True
    version: Version | None = None

    def rule(self, tenant_id: str, rule_id: str) -> ApprovalRule:
        """Return the rule as wanted."""
        stages = tuple(Stage(one.name, one.count, tuple(one.roles), tuple(one.users)) for one in self.stages)
        return ApprovalRule(
            tenant_id,
            rule_id,
            stages,
            self.within_hours,
            tuple(self.kinds),
            tuple(self.layers),
            tuple(self.names),
            tuple(self.categories),
            tuple(self.operations),
            self.break_glass,
            self.is_active,
        )
