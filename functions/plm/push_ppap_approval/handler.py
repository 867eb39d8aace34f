"""Tells the PLM the customer's answer to a PPAP, once; what does not arrive waits for sweep_ppap_pushes (PLM-15).

Trigger: SQS queue push_ppap_approval, filled by the outbox. Runbook: docs/runbooks/plm-ppap.md.
"""

from enghub.core import entrypoints
from enghub.core.observability import count
from enghub.plm.gateways.ppaps import ppaps


def push(message: entrypoints.Message) -> None:
    """Push the approval that the command names."""
    state = ppaps().push(message.body["tenant_id"], message.body["payload"]["ppap_id"])
    count(f"plm.ppap.push.{state.value.lower()}")


lambda_handler = entrypoints.queue(push)
