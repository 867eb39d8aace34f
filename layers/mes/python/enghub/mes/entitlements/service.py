"""Effective rights are those of the token and of the ERP, where the factory's link says so (MES-16)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import quote

from enghub.core.clock import Clock
from enghub.core.identity import Principal
from enghub.mes.entitlements.errors import ErpForbids, RightsUnknown, SignInAgain
from enghub.mes.entitlements.model import Entitlement, names, still_serves
from enghub.mes.erp.errors import GARBAGE, ErpAway, ErpRefuses
from enghub.mes.erp.model import Health, Link, Service
from enghub.mes.erp.repository import Reply
from enghub.mes.erp.service import Calls, ServiceDown
from enghub.mes.factories import Factory


class Entitlements(Protocol):
    """Keeps what the ERP said last of a user."""

    def get(self, factory: Factory, user_id: str) -> Entitlement | None:
        """Return it, however old."""

    def keep(self, found: Entitlement) -> None:
        """Keep what the ERP said."""


@dataclass(frozen=True, slots=True)
class EffectiveRights:
    """The use case."""

    store: Entitlements
    calls: Calls
    clock: Clock

    def demand(self, link: Link, principal: Principal, permission: str) -> None:
        """Demand that the ERP grants ``permission`` as well.

        Raises:
            ErpForbids
            SignInAgain: the ERP is away for more than five minutes.
            RightsUnknown: it is away, and the user is not known.
        """
        if not self._of(link, principal).grants(permission):
            raise ErpForbids(permission=permission)

    def _of(self, link: Link, principal: Principal) -> Entitlement:
        user_id, now = principal.user_id, self.clock()
        kept = self.store.get(link.factory, user_id)
        if kept is not None and kept.is_fresh(now):
            return kept
        path = f"/api/v1/auth/user/{quote(user_id, safe='')}/permissions"
        try:
            found, _ = self.calls.get(link, Service.PERMISSIONS, path, _reader(link.factory, user_id, self.clock))
        except ErpRefuses:
            found = Entitlement(link.factory, user_id, (), (), now)  # nobody there
        except ServiceDown as down:
            return self._meanwhile(kept, down.health, principal.authenticated_at)
        self.store.keep(found)
        return found

    def _meanwhile(self, kept: Entitlement | None, health: Health, signed_in_at: datetime) -> Entitlement:
        now = self.clock()
        since = health.since or now
        said = since.isoformat(timespec="seconds")
        if kept is None:
            problem = health.problem or GARBAGE
            raise RightsUnknown(since=said, problem=problem, retry_after_seconds=health.retry_after(now))
        if not still_serves(since, signed_in_at, now):
            raise SignInAgain(since=said)
        return kept


def _reader(factory: Factory, user_id: str, clock: Clock) -> Callable[[Reply], Entitlement]:
    def read(reply: Reply) -> Entitlement:
        content = reply.content
        permissions, factories = content.get("permissions"), content.get("factories")
        if content.get("user_id") != user_id or not isinstance(permissions, list) or not isinstance(factories, list):
            raise ErpAway(GARBAGE)
        listed, places = names(permissions), names(factories)
        if listed is None or places is None:
            raise ErpAway(GARBAGE)
        return Entitlement(factory, user_id, listed, places, clock())

    return read
