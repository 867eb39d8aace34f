"""Whom to reach, and when they want to be left alone. No I/O."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from enghub.notices.languages import Reads


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours of every day in which only CRITICAL notices come; ``until`` before ``begin`` goes over midnight."""

    begin: str
    until: str
    """Wall-clock times, HH:MM."""

    def end(self, now: datetime, zone: str) -> datetime | None:
        """Return when the quiet hours end that ``now`` lies in, None outside of them.

        Wall-clock times of ``zone``: an hour that the clock skips or repeats belongs to where its wall time lies.
        """
        local = now.astimezone(ZoneInfo(zone))
        wall = local.time().replace(tzinfo=None)
        if self.begin == self.until:
            return None
        begin, until = time.fromisoformat(self.begin), time.fromisoformat(self.until)
        over_midnight = until < begin
        inside = (wall >= begin or wall < until) if over_midnight else begin <= wall < until
        if not inside:
            return None
        day = local.date() + timedelta(days=1) if over_midnight and wall >= begin else local.date()
        ends = datetime.combine(day, until, ZoneInfo(zone)).astimezone(UTC)
        return max(ends, now + timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class Contact:
    """A person who may hear of things."""

    tenant_id: str
    user_id: str
    name: str
    email: str = ""
    roles: tuple[str, ...] = ()
    factories: tuple[str, ...] = ()
    """Where they work; everywhere when empty."""
    reads: Reads = Reads.BOTH
    zone: str = "UTC"
    quiet: Quiet | None = None
    is_deleted: bool = False

    def works_at(self, factory_id: str) -> bool:
        """Tell whether notices of this factory concern them; those of no factory concern everybody."""
        return not factory_id or not self.factories or factory_id in self.factories


def next_at(now: datetime, at: str, zone: str) -> datetime:
    """Return the next time that the clock of ``zone`` shows ``at``, after ``now``."""
    local, wall = now.astimezone(ZoneInfo(zone)), time.fromisoformat(at)
    for days in range(3):
        found = datetime.combine(local.date() + timedelta(days=days), wall, ZoneInfo(zone)).astimezone(UTC)
        if found > now:
            return found
    raise AssertionError(at)  # pragma: no cover - a day always comes
