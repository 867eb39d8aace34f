"""Starts the workflows of roll-outs.

Trigger: SQS queue launch_rollout, filled by the outbox. The workflow's name follows from the roll-out and its run, so a
command that arrives twice starts once. Runbook: docs/runbooks/upgrade-rollouts.md.
"""

from enghub.core import entrypoints
from enghub.upgrade.gateways import workflows


def launch_rollout(message: entrypoints.Message) -> None:
    """Start the run that the command names."""
    command = message.body["payload"]
    name = f"{command['rolloutId']}-{command['run']}"
    workflows.launch_rollout(name, {"tenantId": message.body["tenant_id"], **command})


lambda_handler = entrypoints.queue(launch_rollout)
