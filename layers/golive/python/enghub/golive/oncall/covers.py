"""Days off, and requests to be covered or to swap shifts (OPS-12). No I/O."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from enghub.golive.oncall.errors import CoverNotOpen


class CoverState(StrEnum):
    """Where a request stands; an open one changes nothing: whoever asked stays on call."""

    OPEN = "OPEN"
    TAKEN = "TAKEN"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class Cover:
    """Somebody asks to be covered; with ``back`` they offer a time of the other's in return: a swap."""

    tenant_id: str
    schedule_id: str
    cover_id: str
    user: str
    start: datetime
    end: datetime
    reason: str = ""
    back_start: datetime | None = None
    back_end: datetime | None = None
    state: CoverState = CoverState.OPEN
    taken_by: str = ""

    def taken(self, by: str) -> "Cover":
        """Return the request taken by somebody.

        Raises:
            CoverNotOpen
        """
        self._open()
        return replace(self, state=CoverState.TAKEN, taken_by=by)

    def withdrawn(self) -> "Cover":
        """Return the request withdrawn.

        Raises:
            CoverNotOpen
        """
        self._open()
        return replace(self, state=CoverState.WITHDRAWN)

    def _open(self) -> None:
        if self.state is not CoverState.OPEN:
            raise CoverNotOpen(state=self.state.value)


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Days and spans of days on which somebody is away; the rota does not change by itself, its linter tells."""

    tenant_id: str
    user_id: str
    days: tuple[str, ...]
    is_deleted: bool = False

    def all(self) -> tuple[date, ...]:
        """Return every day."""
        found: list[date] = []
        for text in self.days:
            first, _, last = text.partition("/")
            start, end = date.fromisoformat(first), date.fromisoformat(last or first)
            found += [start + timedelta(days=number) for number in range((end - start).days + 1)]
        return tuple(found)
