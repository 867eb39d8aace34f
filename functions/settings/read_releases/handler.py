"""Reads gray releases: lists, one, and its live report (CFG-10).

Trigger: GET /api/v1/gray-release, .../{releaseId}, .../{releaseId}/report.
Runbook: docs/runbooks/gray-releases.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.settings import release_wiring, rights
from enghub.settings.flags import edge
from enghub.settings.flags.edge import EnvironmentNamed, LayerNamed
from enghub.settings.flags.model import Environment, FlagLayer
from enghub.settings.releases.api import BASE, ReleaseResponse, ReleasesResponse, ReportResponse

app = http.resolver()

ReleaseNamed = Annotated[str, Path(min_length=1, max_length=64)]
PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get(BASE, right=rights.READ_RELEASE)
def list_releases(
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
    page_size: PageSize = 20,
    cursor: Cursor = None,
) -> ReleasesResponse:
    """List the releases of one layer and environment, the newest first."""
    at = edge.to_read(app, layer, environment).at
    return ReleasesResponse.of(release_wiring.releases().repository.releases(at, page_size, cursor))


@app.get(f"{BASE}/<release_id>", right=rights.READ_RELEASE)
def read_release(
    release_id: ReleaseNamed, layer: LayerNamed = FlagLayer.TENANT, environment: EnvironmentNamed = Environment.PROD
) -> ReleaseResponse:
    """Return a release."""
    return ReleaseResponse.of(release_wiring.releases().get(edge.to_read(app, layer, environment).at, release_id))


@app.get(f"{BASE}/<release_id>/report", right=rights.READ_RELEASE)
def read_report(
    release_id: ReleaseNamed,
    layer: LayerNamed = FlagLayer.TENANT,
    environment: EnvironmentNamed = Environment.PROD,
    page_size: PageSize = 20,
    cursor: Cursor = None,
) -> ReportResponse:
    """Return a release live: plan against actual, both groups compared, the journal."""
    ask = edge.to_read(app, layer, environment)
    report = release_wiring.releases().report(ask.at, release_id, ask.call.origin.at)
    page = release_wiring.releases().repository.journal(ask.at, release_id, page_size, cursor)
    return ReportResponse.of(report, page)


lambda_handler = entrypoints.http(app)
