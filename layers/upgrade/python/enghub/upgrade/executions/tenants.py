"""Goes round all tenants: one that fails holds up none of the others."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from enghub.core import log
from enghub.core.identity import Origin
from enghub.upgrade.origin import queue_origin

T = TypeVar("T")


def of_every_tenant(tenants: Iterable[str], ask: Callable[[Origin], T]) -> tuple[list[T], int]:
    """Return what ``ask`` answers for each tenant, and for how many it failed; the log says for whom and why."""
    found: list[T] = []
    failed = 0
    for tenant_id in tenants:
        try:
            found.append(ask(queue_origin(tenant_id)))
        except Exception:
            log.exception("tenant cannot be dealt with", tenant_id=tenant_id)
            failed += 1
    return found, failed
