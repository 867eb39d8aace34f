"""What lies in the context's table: every item, and the outbox as its receivers will read it."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from enghub.core.codec import Key
from enghub.core.dynamo import Attr, table
from enghub.core.outbox import SHARDS, OutboxRecord, pending
from enghub.core.transactions import Delete, Update, transact


def items(entity: str) -> list[dict[str, Any]]:
    """Return all items of one entity, values without type descriptors, by key; reads the whole table."""
    found: list[dict[str, Any]] = []
    start: Any = None
    while True:
        answer = table().scan(exclusive_start_key=start)
        found.extend(
            {name: next(iter(value.values())) for name, value in raw.items()}
            for raw in answer["Items"]
            if raw["entity"]["S"] == entity
        )
        start = answer.get("LastEvaluatedKey")
        if start is None:
            return sorted(found, key=lambda item: (item["pk"], item["sk"]))


def commands(queue: str) -> list[dict[str, Any]]:
    """Return the bodies of all commands for a queue, in the order they were made."""
    outbox = sorted(items("OUTBOX"), key=lambda item: item["gsi2sk"])
    return [json.loads(item["body"]) for item in outbox if item["channel"] == queue]


def events(event_type: str | None = None) -> list[dict[str, Any]]:
    """Return the envelopes of all events made for the bus, in their order."""
    outbox = sorted(items("OUTBOX"), key=lambda item: item["gsi2sk"])
    bodies = [json.loads(item["body"]) for item in outbox if item["channel"] == "bus"]
    return [body for body in bodies if event_type in {None, body["event_type"]}]


def waiting() -> list[OutboxRecord]:
    """Return every message that the sweeper would find, in the order they were made."""
    end = datetime(2999, 1, 1, tzinfo=UTC)
    found = [record for shard in range(SHARDS) for record in pending(shard, end, limit=10_000).records]
    return sorted(found, key=lambda record: record.message_id)


def tampered(key: Key, **attributes: Any) -> None:
    """Change attributes of an item behind everybody's back."""
    transact(Update(key, [Attr(name).set(value) for name, value in attributes.items()]))


OF_A_RUN = frozenset({"run_id", "last_sync_at", "connection", "version", "revision", "outcome", "mapping_version"})
"""What a product's items say of the run that wrote them."""


def products_hash() -> str:
    """Return a digest of all stored products and materials, whichever run and connection brought them."""
    kept = [
        {name: value for name, value in item.items() if name not in OF_A_RUN}
        for entity in ("PRODUCT", "MATERIAL")
        for item in items(entity)
    ]
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()


def emptied() -> None:
    """Delete every item of the table."""
    while found := table().scan()["Items"]:
        for item in found:
            transact(Delete((item["pk"]["S"], item["sk"]["S"])))
