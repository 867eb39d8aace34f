"""Sends outbox messages to the event bus or to the context's queues; says which did not get through and why."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws
from enghub.core.outbox import BUS, MAX_BYTES, OutboxRecord

ENTRIES_PER_CALL = 10
"""PutEvents and SendMessageBatch both take ten, and 256 KB together."""
Messages = Sequence[OutboxRecord]


class Trouble(StrEnum):
    """What a failure says about the next try."""

    AWAY = "AWAY"
    """Nothing gets through on this channel now."""
    PASSING = "PASSING"
    """This message did not get through now."""
    LASTING = "LASTING"
    """This message will be refused again."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message did not get through."""

    reason: str
    trouble: Trouble


Failures = dict[str, Failure]
"""Message id to failure."""

_NOT_THE_MESSAGE = (
    *("Throttl", "RequestThrottled", "LimitExceeded", "Internal", "ServiceUnavailable", "Kms", "KMS"),
    *("AccessDenied", "ExpiredToken", "Unrecognized", "Invalid", "MissingAuthentication", "ResourceNotFound"),
)
"""Beginnings of error codes that say nothing about the message: load, keys, rights, credentials, no bus."""
_THE_MESSAGE = {"InvalidArgument", "InvalidMessageContents", "InvalidParameterValue"}


def send(records: Messages, bus_name: str, queue_urls: Mapping[str, str]) -> Failures:
    """Send every record to its channel, in order; after a failure no later call carries its subject.

    Args:
        records: unsent messages.
        bus_name: the event bus.
        queue_urls: queue name to URL.

    Returns:
        the failures. Never raises for one bad record or a failed call.
    """
    failed: Failures = {}
    by_channel: dict[str, list[OutboxRecord]] = {}
    for record in records:
        by_channel.setdefault(record.channel, []).append(record)
    for channel, messages in by_channel.items():
        if channel == BUS:
            failed |= _in_calls(messages, lambda chunk: _publish(chunk, bus_name))
        elif channel in queue_urls:
            failed |= _in_calls(messages, lambda chunk, url=queue_urls[channel]: _enqueue(chunk, url))  # type: ignore[misc]
        else:
            failed |= _all(messages, Failure(f"no queue is named {channel}", Trouble.LASTING))
    return failed


def _in_calls(messages: Messages, call: Callable[[Messages], Failures]) -> Failures:
    failed: Failures = {}
    held: set[tuple[str, str]] = set()
    for chunk in (chunk for wave in _waves(messages) for chunk in _chunks(wave)):
        free = [message for message in chunk if message.line not in held]
        behind = [message for message in chunk if message.line in held]
        failed |= _all(behind, Failure("waits for an earlier one of its subject", Trouble.PASSING))
        failed |= _told_apart(free, call)
        held |= {message.line for message in chunk if message.message_id in failed}
    return failed


def _waves(messages: Messages) -> Iterator[Messages]:
    """Yield the first of each subject, then the second of each: when a call refuses one, it carries none behind it."""
    lines: dict[tuple[str, str], list[OutboxRecord]] = {}
    for message in messages:
        lines.setdefault(message.line, []).append(message)
    for place in range(max(map(len, lines.values()), default=0)):
        yield [line[place] for line in lines.values() if place < len(line)]


def _told_apart(chunk: Messages, call: Callable[[Messages], Failures]) -> Failures:
    """Send a chunk; when the call as a whole was refused, one by one, so that only the bad one fails."""
    failed = _attempt(chunk, call) if chunk else {}
    refused = [message for message in chunk if message.message_id in failed]
    if len(chunk) == 1 or len(refused) < len(chunk) or any(f.trouble is not Trouble.LASTING for f in failed.values()):
        return failed
    return {name: failure for message in chunk for name, failure in _attempt([message], call).items()}


def _attempt(chunk: Messages, call: Callable[[Messages], Failures]) -> Failures:
    try:
        return call(chunk)
    except ClientError as error:
        answer = error.response
        trouble = _trouble(answer["Error"]["Code"])
        if answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) >= 500:
            trouble = Trouble.PASSING
        trouble = Trouble.AWAY if trouble is Trouble.PASSING else trouble
        return _all(chunk, Failure(answer["Error"]["Code"], trouble))
    except BotoCoreError as error:
        return _all(chunk, Failure(type(error).__name__, Trouble.AWAY))
    except Exception as error:
        return _all(chunk, Failure(f"{type(error).__name__}: {error}"[:200], Trouble.LASTING))


def _trouble(code: str) -> Trouble:
    passing = code.startswith(_NOT_THE_MESSAGE) and code not in _THE_MESSAGE
    return Trouble.PASSING if passing else Trouble.LASTING


def _all(messages: Messages, failure: Failure) -> Failures:
    return {message.message_id: failure for message in messages}


def _chunks(messages: Messages) -> Iterator[Messages]:
    """Yield what fits into one call; a message that is too large alone comes alone, and is refused."""
    chunk: list[OutboxRecord] = []
    size = 0
    for message in messages:
        if chunk and (len(chunk) == ENTRIES_PER_CALL or size + message.size_bytes > MAX_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(message)
        size += message.size_bytes
    if chunk:
        yield chunk


def _publish(messages: Messages, bus_name: str) -> Failures:
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
    if messages[0].size_bytes > MAX_BYTES:
        return _all(messages, Failure(f"{messages[0].size_bytes} bytes, the bus takes {MAX_BYTES}", Trouble.LASTING))
    answer: dict[str, Any] = aws.client("events").put_events(Entries=entries)
    return {
        message.message_id: Failure(result["ErrorCode"], _trouble(result["ErrorCode"]))
        for message, result in zip(messages, answer["Entries"], strict=True)
        if result.get("ErrorCode")
    }


def _enqueue(messages: Messages, queue_url: str) -> Failures:
    if messages[0].size_bytes > MAX_BYTES:
        return _all(messages, Failure(f"{messages[0].size_bytes} bytes, a queue takes {MAX_BYTES}", Trouble.LASTING))
    entries = [{"Id": str(place), "MessageBody": message.body} for place, message in enumerate(messages)]
    answer: dict[str, Any] = aws.client("sqs").send_message_batch(QueueUrl=queue_url, Entries=entries)
    return {
        messages[int(result["Id"])].message_id: Failure(
            result["Code"], _trouble(result["Code"]) if result.get("SenderFault") else Trouble.PASSING
        )
        for result in answer.get("Failed", [])
    }
