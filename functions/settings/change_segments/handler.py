"""Changes segments, which rules of feature flags name (CFG-09).

Trigger: PUT and DELETE /api/v1/feature-flags/segments/{segmentKey}.
Runbook: docs/runbooks/settings-flags.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.settings.approvals.answers import ChangeRequestResponse
from enghub.settings.approvals.api import answered
from enghub.settings.flags import edge, wiring
from enghub.settings.flags.answers import SegmentResponse
from enghub.settings.flags.edge import CHANGES, EnvironmentNamed, KeyNamed, LayerNamed
from enghub.settings.flags.model import Environment, FlagLayer
from enghub.settings.flags.requests import BASE, SegmentRequest

app = http.resolver()

Seen = Annotated[int | None, Query(ge=1, le=1_000_000_000)]
Why = Annotated[str, Query(alias="changeReason", max_length=1000)]
Glass = Annotated[bool, Query(alias="breakGlass")]


@app.put(f"{BASE}/segments/<segment_key>", right=CHANGES, key="optional")
def put_segment(
    segment_key: KeyNamed,
    request: SegmentRequest,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
) -> Response[SegmentResponse | ChangeRequestResponse]:
    """Store a segment."""
    ask = edge.to_change(app, layer, environment)
    wanted = request.segment(ask.at, segment_key)
    made = wiring.flags().put_segment(
        wanted,
        request.version,
        ask.call.origin,
        reason=request.change_reason,
        claim=ask.call.claim(SegmentResponse.of_kept, scope=f"{layer} {environment}"),
        break_glass=request.break_glass,
    )
    return answered(made, ask.call.origin.at, SegmentResponse.of_kept)


@app.delete(f"{BASE}/segments/<segment_key>", right=CHANGES, status_code=204)
def delete_segment(
    *,
    segment_key: KeyNamed,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
    version: Seen = None,
    change_reason: Why = "",
    break_glass: Glass = False,
) -> Response[ChangeRequestResponse | None]:
    """Delete a segment that no flag names."""
    ask = edge.to_change(app, layer, environment)
    origin = ask.call.origin
    held = wiring.flags().delete_segment(ask.at, segment_key, version, origin, change_reason, break_glass=break_glass)
    return answered(held, origin.at, lambda _: None, 204)


lambda_handler = entrypoints.http(app)
