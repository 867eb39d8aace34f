"""Sends outbox messages to the event bus or to command queues, and says which ones did not get through."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws
from enghub.core.outbox import BUS, OutboxRecord

ENTRIES_PER_CALL = 10
"""PutEvents and SendMessageBatch both take ten."""


def send(records: Sequence[OutboxRecord], bus_name: str, queue_urls: Mapping[str, str]) -> dict[str, str]:
    """Send every record to its channel, in order.

    Args:
        records: unsent messages.
        bus_name: the event bus.
        queue_urls: command queue name to URL.

    Returns:
        message id to reason, for those that were not accepted. Never raises for one bad record or a failed call.
    """
    failed: dict[str, str] = {}
    by_channel: dict[str, list[OutboxRecord]] = {}
    for record in records:
        by_channel.setdefault(record.channel, []).append(record)
    for channel, messages in by_channel.items():
        for chunk in _chunks(messages):
            if channel == BUS:
                failed |= _publish(chunk, bus_name)
            elif channel in queue_urls:
                failed |= _enqueue(chunk, queue_urls[channel])
            else:
                failed |= {message.message_id: f"no queue is named {channel}" for message in chunk}
    return failed


def _chunks(messages: Sequence[OutboxRecord]) -> Iterator[Sequence[OutboxRecord]]:
    return (messages[start : start + ENTRIES_PER_CALL] for start in range(0, len(messages), ENTRIES_PER_CALL))


def _publish(messages: Sequence[OutboxRecord], bus_name: str) -> dict[str, str]:
    entries = [
        {
            "EventBusName": bus_name,
            "Source": message.source,
            "DetailType": message.message_type,
            "Detail": message.body,
            "Time": message.created_at,
        }
        for message in messages
    ]
    try:
        answer: dict[str, Any] = aws.client("events").put_events(Entries=entries)
    except (ClientError, BotoCoreError) as error:
        return {message.message_id: type(error).__name__ for message in messages}
    return {
        message.message_id: result["ErrorCode"]
        for message, result in zip(messages, answer["Entries"], strict=True)
        if result.get("ErrorCode")
    }


def _enqueue(messages: Sequence[OutboxRecord], queue_url: str) -> dict[str, str]:
    entries = [{"Id": str(place), "MessageBody": message.body} for place, message in enumerate(messages)]
    try:
        answer: dict[str, Any] = aws.client("sqs").send_message_batch(QueueUrl=queue_url, Entries=entries)
    except (ClientError, BotoCoreError) as error:
        return {message.message_id: type(error).__name__ for message in messages}
    return {messages[int(result["Id"])].message_id: result["Code"] for result in answer.get("Failed", [])}
