"""The events this context promises, version 1.0 of each; their schemas are in ``events/published``."""

from enghub.core.event_data import EventData


class NoticesEvent(EventData, source="enghub.notices"):
    """Base of this context's events."""

    notice_id: str
    notice_type: str
    subject: str
    """As the publisher of the notice wrote it: what it is about."""
    asked_by: str
    """The context that published it."""


class NoticeAcknowledged(NoticesEvent):
    """Somebody said that they have seen it; ``by`` is a user, or a masked address."""

    by: str
    at: str


class NoticeUndelivered(NoticesEvent):
    """Somebody was not reached and will not be, unless a person sends it again."""

    delivery_id: str
    channel: str
    recipient: str
    """As logs may hold it."""
    reason: str
