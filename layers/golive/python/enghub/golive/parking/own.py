"""Every type of event that this context sends; no I/O."""

from enghub.core.event_data import EventData
from enghub.core.notices import NoticeRequested
from enghub.golive import published


class OwnNoticeRequested(NoticeRequested, source="enghub.golive"):
    """A notice that this context asked for; those of others are no business of its runbooks."""

    @classmethod
    def event_type(cls) -> str:
        """Return the type's name on the bus."""
        return NoticeRequested.event_type()


def _leaves() -> tuple[type[EventData], ...]:
    defined = [
        one
        for one in vars(published).values()
        if isinstance(one, type) and issubclass(one, EventData) and one.__module__ == published.__name__
    ]
    return tuple(one for one in defined if not any(one in other.__mro__[1:] for other in defined))


OWN: tuple[type[EventData], ...] = (*_leaves(), OwnNoticeRequested)
