"""Wakes the workflow that waits for an operator's confirmation.

Trigger: SQS queue answer_gate, filled by the outbox. Answering twice, or a workflow that no longer waits, does no harm.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from enghub.core import entrypoints
from enghub.core.observability import logger
from enghub.upgrade.executions import wiring
from enghub.upgrade.gateways import workflows


def answer_gate(message: entrypoints.Message) -> None:
    """Answer the gate that the command names."""
    command = message.body["payload"]
    token = wiring.workflow().gate_token(message.body["tenant_id"], command["executionId"], command["sequence"])
    answered = token is not None and workflows.answer(token)
    logger.info("gate answered", execution_id=command["executionId"], answered=answered)


lambda_handler = entrypoints.queue(answer_gate)
