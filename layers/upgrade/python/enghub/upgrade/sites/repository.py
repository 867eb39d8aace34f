"""What the services need of the sites' storage."""

from typing import Protocol

from enghub.core.commits import Kept
from enghub.core.identity import Origin
from enghub.upgrade.sites.model import Site


class Sites(Protocol):
    """Storage of sites."""

    def get(self, tenant_id: str, site_id: str) -> Site:
        """Return a site.

        Raises:
            SiteNotFound: there is none.
        """

    def kept(self, tenant_id: str, site_id: str) -> Kept[Site]:
        """Return a site with what guards its next change.

        Raises:
            SiteNotFound: there is none.
        """

    def find(self, tenant_id: str) -> tuple[Kept[Site], ...]:
        """Return every site of a tenant, by id."""

    def put(self, site: Site, origin: Origin) -> Kept[Site]:
        """Store a site, with its audit entry; what executions know of its version stays.

        Raises:
            VersionConflict: somebody else was faster.
        """
