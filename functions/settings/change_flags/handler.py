"""Changes feature flags: creates, changes, switches many, rolls back, deletes (CFG-09).

Trigger: POST /api/v1/feature-flags, POST .../batch, PUT and DELETE .../{flagKey}, POST .../{flagKey}/rollback.
Runbook: docs/runbooks/settings-flags.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
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


@app.post(BASE, right=CHANGES, key="optional", status_code=201, about="request.flag_key")
def create_flag(request: CreateFlagRequest, layer: LayerNamed = FlagLayer.TENANT) -> FlagResponse:
    """Create a flag in one environment."""
    ask = edge.to_change(app, layer, request.environment)
    claim = ask.call.claim(FlagResponse.of, scope=layer)
    return FlagResponse.of(wiring.flags().create(request.flag(ask.at), ask.call.origin, claim))


@app.post(f"{BASE}/batch", right=CHANGES, key="optional", about="request.flags.flag_key")
def switch_flags(
    request: SwitchRequest, layer: LayerNamed = FlagLayer.TENANT, environment: EnvironmentNamed = Environment.PROD
) -> SwitchedResponse:
    """Switch several flags, all or none."""
    ask = edge.to_change(app, layer, environment)
    claim = ask.call.claim(SwitchedResponse.of, scope=f"{layer} {environment}")
    found = wiring.flags().switch(ask.at, request.switches(), ask.call.origin, request.change_reason, claim)
    return SwitchedResponse.of(found)


@app.put(f"{BASE}/<flag_key>", right=CHANGES, key="optional", etag="change", about="flag_key")
def update_flag(
    flag_key: KeyNamed,
    request: UpdateFlagRequest,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
) -> FlagResponse:
    """Change a flag."""
    ask = edge.to_change(app, layer, environment)
    claim = ask.call.claim(FlagResponse.of, scope=f"{layer} {environment}")
    version, reason = ask.version(request.version), request.change_reason
    origin = ask.call.origin
    found = wiring.flags().change(ask.at, flag_key, version, request.edit, origin, reason=reason, claim=claim)
    return FlagResponse.of(found)


@app.post(f"{BASE}/<flag_key>/rollback", right=CHANGES, about="flag_key")
def roll_back_flag(
    flag_key: KeyNamed,
    request: RollbackRequest,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
) -> FlagResponse:
    """Bring an earlier version back, as the next one."""
    ask = edge.to_change(app, layer, environment)
    to, seen = request.to_version, request.version
    return FlagResponse.of(wiring.flags().roll_back(ask.at, flag_key, to, seen, ask.call.origin))


@app.delete(f"{BASE}/<flag_key>", right=CHANGES, status_code=204, etag="change", about="flag_key")
def delete_flag(
    flag_key: KeyNamed,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
    version: Seen = None,
    change_reason: Why = "",
) -> None:
    """Delete a flag that no other flag needs; its versions stay."""
    ask = edge.to_change(app, layer, environment)
    wiring.flags().delete(ask.at, flag_key, ask.version(version), ask.call.origin, change_reason)


lambda_handler = entrypoints.http(app)
