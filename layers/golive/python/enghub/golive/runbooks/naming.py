"""Whether the runbooks that a service names are there (OPS-13)."""

from typing import Any

from enghub.core.lazy import lazy
from enghub.golive.incidents.services import OperatedService

wiring: Any = lazy("enghub.golive.runbooks.wiring")


def named(service: OperatedService) -> OperatedService:
    """Return a service whose runbooks are there.

    Raises:
        RunbookNotFound
    """
    if service.runbooks:
        wiring.library().check(service.tenant_id, service.runbooks)
    return service
