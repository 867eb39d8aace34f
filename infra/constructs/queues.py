"""Queues: encrypted, TLS only, each with a dead-letter queue and alarms, read in partial batches."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarms import DEAD_LETTERS, QUEUE_AGE, QUEUE_DEPTH
from infra.constructs.function import Surroundings
from infra.constructs.grants import acknowledge, allow, allow_key

TRIES = 4
"""One try and three retries (REQ-004 8.3: three retries)."""
VISIBILITY_FACTOR = 6
"""A message stays invisible six times the function's time-out, as Lambda asks for."""


PARKER_SECONDS = 30
"""How long the function may take that parks what lies in dead-letter queues."""


def dead_letter_queue(scope: Construct, name: str, around: Surroundings) -> sqs.Queue:
    """Add the dead-letter queue ``name``; one message that stays in it, because it cannot be parked, is an alarm."""
    queue = sqs.Queue(
        scope,
        f"Queue {name}",
        queue_name=name,
        encryption=sqs.QueueEncryption.KMS,
        encryption_master_key=around.key,
        retention_period=Duration.days(14),
        visibility_timeout=Duration.seconds(VISIBILITY_FACTOR * PARKER_SECONDS),
    )
    acknowledge(queue, "AwsSolutions-SQS3", "It is a dead-letter queue itself: of a queue, rule, stream or schedule")
    around.queues.append(queue)
    around.watch(DEAD_LETTERS, name, queue.metric_approximate_number_of_messages_visible())
    return queue


def one_policy(scope: Construct, around: Surroundings) -> None:
    """Add one policy for all queues: whoever comes without TLS is refused, a rule may send to its own two alone."""
    if not around.queues:
        return
    refused = iam.PolicyStatement(
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["sqs:*"],
        resources=["*"],
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )
    brought = [
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn for queue in queues],
            conditions={"ArnEquals": {"aws:SourceArn": rule_arn}},
        )
        for rule_arn, queues in around.brought
    ]
    document = iam.PolicyDocument(statements=[refused, *brought])
    sqs.CfnQueuePolicy(
        scope, "Policy queues", queues=[queue.queue_url for queue in around.queues], policy_document=document
    )


def queue_with_dead_letters(
    scope: Construct, name: str, around: Surroundings, *, dead: sqs.Queue, consumer_timeout_seconds: int
) -> sqs.Queue:
    """Add the queue ``name``; what fails every time goes to ``dead``."""
    queue = sqs.Queue(
        scope,
        f"Queue {name}",
        queue_name=name,
        encryption=sqs.QueueEncryption.KMS,
        encryption_master_key=around.key,
        retention_period=Duration.days(4),
        visibility_timeout=Duration.seconds(VISIBILITY_FACTOR * consumer_timeout_seconds),
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=TRIES),
    )
    around.queues.append(queue)
    around.watch(QUEUE_AGE, name, queue.metric_approximate_age_of_oldest_message())
    around.watch(QUEUE_DEPTH, name, queue.metric_approximate_number_of_messages_visible())
    return queue


def consume(
    scope: Construct,
    queue: sqs.Queue,
    consumer: lambda_.Function,
    key: kms.IKey,
    *,
    batch_size: int,
    max_concurrency: int,
) -> None:
    """Let ``consumer`` read ``queue``: it answers which messages failed, and at most so many run at once."""
    allow(consumer, ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [queue.queue_arn])
    allow_key(consumer, key.key_arn, "sqs", "Decrypt")
    source = lambda_.EventSourceMapping(
        scope,
        f"Source {queue.node.id}",
        target=consumer,
        event_source_arn=queue.queue_arn,
        batch_size=batch_size,
        max_concurrency=max_concurrency,
        report_batch_item_failures=True,
    )
    if consumer.role is not None:
        source.node.add_dependency(consumer.role)


def allow_send(sender: lambda_.Function, queue_arn: str, key: kms.IKey) -> None:
    """Let ``sender`` put messages into a queue encrypted with ``key``."""
    allow(sender, ["sqs:SendMessage"], [queue_arn])
    allow_key(sender, key.key_arn, "sqs", "GenerateDataKey", "Decrypt")
