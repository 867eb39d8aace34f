"""Deliveries and acknowledgements on the wire; no answer holds a whole address."""

from typing import Annotated

from pydantic import Field

from enghub.core import wire
from enghub.core.notices import Severity
from enghub.notices.channels.model import Kind
from enghub.notices.deliveries.model import Delivery, Notice, State
from enghub.notices.deliveries.repository import Found
from enghub.notices.languages import Reads

DeliveryId = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", max_length=64)]
NoticeId = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,64}$", max_length=64)]


class DiscardRequest(wire.Request):
    """Why it is not sent again."""

    reason: wire.ShortText


class DeliveryResponse(wire.Response):
    """A notice on its way to one recipient."""

    delivery_id: str
    notice_id: str
    notice_type: str
    severity: Severity
    channel_id: str
    kind: Kind
    recipient: str
    """Masked."""
    user_id: str | None
    language: Reads
    state: State
    attempts: int
    reason: str | None
    next_at: wire.Instant | None
    sent_at: wire.Instant | None
    created_at: wire.Instant

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryResponse":
        """Return the answer for a delivery."""
        return cls(
            delivery_id=delivery.delivery_id,
            notice_id=delivery.notice_id,
            notice_type=delivery.notice_type,
            severity=delivery.severity,
            channel_id=delivery.channel_id,
            kind=delivery.kind,
            recipient=delivery.shown,
            user_id=delivery.user_id or None,
            language=delivery.reads,
            state=delivery.state,
            attempts=delivery.attempts,
            reason=delivery.reason or None,
            next_at=delivery.next_at,
            sent_at=delivery.sent_at,
            created_at=delivery.created_at,
        )


class DeliveriesResponse(wire.Response):
    """One page of deliveries, newest first."""

    items: tuple[DeliveryResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, found: Found) -> "DeliveriesResponse":
        """Return the answer for a page."""
        return cls(items=tuple(map(DeliveryResponse.of, found.deliveries)), cursor=found.cursor)


class NoticeResponse(wire.Response):
    """A notice."""

    notice_id: str
    notice_type: str
    severity: Severity
    subject: str
    asked_by: str
    factory_id: str | None
    at: wire.Instant
    acknowledged_by: str | None
    acknowledged_at: wire.Instant | None

    @classmethod
    def of(cls, notice: Notice) -> "NoticeResponse":
        """Return the answer for a notice."""
        return cls(
            notice_id=notice.notice_id,
            notice_type=notice.notice_type,
            severity=notice.severity,
            subject=notice.subject,
            asked_by=notice.source,
            factory_id=notice.factory_id or None,
            at=notice.at,
            acknowledged_by=notice.acknowledged_by,
            acknowledged_at=notice.acknowledged_at,
        )


class StartedResponse(wire.Response):
    """What was set on its way."""

    delivery_id: str
