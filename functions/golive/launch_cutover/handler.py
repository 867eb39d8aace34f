"""Starts the execution of a cut-over's turn.

Trigger: SQS queue launch_cutover, filled by the outbox. The execution's name follows from run and turn, so a command
that arrives twice starts once. Runbook: docs/runbooks/golive-cutover.md.
"""

from enghub.core import entrypoints
from enghub.golive.cutover import wiring


def launch_cutover(message: entrypoints.Message) -> None:
    """Start what the command names."""
    command = message.body["payload"]
    wiring.executions().launch(message.body["tenant_id"], command["runId"], command["turn"])


lambda_handler = entrypoints.queue(launch_cutover)
