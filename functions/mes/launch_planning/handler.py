"""Starts the execution of a large planning run's turn (MES-08).

Trigger: SQS queue launch_planning, filled by the outbox. The execution's name follows from run and turn, so a command
that arrives twice starts once. Runbook: docs/runbooks/mes-planning.md.
"""

from enghub.core import entrypoints
from enghub.mes.factories import Factory
from enghub.mes.large_plans.wiring import large_plans


def launch_planning(message: entrypoints.Message) -> None:
    """Start what the command names."""
    command = message.body["payload"]
    factory = Factory(message.body["tenant_id"], command["factory_id"])
    large_plans().launch(factory, command["run_id"], command["turn"])


lambda_handler = entrypoints.queue(launch_planning)
