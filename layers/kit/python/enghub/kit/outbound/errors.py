"""Why a call to an address that people gave does not come about. Both carry their reason in two languages."""

from typing import Any

from enghub.core.i18n import Text


class OutboundRefused(Exception):
    """It never will: the address is not allowed, or not an address. Trying again would not help."""

    def __init__(self, reason: Text, **values: Any) -> None:
        self.reason = Text(reason.render("en", **values), reason.render("zh", **values))
        super().__init__(self.reason.en)


class OutboundFailed(Exception):
    """It may later: nobody answers, not in time, or not as HTTP is spoken.

    ``kind`` is one of ConnectError, ConnectTimeout, ReadTimeout, WriteError, RemoteProtocolError, CircuitOpen.
    """

    def __init__(self, kind: str, *, retry_after_seconds: float | None = None) -> None:
        self.kind = kind
        self.retry_after_seconds = retry_after_seconds
        super().__init__(kind)
