"""Reads feature flags with their versions, and segments (CFG-09).

Trigger: GET /api/v1/feature-flags, .../{flagKey}, .../{flagKey}/versions, .../segments, .../segments/{segmentKey}.
Runbook: docs/runbooks/settings-flags.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.core.conditional import tagged
from enghub.settings import rights
from enghub.settings.flags import edge, wiring
from enghub.settings.flags.answers import (
    FlagResponse,
    FlagsResponse,
    SegmentResponse,
    SegmentsResponse,
    VersionsResponse,
)
from enghub.settings.flags.edge import EnvironmentNamed, KeyNamed, LayerNamed
from enghub.settings.flags.errors import SegmentNotFound
from enghub.settings.flags.model import Environment, FlagLayer, FlagType
from enghub.settings.flags.requests import BASE

app = http.resolver()


@app.get(BASE, right=rights.READ_FLAG)
def list_flags(
    *,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
    enabled: Annotated[bool | None, Query()] = None,
    flag_type: Annotated[FlagType | None, Query(alias="flagType")] = None,
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> FlagsResponse:
    """List the flags of one layer and environment that fit every filter."""
    ask = edge.to_read(app, layer, environment)
    found = [
        flag
        for flag in wiring.flags().repository.load(ask.at).flags
        if enabled in {None, flag.is_enabled} and flag_type in {None, flag.flag_type}
    ]
    return FlagsResponse.of(found, page, size)


@app.get(f"{BASE}/segments", right=rights.READ_FLAG)
def list_segments(
    layer: LayerNamed = FlagLayer.TENANT, environment: EnvironmentNamed = Environment.PROD
) -> SegmentsResponse:
    """List the segments of one layer and environment."""
    ask = edge.to_read(app, layer, environment)
    return SegmentsResponse(items=[SegmentResponse.of(one) for one in wiring.flags().repository.load(ask.at).segments])


@app.get(f"{BASE}/segments/<segment_key>", right=rights.READ_FLAG)
def read_segment(
    segment_key: KeyNamed, layer: LayerNamed = FlagLayer.TENANT, environment: EnvironmentNamed = Environment.PROD
) -> SegmentResponse:
    """Return a segment with its version."""
    found = wiring.flags().repository.segment(edge.to_read(app, layer, environment).at, segment_key)
    if found is None or found.value.is_deleted:
        raise SegmentNotFound(segment_key=segment_key)
    return SegmentResponse.of_kept(found)


@app.get(f"{BASE}/<flag_key>", right=rights.READ_FLAG, etag="read")
def read_flag(
    flag_key: KeyNamed, layer: LayerNamed = FlagLayer.TENANT, environment: EnvironmentNamed = Environment.PROD
) -> Response[FlagResponse | None]:
    """Return a flag of one layer and environment."""
    found = wiring.flags().get(edge.to_read(app, layer, environment).at, flag_key)
    return tagged(app, FlagResponse.of(found), f'"{found.version}"')


@app.get(f"{BASE}/<flag_key>/versions", right=rights.READ_FLAG)
def list_versions(
    flag_key: KeyNamed,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> VersionsResponse:
    """List the versions of a flag, the newest first."""
    at = edge.to_read(app, layer, environment).at
    return VersionsResponse.of(wiring.flags().repository.versions(at, flag_key, limit=page_size, cursor=cursor))


lambda_handler = entrypoints.http(app)
