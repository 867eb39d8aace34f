"""Checks of sites on the wire."""

from enghub.core import wire
from enghub.core.i18n import Language
from enghub.upgrade.site_checks.service import SiteCheck


class SiteCheckResponse(wire.Response):
    """Whether an upgrade could work on a site's database."""

    server: str | None
    """What the server calls itself; null when nobody answered."""
    problems: tuple[str, ...]
    """What stands in the way, each with what to do; empty: nothing."""

    @classmethod
    def of(cls, found: SiteCheck, language: Language) -> "SiteCheckResponse":
        """Return the answer for a check."""
        return cls(server=found.server, problems=tuple(one.render(language) for one in found.problems))
