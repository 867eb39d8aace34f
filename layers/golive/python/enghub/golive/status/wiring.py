"""Builds what status pages need, once per process."""

from dataclasses import dataclass
from functools import cache

from enghub.core import config
from enghub.core.clock import system_clock
from enghub.core.setup.service import Setup
from enghub.golive.keys import dynamo as keys
from enghub.golive.keys.model import KeyKind
from enghub.golive.status import dynamo
from enghub.golive.status.errors import PageNotFound
from enghub.golive.status.model import StatusPage
from enghub.golive.status.service import StatusService

MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class StatusConfig:
    """Where the product is reached from outside."""

    public_url: str = ""


@cache
def pages() -> Setup[StatusPage]:
    """Return the use cases of pages."""
    return Setup("status page", dynamo.pages(), MOST_PAGES)


@cache
def statuses() -> StatusService:
    """Return the use cases of what is published."""
    return StatusService(dynamo, _page, lambda: config.load(StatusConfig).public_url)


def shown(key: str) -> StatusPage:
    """Return the page at a public address.

    Raises:
        PageNotFound
    """
    found = keys.find(key) if key else None
    if found is None or not found.opens(KeyKind.STATUS, system_clock()):
        raise PageNotFound
    kept = dynamo.pages().get(found.tenant_id, found.about)
    if kept is None or kept.value.is_deleted:
        raise PageNotFound
    return kept.value


def _page(tenant_id: str, page_id: str) -> StatusPage:
    return pages().get(tenant_id, page_id).value
