"""Tells the PLM the improvement suggestions of a day, once; what does not arrive is tried again by a timer (PLM-16).

Trigger: SQS queue push_feedback, filled by the outbox. Runbook: docs/runbooks/plm-feedback.md.
"""

from datetime import date

from enghub.core import entrypoints
from enghub.core.observability import count
from enghub.plm.gateways.feedback import feedback


def push(message: entrypoints.Message) -> None:
    """Push the day that the command names."""
    state = feedback().push(message.body["tenant_id"], date.fromisoformat(message.body["payload"]["day"]))
    count(f"plm.feedback.push.{state.value.lower()}")


lambda_handler = entrypoints.queue(push)
