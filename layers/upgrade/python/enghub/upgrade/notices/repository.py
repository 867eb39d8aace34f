"""What telling people needs from a store."""

from typing import Protocol

from enghub.core.events import Envelope
from enghub.core.notices import NoticeRequested


class Requests(Protocol):
    """Which events were asked to be told."""

    def is_asked(self, event: Envelope) -> bool:
        """Tell whether one was."""

    def ask(self, event: Envelope, asked: NoticeRequested) -> None:
        """Publish, and remember it.

        Raises:
            AlreadyHandled: it was asked before.
        """
