"""What people do with a tenant's limit of executions at once (UPG-10)."""

from enghub.core.identity import Origin
from enghub.upgrade.queue.errors import QueueChanged
from enghub.upgrade.queue.model import QueueState
from enghub.upgrade.queue.repository import Queue

ATTEMPTS = 20
"""Looks at the slots; every execution that begins or ends changes them."""


def set_limit(queue: Queue, limit: int | None, origin: Origin) -> QueueState:
    """Set the tenant's own limit, None for the stage's again; return slots and queue as they are then.

    Raises:
        QueueChanged: too much began and ended meanwhile.
    """
    for _ in range(ATTEMPTS):
        seen = queue.line(origin.tenant_id).kept
        try:
            queue.set_limit(seen, limit, origin)
        except QueueChanged:
            continue
        return queue.line(origin.tenant_id)
    raise QueueChanged
