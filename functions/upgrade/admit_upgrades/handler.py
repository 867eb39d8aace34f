"""Lets waiting upgrades begin when a slot or their site has become free, in order (UPG-10).

Trigger: SQS queue admit_upgrades, filled by the outbox. A command that comes twice admits nobody twice; one that could
not admit somebody comes again, the others have begun. Runbook: docs/runbooks/upgrade-queue.md.
"""

from enghub.core import entrypoints
from enghub.core.errors import Unavailable
from enghub.core.observability import logger
from enghub.upgrade.executions import wiring
from enghub.upgrade.origin import queue_origin


def admit_upgrades(message: entrypoints.Message) -> None:
    """Look at the queue of the tenant that the command names.

    Raises:
        Unavailable: somebody could not be admitted.
    """
    found = wiring.admission().admit(queue_origin(message.body["tenant_id"]))
    logger.info("queue looked at", begun=found.done, failed=found.failed)
    if found.failed:
        raise Unavailable(reason=f"{found.failed} upgrades not admitted")


lambda_handler = entrypoints.queue(admit_upgrades)
