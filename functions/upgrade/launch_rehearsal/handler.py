"""Starts the workflows of rehearsals.

Trigger: SQS queue launch_rehearsal, filled by the outbox. The workflow's name follows from the rehearsal and its run,
so that a command that arrives twice starts once. Runbook: docs/runbooks/upgrade-rehearsals.md.
"""

from enghub.core import entrypoints
from enghub.upgrade.gateways import workflows


def launch_rehearsal(message: entrypoints.Message) -> None:
    """Start the run that the command names."""
    command = message.body["payload"]
    name = f"{command['rehearsalId']}-{command['run']}"
    workflows.launch_rehearsal(name, {"tenantId": message.body["tenant_id"], **command})


lambda_handler = entrypoints.queue(launch_rehearsal)
