"""Marks products that a complete full run no longer found in the PLM; nothing is deleted (PLM-03, C11).

Trigger: SQS queue mark_gone, filled by the outbox at the end of a full run; one page per command.
Runbook: docs/runbooks/plm-sync.md.
"""

from enghub.core import entrypoints
from enghub.core.observability import count
from enghub.plm.gateways import wiring


def mark_gone(message: entrypoints.Message) -> None:
    """Mark the page that the command names."""
    command = message.body
    asked = command["payload"]
    marked = wiring.aftermath().mark_gone(command["tenant_id"], asked["run_id"], asked["cursor"], command["message_id"])
    count("plm.sync.gone", marked)


lambda_handler = entrypoints.queue(mark_gone)
