"""Registers a site (UPG-19). Its credentials go into the secret that the answer names.

Trigger: PUT /api/v1/upgrade/sites/{siteId}.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.sites import wiring
from enghub.upgrade.sites.api import BASE, PutSiteRequest, SiteResponse
from enghub.upgrade.sites.ids import SiteId

app = resolver()


@app.put(f"{BASE}/<site_id>", right=rights.MANAGE_UPGRADE)
def put_site(site_id: Annotated[SiteId, Path()], request: PutSiteRequest) -> SiteResponse:
    """Store a site."""
    call = http.call(app)
    site = wiring.sites().put(request.to_site(site_id, call.origin), call.origin)
    return SiteResponse.of(site, wiring.stage())


lambda_handler = entrypoints.http(app)
