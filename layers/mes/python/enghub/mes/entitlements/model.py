"""What the ERP lets a user do, kept for five minutes (source document 6.2, contract 3; MES-16). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from enghub.mes.factories import Factory

KEPT = timedelta(minutes=5)
MOST = 500
"""Permissions of one user."""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A user's rights as the ERP said them; of those in ``factories`` only."""

    factory: Factory
    user_id: str
    permissions: tuple[str, ...]
    factories: tuple[str, ...]
    read_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether they may be used without asking."""
        return now - self.read_at < KEPT

    def grants(self, permission: str) -> bool:
        """Tell whether the ERP lets the user do this in the factory."""
        return permission in self.permissions and self.factory.factory_id in self.factories


def still_serves(away_since: datetime, signed_in_at: datetime, now: datetime) -> bool:
    """Tell whether the last known rights hold: for five minutes of an outage, and five of a sign-in during it."""
    return now - max(away_since, min(signed_in_at, now)) <= KEPT


def names(found: Iterable[object]) -> tuple[str, ...] | None:
    """Return names as an ERP may send them; None where they are none."""
    listed = tuple(found)
    fits = len(listed) <= MOST and all(isinstance(one, str) and 0 < len(one) <= 100 for one in listed)
    return tuple(str(one) for one in listed) if fits else None
