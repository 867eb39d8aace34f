"""A user's sessions: seen, and ended by themselves or by an administrator (CFG-19)."""

from dataclasses import dataclass
from typing import Protocol

from enghub.core.errors import NotFound, Unavailable
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.core.security.model import Ended, Sessions

TRIES = 5


class SessionNotFound(NotFound):
    """The user has no such session, or it is over already (40401)."""

    text = Text("There is no such session: {session_id}", "会话不存在：{session_id}")


class Overtaken(Exception):
    """The sessions were changed meanwhile."""


class SessionStore(Protocol):
    """Where sessions are kept."""

    def load(self, tenant_id: str, user_id: str) -> Sessions:
        """Return a user's sessions as they are now."""

    def end(self, before: Sessions, over: Ended, origin: Origin) -> None:
        """End a session, with audit and event. Raises Overtaken."""


@dataclass(frozen=True, slots=True)
class SessionService:
    """Shows and ends sessions."""

    store: SessionStore

    def of(self, tenant_id: str, user_id: str) -> Sessions:
        """Return a user's sessions."""
        return self.store.load(tenant_id, user_id)

    def end(self, user_id: str, session_id: str, origin: Origin) -> None:
        """End a session of a user of the caller's tenant; its tokens and those refreshed from them are refused.

        Raises:
            SessionNotFound
        """
        reason = "SIGNED_OUT" if user_id == origin.user_id else "BY_ADMIN"
        for _ in range(TRIES):
            sessions = self.store.load(origin.tenant_id, user_id)
            found = sessions.find(session_id)
            if found is None:
                raise SessionNotFound(session_id=session_id[:64])
            try:
                return self.store.end(sessions, Ended(found, reason), origin)
            except Overtaken:
                continue
        raise Unavailable(reason="too many writers on the same sessions")
