"""The floor of the context ``mes`` beside orders, reports, boards: plant, summaries, stops, devices."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_iot as iot
from aws_cdk import aws_sqs as sqs

from infra.constructs.context_stack import ContextStack
from infra.constructs.grants import allow, allow_key


def add_floor(stack: ContextStack) -> None:
    """Add the plant and what watches it."""
    change = stack.function("change_plant")
    stack.table_access(change, "GetItem", "PutItem", "UpdateItem")
    read = stack.function("read_plant")
    stack.table_access(read, "GetItem", "Query", "PutItem", indexes=())
    _summaries(stack)
    _stops(stack)
    _equipment(stack)
    _devices(stack)
    _watch(stack)


def _summaries(stack: ContextStack) -> None:
    update = stack.function("update_daily_summary", timeout_seconds=30)
    stack.table_access(update, "PutItem", "UpdateItem")
    stack.subscribe("update_daily_summary", update)
    read = stack.function("read_daily_summary")
    stack.table_access(read, "Query", "PutItem", indexes=())
    prove = stack.function("prove_days", memory_mb=1024, timeout_seconds=300)
    stack.table_access(prove, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem")
    stack.schedule("prove_days", prove, "rate(1 hour)")


def _stops(stack: ContextStack) -> None:
    change = stack.function("change_stops")
    stack.table_access(change, "GetItem", "PutItem", "UpdateItem")
    read = stack.function("read_stops", memory_mb=1024)
    # BatchGetItem: the machines of the station.
    stack.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=("gsi1",))


def _equipment(stack: ContextStack) -> None:
    change = stack.function("change_equipment")
    # DeleteItem: entries of lists that a machine or a job leaves; Query: a state that was told before.
    stack.table_access(change, "GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", indexes=())
    read = stack.function("read_equipment", memory_mb=1024)
    stack.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=())
    due = stack.function("open_maintenance", timeout_seconds=300)
    stack.table_access(due, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", indexes=("gsi1",))
    stack.schedule("open_maintenance", due, "rate(1 hour)")


def _devices(stack: ContextStack) -> None:
    change = stack.function("change_devices")
    stack.table_access(change, "GetItem", "PutItem", "UpdateItem")
    read = stack.function("read_devices")
    stack.table_access(read, "GetItem", "Query", "PutItem", indexes=())
    receive = stack.function("receive_device_messages", memory_mb=1024, timeout_seconds=28)
    ingest = stack.function("ingest_device_message", memory_mb=1024, timeout_seconds=60)
    for counts in (receive, ingest):
        stack.table_access(counts, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", indexes=())
    queue = stack.work_queue("ingest_device_message", ingest)
    _topic_rule(stack, queue)


def _topic_rule(stack: ContextStack, queue: sqs.Queue) -> None:
    """Bring what devices publish to AWS IoT Core into the queue, with the device of the topic and the time."""
    role = iam.Role(stack, "DeviceRuleRole", assumed_by=iam.ServicePrincipal("iot.amazonaws.com"))
    allow(role, ["sqs:SendMessage"], [queue.queue_arn])
    allow_key(role, stack.state.key.key_arn, "sqs", "GenerateDataKey", "Decrypt")
    send = iot.CfnTopicRule.SqsActionProperty(queue_url=queue.queue_url, role_arn=role.role_arn, use_base64=False)
    iot.CfnTopicRule(
        stack,
        "DeviceRule",
        rule_name=stack.stage.name_of(stack.context, "device_counts").replace("-", "_"),
        topic_rule_payload=iot.CfnTopicRule.TopicRulePayloadProperty(
            sql="SELECT *, topic(2) AS enghubDevice, timestamp() AS enghubReceivedAt FROM 'enghub/+/count'",
            aws_iot_sql_version="2016-03-23",
            actions=[iot.CfnTopicRule.ActionProperty(sqs=send)],
        ),
    )


def _watch(stack: ContextStack) -> None:
    change = stack.function("change_andon_calls")
    stack.table_access(change, "GetItem", "PutItem", "UpdateItem")
    read = stack.function("read_andon_calls")
    stack.table_access(read, "GetItem", "Query", "PutItem", indexes=("gsi1",))
    watch = stack.function("watch_floor", memory_mb=1024, timeout_seconds=55)
    stack.table_access(watch, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=("gsi1",))
    stack.schedule("watch_floor", watch, "rate(1 minute)")
