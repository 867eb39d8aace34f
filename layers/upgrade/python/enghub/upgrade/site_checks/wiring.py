"""Checks a site through its gateway."""

from enghub.upgrade.gateways.sites import SiteGateway
from enghub.upgrade.site_checks import service
from enghub.upgrade.sites.wiring import sites, stage


def check(tenant_id: str, site_id: str) -> service.SiteCheck:
    """Return what stands in the way of upgrades of a site.

    Raises:
        SiteNotFound: there is no such site.
    """
    return service.check(SiteGateway(sites().get(tenant_id, site_id), stage()))
