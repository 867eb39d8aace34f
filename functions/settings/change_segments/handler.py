"""Changes segments, which rules of feature flags name (CFG-09).

Trigger: PUT and DELETE /api/v1/feature-flags/segments/{segmentKey}.
Runbook: docs/runbooks/settings-flags.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.settings.flags import edge, wiring
from enghub.settings.flags.answers import SegmentResponse
from enghub.settings.flags.edge import CHANGES, EnvironmentNamed, KeyNamed, LayerNamed
from enghub.settings.flags.model import Environment, FlagLayer
from enghub.settings.flags.requests import BASE, SegmentRequest

app = http.resolver()

Seen = Annotated[int | None, Query(ge=1, le=1_000_000_000)]


@app.put(f"{BASE}/segments/<segment_key>", right=CHANGES)
def put_segment(
    segment_key: KeyNamed,
    request: SegmentRequest,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
) -> SegmentResponse:
    """Store a segment."""
    ask = edge.to_change(app, layer, environment)
    wanted = request.segment(ask.at, segment_key)
    return SegmentResponse.of_kept(wiring.flags().put_segment(wanted, request.version, ask.call.origin))


@app.delete(f"{BASE}/segments/<segment_key>", right=CHANGES, status_code=204)
def delete_segment(
    segment_key: KeyNamed,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
    version: Seen = None,
) -> None:
    """Delete a segment that no flag names."""
    ask = edge.to_change(app, layer, environment)
    wiring.flags().delete_segment(ask.at, segment_key, version, ask.call.origin)


lambda_handler = entrypoints.http(app)
