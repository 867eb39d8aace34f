"""Changes schedules of on-call duty, overrides, covers, days off, policies; gives out feeds (OPS-12, OPS-21).

Trigger: PUT and DELETE /api/v1/golive/{schedules|policies|days-off}/{...};
POST /api/v1/golive/schedules/{id}/{overrides|covers|feeds}, .../covers/{coverId}/{take|withdraw};
DELETE .../overrides/{overrideId}.
Runbook: docs/runbooks/golive.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.core.calls import Call
from enghub.core.commits import Commit, Kept
from enghub.core.errors import Forbidden
from enghub.core.setup.api import Name, UserId
from enghub.core.setup.errors import SetupNotFound
from enghub.golive import rights
from enghub.golive.forms import BASE
from enghub.golive.keys import dynamo as keys
from enghub.golive.keys.model import KeyKind
from enghub.golive.oncall import dynamo, wiring
from enghub.golive.oncall.answers import (
    CoverResponse,
    DaysOffResponse,
    FeedResponse,
    OverrideResponse,
    PolicyResponse,
    ScheduleResponse,
    WarningResponse,
)
from enghub.golive.oncall.api import (
    CoverRequest,
    DaysOffRequest,
    OverrideId,
    OverrideRequest,
    PutPolicyRequest,
    PutScheduleRequest,
)
from enghub.golive.oncall.covers import Cover

app = http.resolver()

Id = Annotated[Name, Path()]
CoverId = Annotated[OverrideId, Path()]
Seen = Annotated[int | None, Query(ge=1, le=1_000_000_000)]


@app.put(f"{BASE}/schedules/<schedule_id>", right=rights.MANAGE_ONCALL)
def put_schedule(schedule_id: Id, request: PutScheduleRequest) -> ScheduleResponse:
    """Store a schedule from now on; the answer warns of gaps, days off, load, what is shadowed."""
    call = http.call(app)
    wanted = request.to_schedule(call.principal.tenant_id, schedule_id, call.origin.at)
    kept, warnings = wiring.oncall().put(wanted, request.version, call.origin)
    return ScheduleResponse.of(kept, tuple(WarningResponse.of(one, call.language) for one in warnings))


@app.delete(f"{BASE}/schedules/<schedule_id>", right=rights.MANAGE_ONCALL, status_code=204)
def delete_schedule(schedule_id: Id, version: Seen = None) -> None:
    """Take a schedule away from now on."""
    wiring.oncall().delete(schedule_id, version, http.call(app).origin)


@app.post(f"{BASE}/schedules/<schedule_id>/overrides", right=rights.MANAGE_ONCALL, status_code=201)
def add_override(schedule_id: Id, request: OverrideRequest) -> OverrideResponse:
    """Change who is on for a time; the answer warns of what is shadowed."""
    call = http.call(app)
    wanted = request.to_override(call.principal.tenant_id, schedule_id)
    kept, warnings = wiring.oncall().add_override(wanted, call.origin)
    return OverrideResponse.of(kept.value, tuple(WarningResponse.of(one, call.language) for one in warnings))


@app.delete(f"{BASE}/schedules/<schedule_id>/overrides/<override_id>", right=rights.MANAGE_ONCALL, status_code=204)
def remove_override(schedule_id: Id, override_id: Annotated[OverrideId, Path()]) -> None:
    """Take an override away; one that runs ends now."""
    wiring.oncall().remove_override(schedule_id, override_id, http.call(app).origin)


@app.post(f"{BASE}/schedules/<schedule_id>/covers", right=rights.OWN_ONCALL, status_code=201)
def ask_cover(schedule_id: Id, request: CoverRequest) -> CoverResponse:
    """Ask to be covered, or to swap; until somebody takes it, whoever asks stays on."""
    call = http.call(app)
    wanted = request.to_cover(call.principal.tenant_id, schedule_id, call.principal.user_id)
    return CoverResponse.of(wiring.oncall().ask_cover(wanted, call.origin))


@app.post(f"{BASE}/schedules/<schedule_id>/covers/<cover_id>/take", right=rights.OWN_ONCALL)
def take_cover(schedule_id: Id, cover_id: CoverId) -> CoverResponse:
    """Cover somebody: the caller is on in that time."""
    call = http.call(app)
    kept = _cover(call, schedule_id, cover_id)
    return CoverResponse.of(wiring.oncall().take_cover(kept, call.principal.user_id, call.origin))


@app.post(f"{BASE}/schedules/<schedule_id>/covers/<cover_id>/withdraw", right=rights.OWN_ONCALL)
def withdraw_cover(schedule_id: Id, cover_id: CoverId) -> CoverResponse:
    """Withdraw one's own request."""
    call = http.call(app)
    kept = _cover(call, schedule_id, cover_id)
    if kept.value.user != call.principal.user_id:
        raise Forbidden(permission=rights.MANAGE_ONCALL.name)
    return CoverResponse.of(dynamo.COVERS.save(Commit(call.origin, "withdrawn", kept.value.withdrawn(), kept)))


@app.post(f"{BASE}/schedules/<schedule_id>/feeds", right=rights.OWN_ONCALL, status_code=201)
def make_feed(schedule_id: Id) -> FeedResponse:
    """Return the address of a calendar feed of the schedule; whoever has it can read who is on."""
    call = http.call(app)
    wiring.oncall().schedule(call.principal.tenant_id, schedule_id)
    text, kept = keys.issue(KeyKind.FEED, schedule_id, call.origin)
    return FeedResponse(path=f"{BASE}/feeds/on-call?key={text}", key_hash=kept.value.key_hash)


@app.put(f"{BASE}/days-off/<user_id>", right=rights.MANAGE_ONCALL)
def put_days_off(user_id: Annotated[UserId, Path(pattern=r"^[^/]+$")], request: DaysOffRequest) -> DaysOffResponse:
    """Store somebody's days off; rotas that name them are warned of."""
    call = http.call(app)
    wanted = request.to_days_off(call.principal.tenant_id, user_id)
    return DaysOffResponse.of(wiring.days_off().put(user_id, wanted, request.version, call.origin))


@app.put(f"{BASE}/policies/<policy_id>", right=rights.MANAGE_ONCALL)
def put_policy(policy_id: Id, request: PutPolicyRequest) -> PolicyResponse:
    """Store an escalation policy; incidents that are open keep theirs."""
    call = http.call(app)
    wanted = request.to_policy(call.principal.tenant_id, policy_id)
    return PolicyResponse.of(wiring.policies().put(policy_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/policies/<policy_id>", right=rights.MANAGE_ONCALL, status_code=204)
def delete_policy(policy_id: Id, version: Seen = None) -> None:
    """Take an escalation policy away."""
    wiring.policies().delete(policy_id, version, http.call(app).origin)


def _cover(call: Call, schedule_id: str, cover_id: str) -> Kept[Cover]:
    found = dynamo.cover(call.principal.tenant_id, schedule_id, cover_id)
    if found is None:
        raise SetupNotFound(what="cover", name=cover_id)
    return found


lambda_handler = entrypoints.http(app)
