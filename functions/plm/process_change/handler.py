"""Turns received change orders into change points, or parks them with the reason (PLM-08).

Trigger: SQS queue process_change, filled by the outbox. Safe under redelivery, reordering and concurrency.
Runbook: docs/runbooks/plm-changes.md.
"""

from enghub.core import entrypoints
from enghub.core.observability import count, logger
from enghub.plm.changes import wiring


def process_change(message: entrypoints.Message) -> None:
    """Process the change order that the command names."""
    command = message.body
    order = wiring.changes().process(command["tenant_id"], command["payload"]["ecn_number"], command["message_id"])
    logger.info("change order handled", ecn_number=order.ecn_number, processing=order.processing.value)
    count(f"change_order.{order.processing.value.lower()}")


lambda_handler = entrypoints.queue(process_change)
