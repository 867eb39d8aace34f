"""Messages of brokers (PLM-25): Amazon MQ as event source where the stage names brokers."""

import json
from collections.abc import Mapping

from aws_cdk import aws_lambda as lambda_

from infra.constructs.context_stack import ContextStack
from infra.constructs.grants import allow
from infra.stage import PlmBroker

LOOKS = ("DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs")
"""What Lambda asks about a broker's network (Lambda guide, "Using Lambda with Amazon MQ")."""
INTERFACES: Mapping[str, tuple[str, ...]] = {
    "CreateNetworkInterface": ("network-interface", "subnet", "security-group"),
    "DeleteNetworkInterface": ("network-interface",),
}
"""What it makes there, and takes away, with the kinds of resources that it touches."""


def add_brokers(stack: ContextStack, parts: str) -> None:
    """Add what takes messages; ``parts`` is where records wait for their run."""
    take = stack.function("take_broker_messages", memory_mb=1024, timeout_seconds=120)
    stack.table_access(take, "GetItem", "PutItem", indexes=())
    stack.secret_access(take, "plm/api/*")
    stack.object_access(take, parts, "PutObject")
    queues = {f"{one.queue}::{one.virtual_host}": one.connection for one in stack.stage.plm_brokers}
    take.add_environment("PLM_QUEUES", json.dumps(queues))
    for broker in stack.stage.plm_brokers:
        _bring(stack, take, broker)


def _bring(stack: ContextStack, take: lambda_.Function, broker: PlmBroker) -> None:
    allow(take, ["mq:DescribeBroker"], [broker.broker_arn])
    allow(take, ["secretsmanager:GetSecretValue"], [broker.secret_arn])
    allow(take, [f"ec2:{action}" for action in LOOKS], ["*"], wildcard="EC2 knows no resources of what is looked up")
    for action, kinds in INTERFACES.items():
        arns = [stack.format_arn(service="ec2", resource=kind, resource_name="*") for kind in kinds]
        allow(take, [f"ec2:{action}"], arns, wildcard="Lambda makes interfaces in the broker's network")
    access = lambda_.CfnEventSourceMapping.SourceAccessConfigurationProperty
    lambda_.CfnEventSourceMapping(
        stack,
        f"Broker {broker.connection} {broker.queue}",
        event_source_arn=broker.broker_arn,
        function_name=take.function_name,
        queues=[broker.queue],
        batch_size=broker.batch_size,
        maximum_batching_window_in_seconds=broker.window_seconds,
        source_access_configurations=[
            access(type="BASIC_AUTH", uri=broker.secret_arn),
            access(type="VIRTUAL_HOST", uri=broker.virtual_host),
        ],
    )
