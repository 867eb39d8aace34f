"""What people do with deliveries: look, send again, put aside, try a channel; and say that they have seen a notice."""

from dataclasses import dataclass, replace

from enghub.core import ids
from enghub.core.clock import to_text
from enghub.core.commits import Command, Commit, Kept
from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.core.notices import Severity
from enghub.notices.channels.model import Channel
from enghub.notices.deliveries.errors import DeliveryNotFound, DeliveryNotParked, NoticeNotFound
from enghub.notices.deliveries.model import Delivery, NotDeliverable, Notice, State, delivery_id
from enghub.notices.deliveries.repository import DeliveryOvertaken, DeliveryRepository, Found
from enghub.notices.languages import Reads
from enghub.notices.published import NoticeAcknowledged

QUEUE = "deliver_notice"
NO_RECIPIENT = Text("say to whom, mail has no address of its own", "请指定收件人，邮件渠道没有固定地址")
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The use cases."""

    repository: DeliveryRepository

    def get(self, tenant_id: str, name: str) -> Kept[Delivery]:
        """Return one.

        Raises:
            DeliveryNotFound
        """
        found = self.repository.get(tenant_id, name)
        if found is None:
            raise DeliveryNotFound(delivery_id=name)
        return found

    def find(self, tenant_id: str, state: State | None, notice_id: str | None, limit: int, cursor: str | None) -> Found:
        """Return a page, newest first."""
        return self.repository.find(tenant_id, state, notice_id, limit, cursor)

    def redrive(self, name: str, origin: Origin) -> Delivery:
        """Send a parked one again, under the same id.

        Raises:
            DeliveryNotFound, DeliveryNotParked
        """
        return self._change(name, origin, "redriven")

    def discard(self, name: str, reason: str, origin: Origin) -> Delivery:
        """Put a parked one aside for good.

        Raises:
            DeliveryNotFound, DeliveryNotParked
        """
        return self._change(name, origin, "discarded", reason)

    def _change(self, name: str, origin: Origin, action: str, reason: str = "") -> Delivery:
        kept = self.get(origin.tenant_id, name)
        try:
            again = action == "redriven"
            after = kept.value.redriven(origin.at) if again else kept.value.discarded(reason)
            commands = (Command(QUEUE, {"deliveryId": name}),) if again else ()
            return self.repository.save(Commit(origin, action, after, kept, commands=commands, reason=reason)).value
        except (NotDeliverable, DeliveryOvertaken) as error:
            state = self.get(origin.tenant_id, name).value.state
            raise DeliveryNotParked(delivery_id=name, state=state) from error

    def test(self, channel: Channel, email: str | None, reads: Reads, origin: Origin) -> Delivery:
        """Send a test by a channel; its delivery shows what came of it.

        Raises:
            Invalid: mail without a recipient.
        """
        if channel.kind.is_mail and email is None:
            raise Invalid(field="email", problem=NO_RECIPIENT)
        notice = Notice(
            tenant_id=origin.tenant_id,
            notice_id=ids.new_id(origin.at),
            factory_id="",
            source="notices",
            notice_type="notices.test",
            severity=Severity.INFO,
            subject=f"channel/{channel.channel_id}",
            facts={"channel": channel.channel_id},
            links={},
            payload=None,
            wants_acknowledgement=False,
            at=origin.at,
        )
        address = (email or "") if channel.kind.is_mail else ""
        made = Delivery(
            tenant_id=origin.tenant_id,
            delivery_id=delivery_id(notice.notice_id, channel.kind, address),
            notice_id=notice.notice_id,
            notice_type=notice.notice_type,
            severity=notice.severity,
            factory_id="",
            channel_id=channel.channel_id,
            kind=channel.kind,
            address=address,
            user_id="",
            reads=reads,
            signed_by="",
            state=State.PENDING,
            next_at=origin.at,
            created_at=origin.at,
        )
        self.repository.plan(notice, [made])
        return made

    def notice(self, tenant_id: str, notice_id: str) -> Kept[Notice]:
        """Return a notice.

        Raises:
            NoticeNotFound
        """
        found = self.repository.notice(tenant_id, notice_id)
        if found is None:
            raise NoticeNotFound(notice_id=notice_id)
        return found

    def acknowledge(self, notice_id: str, by: str, origin: Origin) -> tuple[Notice, bool]:
        """Note that somebody has seen it; the first word stays. Tell also whether it is new.

        Raises:
            NoticeNotFound
        """
        for _ in range(ATTEMPTS):
            kept = self.notice(origin.tenant_id, notice_id)
            notice = kept.value
            if notice.acknowledged_at is not None:
                break
            after = replace(notice, acknowledged_by=by, acknowledged_at=origin.at)
            event = NoticeAcknowledged(
                notice_id=notice_id,
                notice_type=notice.notice_type,
                subject=notice.subject,
                asked_by=notice.source,
                by=by,
                at=to_text(origin.at),
            )
            commit = Commit(origin, "acknowledged", after, kept, events=(event.envelope(origin),))
            try:
                return self.repository.save_notice(commit).value, True
            except DeliveryOvertaken:
                continue
        return self.notice(origin.tenant_id, notice_id).value, False
