"""What can be refused around a site."""

from enghub.core.errors import NotFound
from enghub.core.i18n import Text


class SiteNotFound(NotFound):
    """The tenant has no such site."""

    text = Text(
        "Site {site_id} is not registered: PUT it to /api/v1/upgrade/sites/{site_id} first", "局点 {site_id} 未登记"
    )

    @property
    def name(self) -> str:
        """The document's code (UPG-21)."""
        return "CONFIGURATION_NOT_FOUND"
