"""The outbox of a context: its table's stream -> relay -> bus and queues, and a sweeper for what stayed behind."""

import jsii
from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarms import STREAM_LAG, alarm
from infra.constructs.function import Surroundings
from infra.constructs.grants import allow, allow_key
from infra.constructs.queues import allow_send

OUTBOX_INSERTS = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"entity": {"S": ["OUTBOX"]}}}}
"""Only new outbox items wake the relay; all other changes of the table do not."""


@jsii.implements(lambda_.IEventSourceDlq)
class _FailedRecords:
    """Where the event source names records it gave up on; the right to send there is granted by hand."""

    def __init__(self, queue: sqs.Queue) -> None:
        self.queue = queue

    def bind(self, _target: lambda_.IEventSourceMapping, _handler: lambda_.IFunction) -> lambda_.DlqDestinationConfig:
        """Return the address of the queue."""
        return lambda_.DlqDestinationConfig(destination=self.queue.queue_arn)


def relay_from_stream(
    scope: Construct,
    name: str,
    *,
    table: dynamodb.Table,
    relay: lambda_.Function,
    failed: sqs.Queue,
    around: Surroundings,
) -> None:
    """Wake ``relay`` for new outbox items of ``table``; a record that keeps failing is named in ``failed``."""
    stream = table.table_stream_arn
    if stream is None:
        message = f"{table.node.path} has no stream"
        raise ValueError(message)
    allow(relay, ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], [stream])
    allow(relay, ["dynamodb:ListStreams"], ["*"], wildcard="ListStreams knows no resources; Lambda asks for it")
    allow_key(relay, around.key.key_arn, "dynamodb", "Decrypt")
    allow_send(relay, failed.queue_arn, around.key)
    source = lambda_.EventSourceMapping(
        scope,
        "Source outbox",
        target=relay,
        event_source_arn=stream,
        starting_position=lambda_.StartingPosition.TRIM_HORIZON,
        batch_size=100,
        retry_attempts=3,
        bisect_batch_on_error=True,
        max_record_age=Duration.hours(1),
        on_failure=_FailedRecords(failed),
        report_batch_item_failures=True,
        filters=[lambda_.FilterCriteria.filter(OUTBOX_INSERTS)],
    )
    if relay.role is not None:
        source.node.add_dependency(relay.role)
    alarm(scope, name, STREAM_LAG, relay.metric("IteratorAge"), around.alarms)
