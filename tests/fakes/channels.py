"""The bus and the queues as AWS answers them: limits of a call, refused entries, refused calls, outages."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

LIMIT = 256 * 1024


def refused(code: str, operation: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        operation,
    )


def nothing(_: str) -> str | None:
    return None


@dataclass
class Channels:
    """Stands in for ``aws.client``; ``arrived`` holds what got through, in order, as (channel, body)."""

    queues: set[str] = field(default_factory=set)
    refuse_entry: Callable[[str], str | None] = nothing
    """Body to error code of a refused entry."""
    bus_is_away: bool = False
    arrived: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    calls: int = 0

    def client(self, _: str) -> "Channels":
        return self

    def put_events(self, **request: Any) -> dict[str, Any]:
        entries = request["Entries"]
        self.calls += 1
        if self.bus_is_away:
            raise EndpointConnectionError(endpoint_url="bus")
        sizes = [len(e["Detail"].encode()) + len(e["DetailType"]) + len(e["Source"]) + 14 for e in entries]
        if len(entries) > 10 or sum(sizes) > LIMIT:
            raise refused("ValidationException", "PutEvents")
        return {"Entries": [self._take("bus", e["Detail"]) for e in entries]}

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        url, entries = request["QueueUrl"], request["Entries"]
        self.calls += 1
        if url not in self.queues:
            raise refused("AWS.SimpleQueueService.NonExistentQueue", "SendMessageBatch")
        if len(entries) > 10 or sum(len(e["MessageBody"].encode()) for e in entries) > LIMIT:
            raise refused("AWS.SimpleQueueService.BatchRequestTooLong", "SendMessageBatch")
        answers = [(e["Id"], self._take(url, e["MessageBody"])) for e in entries]
        failed = [{"Id": n, "Code": a["ErrorCode"], "SenderFault": False} for n, a in answers if "ErrorCode" in a]
        return {"Failed": failed}

    def _take(self, channel: str, body: str) -> dict[str, str]:
        code = self.refuse_entry(body)
        if code is not None:
            return {"ErrorCode": code}
        self.arrived.append((channel, json.loads(body)))
        return {"EventId": "1"}
