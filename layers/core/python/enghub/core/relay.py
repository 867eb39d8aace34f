"""Moves outbox messages out: at once from the table's stream, later by the sweeper for what was left behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from enghub.core import bus, outbox
from enghub.core.observability import logger
from enghub.core.outbox import OutboxRecord

SWEEP_AFTER = timedelta(seconds=60)
"""Younger messages are still the stream's business."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """What became of a batch: counts of messages."""

    sent: int
    failed: int


def relay(records: Sequence[OutboxRecord], bus_name: str, queue_urls: dict[str, str], now: datetime) -> Relayed:
    """Send ``records`` and take the sent ones out of the pending index. Never raises for a record.

    A crash, or a failure to mark, leaves a message pending: the sweeper sends it again, and consumers recognise it.
    """
    failed = bus.send(records, bus_name, queue_urls)
    for record in records:
        if record.message_id in failed:
            logger.warning("outbox message not sent", message_id=record.message_id, reason=failed[record.message_id])
            continue
        try:
            record.mark_sent(now)
        except Exception:
            logger.exception("outbox message sent but not marked", message_id=record.message_id)
    return Relayed(sent=len(records) - len(failed), failed=len(failed))


def sweep(bus_name: str, queue_urls: dict[str, str], now: datetime) -> Relayed:
    """Send what stayed pending for over a minute, oldest first, shard by shard.

    Within a shard one failure stops the shard for this round, so that no later event of the same aggregate overtakes.
    """
    sent = failed = 0
    for shard in range(outbox.SHARDS):
        for record in outbox.pending(shard, now - SWEEP_AFTER):
            result = relay([record], bus_name, queue_urls, now)
            sent += result.sent
            if result.failed:
                failed += result.failed
                break
    return Relayed(sent, failed)


def backlog(now: datetime) -> tuple[int, float]:
    """Return how many messages wait (up to 100 a shard) and the age of the oldest in seconds.

    Raises:
        Unavailable: the table cannot be read.
    """
    waiting = [record for shard in range(outbox.SHARDS) for record in outbox.pending(shard, now)]
    oldest = min((record.created_at for record in waiting), default=now)
    return len(waiting), (now - oldest).total_seconds()
