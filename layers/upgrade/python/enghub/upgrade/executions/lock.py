"""Who may work on a site (UPG-10). No I/O."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from enghub.upgrade.executions.errors import SiteBusy


@dataclass(frozen=True, slots=True)
class SiteLock:
    """Who may upgrade a site. The token only ever grows, also over releases and takeovers (UPG-10)."""

    site_id: str
    owner: str | None = None
    token: int = 0
    until: datetime | None = None

    def is_held(self, now: datetime) -> bool:
        """An owner is alive."""
        return self.owner is not None and self.until is not None and self.until > now

    def take(self, execution_id: str, lease: timedelta, now: datetime) -> "SiteLock":
        """Become the owner.

        Raises:
            SiteBusy: another execution is.
        """
        if self.is_held(now) and self.owner != execution_id:
            until = "" if self.until is None else self.until.isoformat(timespec="seconds")
            raise SiteBusy(site_id=self.site_id, owner=self.owner, until=until)
        return replace(self, owner=execution_id, token=self.token + 1, until=now + lease)

    def release(self) -> "SiteLock":
        """Nobody is the owner any more."""
        return replace(self, owner=None, until=None)
