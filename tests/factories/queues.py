"""Queue events as Lambda gets them when a bus rule feeds the queue."""

import json
from collections.abc import Iterable, Mapping
from typing import Any


def a_batch(*details: Mapping[str, Any], receive_count: int = 1) -> dict[str, Any]:
    """Return an SQS event; each detail is an envelope as it travels on the bus."""
    return {"Records": [_record(number, detail, receive_count) for number, detail in enumerate(details)]}


def failed(answer: dict[str, Any]) -> list[str]:
    """Return the ids of the messages that a consumer gave back."""
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def shuffled_with_doubles(details: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return every detail twice, the last first: what a standard queue may do."""
    once = list(details)
    return [*reversed(once), *once]


def _record(number: int, detail: Mapping[str, Any], receive_count: int) -> dict[str, Any]:
    body = {
        "version": "0",
        "id": f"00000000-0000-0000-0000-{number:012d}",
        "detail-type": detail.get("event_type", ""),
        "source": detail.get("source_service", ""),
        "account": "123456789012",
        "time": "2026-03-02T08:00:00Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": detail,
    }
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"receipt-{number}",
        "body": json.dumps(body, ensure_ascii=False),
        "attributes": {"ApproximateReceiveCount": str(receive_count), "SentTimestamp": "1772438400000"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:enghub-test-mes-update-shift-board",
        "awsRegion": "eu-central-1",
    }
