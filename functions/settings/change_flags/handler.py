"""Changes feature flags: creates, changes, switches many, rolls back, deletes (CFG-09).

Trigger: POST /api/v1/feature-flags, POST .../batch, PUT and DELETE .../{flagKey}, POST .../{flagKey}/rollback.
Runbook: docs/runbooks/settings-flags.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.settings.approvals.answers import ChangeRequestResponse
from enghub.settings.approvals.api import answered
from enghub.settings.flags import edge, wiring
from enghub.settings.flags.answers import FlagResponse, SwitchedResponse
from enghub.settings.flags.edge import CHANGES, EnvironmentNamed, KeyNamed, LayerNamed
from enghub.settings.flags.model import Environment, FlagLayer
from enghub.settings.flags.requests import (
    BASE,
    CreateFlagRequest,
    RollbackRequest,
    SwitchRequest,
    UpdateFlagRequest,
)

app = http.resolver()

Seen = Annotated[int | None, Query(ge=1, le=1_000_000_000)]
Why = Annotated[str, Query(alias="changeReason", max_length=1000)]
Glass = Annotated[bool, Query(alias="breakGlass")]
FlagOrRequest = Response[FlagResponse | ChangeRequestResponse]


@app.post(BASE, right=CHANGES, key="optional", status_code=201, about="request.flag_key")
def create_flag(request: CreateFlagRequest, layer: LayerNamed = FlagLayer.TENANT) -> FlagOrRequest:
    """Create a flag in one environment."""
    ask = edge.to_change(app, layer, request.environment)
    made = wiring.flags().create(
        request.flag(ask.at),
        ask.call.origin,
        ask.call.claim(FlagResponse.of, scope=layer),
        reason=request.change_reason,
        break_glass=request.break_glass,
    )
    return answered(made, ask.call.origin.at, FlagResponse.of, 201)


@app.post(f"{BASE}/batch", right=CHANGES, key="optional", about="request.flags.flag_key")
def switch_flags(
    request: SwitchRequest, layer: LayerNamed = FlagLayer.TENANT, environment: EnvironmentNamed = Environment.PROD
) -> Response[SwitchedResponse | ChangeRequestResponse]:
    """Switch several flags, all or none."""
    ask = edge.to_change(app, layer, environment)
    claim = ask.call.claim(SwitchedResponse.of, scope=f"{layer} {environment}")
    origin, reason = ask.call.origin, request.change_reason
    found = wiring.flags().switch(ask.at, request.switches(), origin, reason, claim, break_glass=request.break_glass)
    return answered(found, origin.at, SwitchedResponse.of)


@app.put(f"{BASE}/<flag_key>", right=CHANGES, key="optional", etag="change", about="flag_key")
def update_flag(
    flag_key: KeyNamed,
    request: UpdateFlagRequest,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
) -> FlagOrRequest:
    """Change a flag."""
    ask = edge.to_change(app, layer, environment)
    found = wiring.flags().change(
        ask.at,
        flag_key,
        ask.version(request.version),
        request.edit,
        ask.call.origin,
        reason=request.change_reason,
        claim=ask.call.claim(FlagResponse.of, scope=f"{layer} {environment}"),
        break_glass=request.break_glass,
    )
    return answered(found, ask.call.origin.at, FlagResponse.of)


@app.post(f"{BASE}/<flag_key>/rollback", right=CHANGES, key="optional", about="flag_key")
def roll_back_flag(
    flag_key: KeyNamed,
    request: RollbackRequest,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
) -> FlagOrRequest:
    """Bring an earlier version back, as the next one."""
    ask = edge.to_change(app, layer, environment)
    found = wiring.flags().roll_back(
        ask.at,
        flag_key,
        request.to_version,
        request.version,
        ask.call.origin,
        reason=request.change_reason,
        claim=ask.call.claim(FlagResponse.of, scope=f"{layer} {environment}"),
        break_glass=request.break_glass,
    )
    return answered(found, ask.call.origin.at, FlagResponse.of)


@app.delete(f"{BASE}/<flag_key>", right=CHANGES, status_code=204, etag="change", about="flag_key")
def delete_flag(
    *,
    flag_key: KeyNamed,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
    version: Seen = None,
    change_reason: Why = "",
    break_glass: Glass = False,
) -> Response[ChangeRequestResponse | None]:
    """Delete a flag that no other flag needs; its versions stay."""
    ask = edge.to_change(app, layer, environment)
    seen, origin = ask.version(version), ask.call.origin
    held = wiring.flags().delete(ask.at, flag_key, seen, origin, change_reason, break_glass=break_glass)
    return answered(held, origin.at, lambda _: None, 204)


lambda_handler = entrypoints.http(app)
