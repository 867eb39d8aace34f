"""Sends outbox messages that the relay left behind, in order per subject, and parks those that never get through.

One bad message holds up its own subject only, a channel that is away only itself, a shard that cannot be read only
itself; as many are sent as the time allows.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from enghub.core import outbox
from enghub.core.bus import Failure, Failures, Trouble
from enghub.core.dynamo import RawItem
from enghub.core.events import dumps
from enghub.core.identity import Origin
from enghub.core.observability import logger
from enghub.core.outbox import OutboxRecord
from enghub.core.parked import dynamo as parked
from enghub.core.parked.model import NOBODY, ParkedMessage, parked_id
from enghub.core.transactions import Delete

SWEEP_AFTER = timedelta(seconds=60)
"""Younger messages are still the stream's business."""
PARK_AFTER = 5
"""So often a message is refused for a reason of its own, a minute apart, before it is parked."""
RESERVE_SECONDS = 10.0
"""With less time left nothing new is begun: a call may take so long."""
SWEEPER = "system:sweep-outbox"
Line = tuple[str, str]


@dataclass(slots=True)
class Swept:
    """What became of the messages of one round, as counts, and who is passed over until the next."""

    sent: int = 0
    failed: int = 0
    parked: int = 0
    held: set[Line] = field(default_factory=set)
    away: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Sweep:
    """One round: how messages are sent, when it began, how much time is left in seconds."""

    send: Callable[[list[OutboxRecord]], Failures]
    now: datetime
    seconds_left: Callable[[], float]

    def run(self) -> Swept:
        """Send what stayed pending for over a minute, oldest first, page by page of each shard in turn."""
        done = Swept()
        first = int(self.now.timestamp()) // 60 % outbox.SHARDS
        todo: deque[tuple[int, Mapping[str, object] | None]] = deque(
            ((first + place) % outbox.SHARDS, None) for place in range(outbox.SHARDS)
        )
        while todo and self.seconds_left() > RESERVE_SECONDS:
            shard, cursor = todo.popleft()
            try:
                page = outbox.pending(shard, self.now - SWEEP_AFTER, cursor)
                self._park_unreadable(page.unreadable, done)
                self._send_in_order(page.records, done)
            except Exception:
                logger.exception("shard not swept", shard=shard)
                continue
            if page.cursor is not None:
                todo.append((shard, page.cursor))
        return done

    def _send_in_order(self, records: tuple[OutboxRecord, ...], done: Swept) -> None:
        """Send in waves with at most one message of a subject, so that none can overtake in a call either."""
        sent: list[OutboxRecord] = []
        try:
            for wave in self._waves(records, done):
                failed = self.send(wave)
                for record in wave:
                    failure = failed.get(record.message_id)
                    if failure is None:
                        sent.append(record)
                    else:
                        self._failed(record, failure, done)
                if len(sent) >= outbox.REMOVED_PER_CALL:
                    self._remove(sent, done)
        finally:
            self._remove(sent, done)

    def _waves(self, records: tuple[OutboxRecord, ...], done: Swept) -> Iterator[list[OutboxRecord]]:
        lines: dict[Line, deque[OutboxRecord]] = {}
        for record in records:
            lines.setdefault(record.line, deque()).append(record)
        while self.seconds_left() > RESERVE_SECONDS:
            free = [line for line in lines if line not in done.held and line[0] not in done.away]
            if not free:
                return
            yield [lines[line].popleft() for line in free]
            for line in [line for line, waiting in lines.items() if not waiting]:
                del lines[line]

    def _remove(self, sent: list[OutboxRecord], done: Swept) -> None:
        done.sent += len(sent)
        try:
            outbox.remove(sent)
        except Exception:
            logger.exception("outbox messages sent but not removed")
        sent.clear()

    def _failed(self, record: OutboxRecord, failure: Failure, done: Swept) -> None:
        """Hold the subject of a message that failed, unless the message is parked: then its subject goes on."""
        logger.warning("outbox message not sent", message_id=record.message_id, reason=failure.reason)
        done.failed += 1
        if failure.trouble is Trouble.AWAY:
            done.away.add(record.channel)
        done.held.add(record.line)
        if failure.trouble is not Trouble.LASTING:
            return
        try:
            attempts = record.count_attempt()
            if attempts >= PARK_AFTER:
                self._park(record, failure.reason, attempts)
                done.parked += 1
                done.held.discard(record.line)
        except Exception:
            logger.exception("refusal not counted", message_id=record.message_id)

    def _park(self, record: OutboxRecord, reason: str, attempts: int) -> None:
        tenant, _, subject = (record.subject or "").partition("/")
        message = ParkedMessage(
            parked_id=parked_id(record.channel, record.body, record.message_id),
            tenant_id=tenant or NOBODY,
            consumer=record.channel,
            channel=record.channel,
            message_type=record.message_type,
            source=record.source,
            subject=subject,
            body=record.body,
            reason=reason,
            attempts=attempts,
            parked_at=self.now,
        )
        if not parked.park(message, _origin(message), Delete(record)):
            outbox.remove([record])
        logger.error("outbox message parked", parked_id=message.parked_id, reason=reason)

    def _park_unreadable(self, items: tuple[RawItem, ...], done: Swept) -> None:
        for raw in items:
            done.failed += 1
            try:
                message = _of_unreadable(raw, self.now)
                gone = OutboxRecord(pk=raw["pk"]["S"], sk=raw["sk"]["S"])
                if not parked.park(message, _origin(message), Delete(gone)):
                    outbox.remove([gone])
                done.parked += 1
            except Exception:
                logger.exception("unreadable outbox item not parked", key=raw.get("pk"))


def _origin(message: ParkedMessage) -> Origin:
    return Origin(message.tenant_id, "", SWEEPER, message.parked_at, message.parked_id)


def _of_unreadable(raw: RawItem, now: datetime) -> ParkedMessage:
    texts = {name: value["S"] for name, value in raw.items() if isinstance(value.get("S"), str)}
    parts = texts["pk"].split("#")
    body = texts.get("body") or dumps(raw)
    channel = texts.get("channel", "") if "body" in texts else ""
    return ParkedMessage(
        parked_id=parked_id(channel, body, texts["pk"]),
        tenant_id=parts[1] if len(parts) == 4 and parts[0] == "T" else NOBODY,
        consumer=channel or "outbox",
        channel=channel,
        message_type=texts.get("message_type", ""),
        source=texts.get("source", ""),
        subject=texts.get("subject", "").partition("/")[2],
        body=body,
        reason="the outbox item cannot be read",
        attempts=1,
        parked_at=now,
    )
