"""Calls at regular times; what fails for good is kept."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.grants import allow, allow_key

TRIES_AGAIN = 3
WITHIN_SECONDS = 3600


def call_regularly(
    scope: Construct,
    name: str,
    function: lambda_.Function,
    rate: tuple[str, str],
    *,
    failed: sqs.Queue,
    key: kms.IKey,
) -> None:
    """Add the schedule ``name`` that calls ``function``; ``rate`` is an expression and its time zone.

    The schedules of a stack share a role, which may call their functions and nothing else.
    """
    role = _role(scope)
    allow(role, ["lambda:InvokeFunction"], [function.function_arn])
    allow(role, ["sqs:SendMessage"], [failed.queue_arn])
    allow_key(role, key.key_arn, "sqs", "GenerateDataKey", "Decrypt")
    expression, time_zone = rate
    scheduler.CfnSchedule(
        scope,
        f"Schedule {name}",
        name=name,
        schedule_expression=expression,
        schedule_expression_timezone=time_zone,
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=function.function_arn,
            role_arn=role.role_arn,
            dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=failed.queue_arn),
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                maximum_event_age_in_seconds=WITHIN_SECONDS, maximum_retry_attempts=TRIES_AGAIN
            ),
        ),
    )


def _role(scope: Construct) -> iam.Role:
    known = scope.node.try_find_child("Role schedules")
    if isinstance(known, iam.Role):
        return known
    return iam.Role(scope, "Role schedules", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
