"""Plans how a change takes effect: orders that wait, stock disposed of with its cost and agreement, applied (PLM-26).

Trigger: POST /api/v1/plm/change-orders/{ecnNumber}/effect, PUT .../effect/lines/{line}, POST .../effect/request,
.../effect/decision, .../effect/application. Events: ChangeEffectPlanned, ChangeApplied, NoticeRequested.
Runbook: docs/runbooks/plm-effects.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, wire
from enghub.core.commits import Kept
from enghub.kit.approvals.model import Decider
from enghub.plm import rights
from enghub.plm.effects import api
from enghub.plm.effects.model import Effect
from enghub.plm.effects.wiring import effects

app = http.resolver()


def _answer(kept: Kept[Effect]) -> api.EffectResponse:
    return api.EffectResponse.of(effects().shown(http.call(app).principal.tenant_id, kept))


@app.post(api.BASE, right=rights.PLAN_EFFECT, status_code=201)
def plan_change_effect(ecn_number: str, request: api.PlanEffectRequest) -> api.EffectResponse:
    """201 with what the change hits now: orders that wait are held, stock waits for its disposition."""
    return _answer(effects().plan(ecn_number, request.mode, request.serial, http.call(app).origin))


@app.put(f"{api.BASE}/lines/<line>", right=rights.PLAN_EFFECT)
def dispose_affected_stock(
    ecn_number: str, line: Annotated[wire.PathId, Path()], request: api.DisposeStockRequest
) -> api.EffectResponse:
    """Say what becomes of a place of stock."""
    origin = http.call(app).origin
    change = effects().change(ecn_number, "disposed", lambda one: request.changed(one, line, origin.at), origin)
    return _answer(change)


@app.post(f"{api.BASE}/request", right=rights.PLAN_EFFECT)
def ask_for_effect(ecn_number: str) -> api.EffectResponse:
    """Ask for agreement to the dispositions."""
    origin = http.call(app).origin
    return _answer(effects().change(ecn_number, "asked", lambda one: one.asked(origin.user_id, origin.at), origin))


@app.post(f"{api.BASE}/decision", right=rights.AGREE_EFFECT)
def decide_effect(ecn_number: str, request: api.DecideEffectRequest) -> api.EffectResponse:
    """Agree, or not; never who asked."""
    call = http.call(app)
    decider = Decider(call.principal.user_id, call.principal.roles)
    return _answer(effects().decide(ecn_number, decider, request.verdict, request.comment, call.origin))


@app.post(f"{api.BASE}/application", right=rights.PLAN_EFFECT)
def apply_change(ecn_number: str) -> api.EffectResponse:
    """The new revision is made from now on: what waited goes on."""
    return _answer(effects().apply(ecn_number, http.call(app).origin))


lambda_handler = entrypoints.http(app)
