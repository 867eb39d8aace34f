"""Reads sites.

Trigger: GET /api/v1/upgrade/sites, GET /api/v1/upgrade/sites/{siteId}.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.sites import wiring
from enghub.upgrade.sites.api import BASE, SiteResponse, SitesResponse

app = resolver()


@app.get(BASE, right=rights.READ_UPGRADE)
def list_sites() -> SitesResponse:
    """Return every site of the tenant."""
    call = http.call(app)
    found = wiring.sites().find(call.principal.tenant_id)
    return SitesResponse(items=tuple(SiteResponse.of(site, wiring.stage()) for site in found))


@app.get(f"{BASE}/<site_id>", right=rights.READ_UPGRADE)
def get_site(site_id: str) -> SiteResponse:
    """Return one site."""
    call = http.call(app)
    return SiteResponse.of(wiring.sites().kept(call.principal.tenant_id, site_id), wiring.stage())


lambda_handler = entrypoints.http(app)
