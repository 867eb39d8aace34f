"""Starts the workflows of upgrades.

Trigger: SQS queue launch_upgrade, filled by the outbox. The workflow's name follows from the execution and its run, so
a command that arrives twice starts once. Runbook: docs/runbooks/upgrade-executions.md.
"""

from enghub.core import entrypoints
from enghub.upgrade.gateways import workflows


def launch_upgrade(message: entrypoints.Message) -> None:
    """Start the run that the command names."""
    command = message.body["payload"]
    name = f"{command['executionId']}-{command['run']}"
    workflows.launch(name, {"tenantId": message.body["tenant_id"], **command}, rollback=command.get("rollback", False))


lambda_handler = entrypoints.queue(launch_upgrade)
