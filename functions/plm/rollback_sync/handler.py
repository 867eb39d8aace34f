"""Rolls a sync run back: looks at every record it wrote, then makes each what it was before, byte for byte (PLM-05).

Trigger: SQS queue rollback_sync, filled by the outbox; one page per command, the next command leaves with the page's
commit. Runbook: docs/runbooks/plm-sync.md.
"""

from enghub.core import entrypoints
from enghub.core.observability import logger
from enghub.plm.gateways import wiring


def rollback_sync(message: entrypoints.Message) -> None:
    """Do the page that the command names."""
    command = message.body
    asked = command["payload"]
    run = wiring.aftermath().roll_back(
        command["tenant_id"], asked["run_id"], asked["status"], asked["cursor"], command["message_id"]
    )
    logger.info("rollback went on", run_id=run.run_id, status=run.rollback.status.value if run.rollback else "")


lambda_handler = entrypoints.queue(rollback_sync)
