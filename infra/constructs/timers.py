"""Timers of a context: the queue of wake-ups, the function that makes schedules, the sweep of the overdue."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from infra.constructs.alarms import TIMERS_OVERDUE, TIMERS_PARKED
from infra.constructs.context_stack import ContextStack
from infra.constructs.grants import allow, allow_key
from infra.constructs.queues import allow_send

QUEUE = "timers"
ARM = "arm_timers"
SWEEP = "sweep_timers"


def add_timers(stack: ContextStack, wake: lambda_.Function, *, max_concurrency: int = 10) -> None:
    """Let the timers of ``stack``'s context call ``wake``, made with ``enghub.core.timers.aws.wake_handler``.

    One wake-up a call, so that a slow or failing subject holds up no other. ``wake`` may read and mark timers and wait
    in its queue; what its effects need is granted by the caller, and ``PutItem`` to all that set a timer.
    """
    queue = stack.queue(QUEUE, wake, batch_size=1, max_concurrency=max_concurrency)
    arm, sweep = (
        stack.function(name, memory_mb=256, timeout_seconds=30, folder=stack.state.sources.shared_function(name))
        for name in (ARM, SWEEP)
    )
    for sender in (wake, arm, sweep):
        allow_send(sender, queue.queue_arn, stack.state.key)
        sender.add_environment("TIMERS_QUEUE_URL", queue.queue_url)
    stack.table_access(wake, "GetItem", "UpdateItem")
    stack.table_access(arm, "GetItem")
    stack.table_access(sweep, "UpdateItem")
    allow(sweep, ["dynamodb:Query"], [f"{stack.table_arn()}/index/gsi2"])
    _schedules(stack, arm, queue)
    stack.work_queue(ARM, arm)
    stack.schedule(SWEEP, sweep, "rate(1 minute)")
    stack.metric_alarm("overdue", TIMERS_OVERDUE, "TimersOverdueSeconds")
    stack.metric_alarm("parked", TIMERS_PARKED, "TimersParked")


def _schedules(stack: ContextStack, arm: lambda_.Function, queue: sqs.Queue) -> None:
    """Let ``arm`` make schedules of its context in the stage's group; they may send to ``queue`` and nothing else."""
    group = stack.stage.name_of()
    role = iam.Role(stack, "Role timers", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
    allow(role, ["sqs:SendMessage"], [queue.queue_arn])
    allow_key(role, stack.state.key.key_arn, "sqs", "GenerateDataKey", "Decrypt")
    own = stack.format_arn(service="scheduler", resource="schedule", resource_name=f"{group}/{stack.context}-*")
    actions = [f"scheduler:{verb}Schedule" for verb in ("Create", "Update", "Delete")]
    allow(arm, actions, [own], wildcard="Schedules of this context in the stage's group; one per timer, named by hash")
    to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    allow(arm, ["iam:PassRole"], [role.role_arn], conditions=to_scheduler)
    arm.add_environment("SCHEDULE_GROUP", group)
    arm.add_environment("SCHEDULE_ROLE_ARN", role.role_arn)
    arm.add_environment("TIMERS_QUEUE_ARN", queue.queue_arn)
