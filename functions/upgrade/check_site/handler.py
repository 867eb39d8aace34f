"""Connects to a site's database as an upgrade would, and says what stands in the way (UPG-19).

Trigger: POST /api/v1/upgrade/sites/{siteId}/check.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.site_checks import wiring
from enghub.upgrade.site_checks.api import SiteCheckResponse
from enghub.upgrade.sites.api import BASE
from enghub.upgrade.sites.ids import SiteId

app = resolver()


@app.post(f"{BASE}/<site_id>/check", right=rights.MANAGE_UPGRADE)
def check_site(site_id: Annotated[SiteId, Path()]) -> SiteCheckResponse:
    """Try a site's secret and database; nothing is changed."""
    call = http.call(app)
    return SiteCheckResponse.of(wiring.check(call.principal.tenant_id, site_id), call.language)


lambda_handler = entrypoints.http(app)
