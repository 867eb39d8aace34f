"""What this context reads of others' events."""

from enghub.core.event_data import EventData


class NoticeUndelivered(EventData, source="enghub.notices"):
    """Somebody was not told, and will not be unless a person sends it again."""

    subject: str
    asked_by: str
    recipient: str
    reason: str
