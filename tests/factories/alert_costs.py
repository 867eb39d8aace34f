"""What alerts cost: calls of DynamoDB and the write units that they consume, counted as they leave the client."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any

from enghub.core import dynamo

KB = 1024
Send = Callable[[dict[str, Any]], int]
"""Posts a webhook of Alertmanager; returns the status that was answered."""


@dataclass
class Cost:
    """What was spent."""

    calls: int = 0
    write_units: int = 0

    def add(self, operation: str, body: Mapping[str, Any]) -> None:
        """Count one call. A write in a transaction costs two units a kilobyte, others one."""
        self.calls += 1
        for request in body.get("TransactItems", ()):
            (write,) = request.values()
            self.write_units += 2 * _kilobytes(write)
        if operation in {"PutItem", "UpdateItem", "DeleteItem"}:
            self.write_units += _kilobytes(body)


def _kilobytes(write: Mapping[str, Any]) -> int:
    item = write.get("Item") or write.get("ExpressionAttributeValues") or {}
    size = sum(len(name) + len(str(next(iter(value.values())))) for name, value in item.items())
    return max(1, ceil(size / KB))


@contextmanager
def counted() -> Iterator[Cost]:
    """Count what the process's client of DynamoDB sends meanwhile."""
    cost, events = Cost(), dynamo.connection().client.meta.events

    def count(model: Any, params: Any, **_: Any) -> None:
        cost.add(model.name, json.loads(params["body"]))

    events.register("before-call.dynamodb", count)
    try:
        yield cost
    finally:
        events.unregister("before-call.dynamodb", count)


def a_burst(first: int, count: int, groups: int = 5) -> dict[str, Any]:
    """Return a webhook with alerts of some clusters, numbered from ``first``; each is another one."""
    alerts = [
        {
            "status": "firing",
            "labels": {
                "alertname": f"Down{number}",
                "severity": "critical",
                "cluster": f"c{number % groups}",
                "instance": f"10.0.{number // 250}.{number % 250}:9100",
            },
            "annotations": {"summary": f"Node {number} is down"},
            "startsAt": "2026-11-28T09:59:00Z",
        }
        for number in range(first, first + count)
    ]
    return {"version": "4", "status": "firing", "alerts": alerts}


def cost_of(send: Send, first: int, count: int, at_once: int) -> Cost:
    """Return what ``count`` alerts cost, so many in each post."""
    with counted() as cost:
        for start in range(first, first + count, at_once):
            assert send(a_burst(start, min(at_once, first + count - start))) == 200
    return cost
