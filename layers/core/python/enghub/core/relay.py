"""Moves outbox messages out at once, from the table's stream; ``sweeper`` sends what is left behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enghub.core import bus, outbox
from enghub.core.observability import logger
from enghub.core.outbox import OutboxRecord


@dataclass(frozen=True, slots=True)
class Relayed:
    """What became of a batch: counts of messages."""

    sent: int
    failed: int


def relay(records: Sequence[OutboxRecord], bus_name: str, queue_urls: Mapping[str, str]) -> Relayed:
    """Send ``records`` and remove the sent ones. Never raises for a record.

    A crash, or a failure to remove, leaves a message pending: the sweeper sends it again, and consumers recognise it.
    """
    failed = bus.send(records, bus_name, queue_urls)
    for message_id, failure in failed.items():
        logger.warning("outbox message not sent", message_id=message_id, reason=failure.reason)
    try:
        outbox.remove([record for record in records if record.message_id not in failed])
    except Exception:
        logger.exception("outbox messages sent but not removed")
    return Relayed(sent=len(records) - len(failed), failed=len(failed))
