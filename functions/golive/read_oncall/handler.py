"""Reads schedules of on-call duty, who is on at an instant or in a period, policies, covers, days off (OPS-12).

Trigger: GET /api/v1/golive/schedules, .../{id}, .../{id}/{on-call|preview|warnings|overrides|covers};
GET /api/v1/golive/policies, .../{id}; GET /api/v1/golive/days-off/{userId}.
Runbook: docs/runbooks/golive.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.core.setup.api import Name, UserId
from enghub.golive import rights
from enghub.golive.forms import BASE, paged
from enghub.golive.oncall import dynamo, wiring
from enghub.golive.oncall.answers import (
    CoverResponse,
    CoversResponse,
    DaysOffResponse,
    OnCallResponse,
    OverrideResponse,
    OverridesResponse,
    PoliciesResponse,
    PolicyResponse,
    RotaPreviewResponse,
    ScheduleResponse,
    SchedulesResponse,
    ShiftResponse,
    WarningResponse,
    WarningsResponse,
)
from enghub.golive.oncall.api import period

app = http.resolver()

Size = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=1000)]
Id = Annotated[Name, Path()]
PolicyOf = Annotated[Name | None, Query(alias="policyId")]
Since = Annotated[wire.Instant, Query(alias="from")]
Until = Annotated[wire.Instant, Query(alias="to")]


@app.get(f"{BASE}/schedules", right=rights.READ_GOLIVE)
def list_schedules(page_size: Size = 50, cursor: Cursor = None) -> SchedulesResponse:
    """Return a page of schedules."""
    tenant_id = http.call(app).principal.tenant_id
    return SchedulesResponse(**paged(dynamo.schedules().page(tenant_id, page_size, cursor), ScheduleResponse.of))


@app.get(f"{BASE}/schedules/<schedule_id>", right=rights.READ_GOLIVE)
def get_schedule(schedule_id: Id) -> ScheduleResponse:
    """Return a schedule."""
    return ScheduleResponse.of(wiring.oncall().schedule(http.call(app).principal.tenant_id, schedule_id))


@app.get(f"{BASE}/schedules/<schedule_id>/on-call", right=rights.READ_GOLIVE)
def get_on_call(
    schedule_id: Id, at: Annotated[wire.Instant | None, Query()] = None, policy_id: PolicyOf = None
) -> OnCallResponse:
    """Return who is on now, or at any other time, by level."""
    call = http.call(app)
    instant = at or call.origin.at
    on = wiring.oncall().on_at(call.principal.tenant_id, schedule_id, instant, policy_id or "")
    return OnCallResponse.of(instant, on)


@app.get(f"{BASE}/schedules/<schedule_id>/preview", right=rights.READ_GOLIVE)
def preview_schedule(schedule_id: Id, since: Since, until: Until, policy_id: PolicyOf = None) -> RotaPreviewResponse:
    """Return who is on in a period; the past as it was, whatever was edited since."""
    span = period(since, until)
    rota = wiring.oncall().rota(http.call(app).principal.tenant_id, schedule_id, span)
    return RotaPreviewResponse(items=tuple(map(ShiftResponse.of, rota.shifts(span, policy_id or ""))))


@app.get(f"{BASE}/schedules/<schedule_id>/warnings", right=rights.READ_GOLIVE)
def list_schedule_warnings(schedule_id: Id) -> WarningsResponse:
    """Return what its maker should know about the next 90 days."""
    call = http.call(app)
    schedule = wiring.oncall().schedule(call.principal.tenant_id, schedule_id).value
    found = wiring.oncall().warnings(schedule, call.origin.at)
    return WarningsResponse(items=tuple(WarningResponse.of(one, call.language) for one in found))


@app.get(f"{BASE}/schedules/<schedule_id>/overrides", right=rights.READ_GOLIVE)
def list_overrides(schedule_id: Id, since: Since, until: Until) -> OverridesResponse:
    """Return what changes a schedule in a period."""
    span = period(since, until)
    found = dynamo.overrides(http.call(app).principal.tenant_id, schedule_id, span)
    return OverridesResponse(items=tuple(OverrideResponse.of(one) for one in found if not one.is_deleted))


@app.get(f"{BASE}/schedules/<schedule_id>/covers", right=rights.READ_GOLIVE)
def list_covers(schedule_id: Id, page_size: Size = 50, cursor: Cursor = None) -> CoversResponse:
    """Return a page of requests to be covered, newest first."""
    tenant_id = http.call(app).principal.tenant_id
    return CoversResponse(**paged(dynamo.covers(tenant_id, schedule_id, page_size, cursor), CoverResponse.of))


@app.get(f"{BASE}/days-off/<user_id>", right=rights.READ_GOLIVE)
def get_days_off(user_id: Annotated[UserId, Path(pattern=r"^[^/]+$")]) -> DaysOffResponse:
    """Return somebody's days off."""
    return DaysOffResponse.of(wiring.days_off().get(http.call(app).principal.tenant_id, user_id))


@app.get(f"{BASE}/policies", right=rights.READ_GOLIVE)
def list_policies(page_size: Size = 50, cursor: Cursor = None) -> PoliciesResponse:
    """Return a page of escalation policies."""
    tenant_id = http.call(app).principal.tenant_id
    return PoliciesResponse(**paged(dynamo.policies().page(tenant_id, page_size, cursor), PolicyResponse.of))


@app.get(f"{BASE}/policies/<policy_id>", right=rights.READ_GOLIVE)
def get_policy(policy_id: Id) -> PolicyResponse:
    """Return an escalation policy."""
    return PolicyResponse.of(wiring.policies().get(http.call(app).principal.tenant_id, policy_id))


lambda_handler = entrypoints.http(app)
