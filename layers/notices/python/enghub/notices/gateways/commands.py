"""Puts commands of the sweep into the queue of deliveries."""

from collections.abc import Iterable
from dataclasses import dataclass

from enghub.core import aws, config
from enghub.core.events import dumps

PER_CALL = 10


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """Where deliveries wait."""

    deliver_queue_url: str


def enqueue(deliveries: Iterable[tuple[str, str]]) -> int:
    """Send a command per tenant and delivery; return how many. What was not taken is due again at the next sweep."""
    url, sent = config.load(QueueConfig).deliver_queue_url, 0
    waiting = list(deliveries)
    for start in range(0, len(waiting), PER_CALL):
        entries = [
            {"Id": str(place), "MessageBody": dumps({"tenant_id": tenant, "payload": {"deliveryId": name}})}
            for place, (tenant, name) in enumerate(waiting[start : start + PER_CALL])
        ]
        aws.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
        sent += len(entries)
    return sent
