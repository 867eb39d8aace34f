"""Plans who hears a notice, and sends what is due: each delivery once, as far as that can be known (UPG-13, CFG-17)."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from enghub.core import log
from enghub.core.clock import Clock, system_clock
from enghub.core.commits import Commit, Kept
from enghub.core.errors import Unavailable
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested
from enghub.notices.catalogue.model import Texts
from enghub.notices.channels.model import Channel, Kind, built_in
from enghub.notices.deliveries.composing import collected, composed
from enghub.notices.deliveries.errors import Delayed, Refused
from enghub.notices.deliveries.message import Secret, Sender
from enghub.notices.deliveries.model import Delivery, Notice, State
from enghub.notices.deliveries.planning import Settings, planned
from enghub.notices.deliveries.repository import DeliveryOvertaken, DeliveryRepository
from enghub.notices.published import NoticeUndelivered

SYSTEM = "notices"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Planner:
    """Makes deliveries of what contexts ask for."""

    repository: DeliveryRepository
    settings: Callable[[str], Settings]
    clock: Clock = system_clock

    def handle(self, event: Envelope, asked: NoticeRequested) -> None:
        """Plan who hears.

        Raises:
            AlreadyHandled: the event, or another with its ``dedupe_key``, was planned before.
        """
        now, settings = self.clock(), self.settings(event.tenant_id)
        notice = _notice(event, asked)
        deliveries = planned(notice, asked, settings, now)
        known = self.repository.known(event.tenant_id, [made.delivery_id for made in deliveries])
        per_hour = {rule.rule_id: rule.per_hour for rule in settings.rules}
        new = [self._bounded(one, per_hour.get(one.rule_id), now) for one in deliveries if one.delivery_id not in known]
        self.repository.plan(notice, new)
        log.info("notice planned", notice_type=notice.notice_type, deliveries=len(new))

    def _bounded(self, made: Delivery, limit: int | None, now: datetime) -> Delivery:
        """Return it, or put aside when its rule has told this recipient enough in this hour."""
        if limit is None:
            return made
        hour = now.replace(minute=0, second=0, microsecond=0)
        who = hashlib.sha256(f"{made.channel_id}/{made.address.lower()}".encode()).hexdigest()
        budget = f"rule/{made.rule_id}/{who}/{hour.isoformat()}"
        if self.repository.take(made.tenant_id, budget, limit, hour + 2 * HOUR):
            return made
        return replace(made, state=State.SUPPRESSED, next_at=None, reason=f"more than {limit} in an hour")


def _notice(event: Envelope, asked: NoticeRequested) -> Notice:
    source = event.source_service.removeprefix("enghub.")
    key = f"{source}/{asked.dedupe_key}" if asked.dedupe_key else ""
    return Notice(
        tenant_id=event.tenant_id,
        notice_id=hashlib.sha256(key.encode()).hexdigest()[:32] if key else event.event_id,
        factory_id=event.factory_id,
        source=source,
        notice_type=asked.notice_type,
        severity=asked.severity,
        subject=asked.subject,
        facts=asked.facts,
        links=asked.links,
        payload=asked.payload,
        wants_acknowledgement=asked.acknowledge,
        at=event.timestamp,
    )


@dataclass(frozen=True, slots=True)
class Courier:
    """Sends deliveries. A recipient that cannot be reached keeps nobody else waiting: each delivery is its own."""

    repository: DeliveryRepository
    senders: Mapping[Kind, Sender]
    channel: Callable[[str, str], Channel | None]
    """A tenant's channel by its id; also one that is switched off."""
    secret: Callable[[str], Secret]
    """What is stored below ``enghub/<stage>/``; ``path`` is always in it."""
    texts: Callable[[str, str], Texts | None]
    """The tenant's own texts for a type."""
    acknowledge_url: Callable[[Delivery], str | None]
    clock: Clock = system_clock

    def deliver(self, tenant_id: str, delivery_id: str) -> None:
        """Send what is due. Who comes second, or too early, does nothing.

        It is marked after the sending: a stop between the two sends once more, under the same id.
        """
        now = self.clock()
        kept = self.repository.get(tenant_id, delivery_id)
        if kept is None or not kept.value.is_due(now):
            return
        channel = self._channel(kept.value)
        if channel is not None and not self._may(channel, now):
            self._save(kept, kept.value.postponed(_next_minute(now)))
            return
        held = self._save(kept, kept.value.claimed(now))
        if held is None:
            return
        self._save(held, self._tried(held.value, channel))

    def _channel(self, delivery: Delivery) -> Channel | None:
        if delivery.signed_by:
            return built_in(delivery.tenant_id, delivery.channel_id)
        return self.channel(delivery.tenant_id, delivery.channel_id)

    def _may(self, channel: Channel, now: datetime) -> bool:
        """Ask whether a robot takes one more in this minute."""
        if channel.budget is None:
            return True
        minute = now.replace(second=0, microsecond=0)
        budget = f"channel/{channel.channel_id}/{minute.isoformat()}"
        return self.repository.take(channel.tenant_id, budget, channel.budget, minute + HOUR)

    def _tried(self, delivery: Delivery, channel: Channel | None) -> Delivery:
        """Send it; return it as it is then."""
        try:
            self._send(delivery, channel)
        except Refused as refusal:
            return delivery.parked(str(refusal))
        except Delayed as delay:
            log.warning("notice delayed", channel=delivery.channel_id, reason=str(delay))
            return delivery.delayed(self.clock(), str(delay), delay.retry_after_seconds)
        except Unavailable:  # ours, not the channel's: the lease ends, and it is sent without counting a try
            raise
        except Exception as fault:
            log.exception("notice failed", delivery_id=delivery.delivery_id)
            return delivery.delayed(self.clock(), type(fault).__name__)
        return delivery.sent(self.clock())

    def _send(self, delivery: Delivery, channel: Channel | None) -> None:
        if channel is None or channel.is_deleted:
            message = f"there is no channel {delivery.channel_id} any more"
            raise Refused(message)
        notice = self._notice(delivery)
        own = self.texts(delivery.tenant_id, notice.notice_type)
        url = self.acknowledge_url(delivery) if notice.wants_acknowledgement else None
        self.senders[channel.kind](composed(notice, delivery, own, url), self._secret(delivery, channel))

    def _notice(self, delivery: Delivery) -> Notice:
        tenant_id = delivery.tenant_id
        if not delivery.is_digest:
            return self._stored(tenant_id, delivery.notice_id)
        found = [
            self._stored(tenant_id, part.notice_id) for part in self.repository.collected(tenant_id, delivery.digest)
        ]
        return collected(delivery, [(notice, self.texts(tenant_id, notice.notice_type)) for notice in found])

    def _stored(self, tenant_id: str, notice_id: str) -> Notice:
        found = self.repository.notice(tenant_id, notice_id)
        if found is None:
            message = "the notice is not kept any more"
            raise Refused(message)
        return found.value

    def _secret(self, delivery: Delivery, channel: Channel) -> Secret:
        if channel.kind is Kind.EMAIL:
            return {}
        if channel.kind is Kind.SNS:
            return {"topicArn": channel.topic_arn}
        signed = f"{delivery.signed_by}/notices/{delivery.tenant_id}"
        return self.secret(signed if delivery.signed_by else channel.secret_path)

    def _save(self, kept: Kept[Delivery], after: Delivery) -> Kept[Delivery] | None:
        """Store it; None when somebody else was faster."""
        gone = after.state is State.PARKED
        origin = Origin(after.tenant_id, after.factory_id, SYSTEM, self.clock(), after.delivery_id)
        events = (self._undelivered(after).envelope(origin),) if gone else ()
        try:
            return self.repository.save(Commit(origin, "", after, kept, events=events))
        except DeliveryOvertaken:
            return None

    def _undelivered(self, after: Delivery) -> NoticeUndelivered:
        notice = self.repository.notice(after.tenant_id, after.notice_id)
        return NoticeUndelivered(
            notice_id=after.notice_id,
            notice_type=after.notice_type,
            subject=notice.value.subject if notice else "digest",
            asked_by=notice.value.source if notice else SYSTEM,
            delivery_id=after.delivery_id,
            channel=after.channel_id,
            recipient=after.shown,
            reason=after.reason,
        )


def _next_minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0) + MINUTE
