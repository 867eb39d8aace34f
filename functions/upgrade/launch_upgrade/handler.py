"""Starts the workflows of upgrades.

Trigger: SQS queue launch_upgrade, filled by the outbox. The workflow's name follows from the execution and its run, so
a command that arrives twice starts once. Runbook: docs/runbooks/upgrade-executions.md.
"""

from dataclasses import dataclass

from enghub.core import config, entrypoints
from enghub.upgrade.gateways import workflows


@dataclass(frozen=True, slots=True)
class Config:
    """Where upgrades run."""

    state_machine_arn_upgrade_site: str


def launch_upgrade(message: entrypoints.Message) -> None:
    """Start the run that the command names."""
    command = message.body["payload"]
    name = f"{command['executionId']}-{command['run']}"
    arn = config.load(Config).state_machine_arn_upgrade_site
    workflows.launch(arn, name, {"tenantId": message.body["tenant_id"], **command})


lambda_handler = entrypoints.queue(launch_upgrade)
