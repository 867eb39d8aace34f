"""Starts the executions of sync runs.

Trigger: SQS queue launch_sync, filled by the outbox. The execution's name follows from the run, so a command that
arrives twice starts once. Runbook: docs/runbooks/plm-sync.md.
"""

from enghub.core import entrypoints
from enghub.plm.gateways.workflow import launching


def launch_sync(message: entrypoints.Message) -> None:
    """Start the run's pass that the command names."""
    command = message.body["payload"]
    launching().launch(message.body["tenant_id"], command["run_id"], command["pass_number"], command["batch"])


lambda_handler = entrypoints.queue(launch_sync)
