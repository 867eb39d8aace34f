"""One Standard state machine: definition from ``statemachines/``, own role, full logs, alarms."""

from collections.abc import Mapping

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.alarms import WORKFLOW_FAILURES
from infra.constructs.function import Surroundings, log_group
from infra.constructs.grants import allow

LOG_DELIVERY = [
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
]
"""What Step Functions needs to send its logs; these actions know no resource (Step Functions guide, "cw-logs")."""
TRACING = [
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
]


def state_machine(
    scope: Construct,
    name: str,
    definition: str,
    around: Surroundings,
    *,
    tasks: Mapping[str, lambda_.Function],
    substitutions: Mapping[str, str],
) -> sfn.StateMachine:
    """Add the state machine ``name``; ``${Task}`` in ``definition`` stands for the ARN of ``tasks["Task"]``.

    Its role may invoke exactly these functions.
    """
    group = log_group(scope, f"/aws/vendedlogs/states/{name}", around.key, around.log_retention_days)
    role = iam.Role(scope, f"Role {name}", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
    if tasks:
        allow(role, ["lambda:InvokeFunction"], [task.function_arn for task in tasks.values()])
    allow(role, [*LOG_DELIVERY, *TRACING], ["*"], wildcard="Log delivery and X-Ray know no resources")
    machine = sfn.StateMachine(
        scope,
        f"Workflow {name}",
        state_machine_name=name,
        definition_body=sfn.DefinitionBody.from_string(
            definition.replace("arn:aws:states:::", f"arn:{Aws.PARTITION}:states:::")
        ),
        definition_substitutions={
            **{task: function.function_arn for task, function in tasks.items()},
            **substitutions,
        },
        role=role,
        tracing_enabled=True,
        logs=sfn.LogOptions(destination=group, level=sfn.LogLevel.ALL, include_execution_data=False),
    )
    around.watch(WORKFLOW_FAILURES, f"{name} (failed)", machine.metric_failed())
    around.watch(WORKFLOW_FAILURES, f"{name} (timed out)", machine.metric_timed_out())
    return machine


def machine_arn(scope: Construct, name: str) -> str:
    """Return the ARN of the state machine called ``name``, known before it exists."""
    return Stack.of(scope).format_arn(
        service="states", resource="stateMachine", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )


def executions_arn(scope: Construct, name: str) -> str:
    """Return the pattern of the ARNs of the executions of ``name``."""
    return Stack.of(scope).format_arn(
        service="states", resource="execution", resource_name=f"{name}:*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
