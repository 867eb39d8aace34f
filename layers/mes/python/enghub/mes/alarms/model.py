"""What is open on a factory's lines: calls for help, stuck orders, reports beyond capacity (MES-14, MES-19). Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from enghub.mes.boards.model import AlarmedLines, BoardKey
from enghub.mes.factories import Factory

MOST = 500
"""Alarms of a factory that are kept, the oldest first: its item stays bounded."""


class AlarmKind(StrEnum):
    """What somebody has to react to on a line."""

    ANDON = "ANDON"
    STUCK_ORDER = "STUCK_ORDER"
    OVER_CAPACITY = "OVER_CAPACITY"


@dataclass(frozen=True, slots=True, order=True)
class Alarm:
    """One that is open; ``subject`` is the call, the order, the station and its shift."""

    since: datetime
    kind: AlarmKind
    subject: str
    line_id: str


@dataclass(frozen=True, slots=True)
class OpenAlarms:
    """All of a factory, and the board that shows them."""

    factory: Factory
    alarms: tuple[Alarm, ...] = ()
    board: BoardKey | None = None
    revision: int = 0

    def one(self, kind: AlarmKind, subject: str, alarm: Alarm | None) -> "OpenAlarms":
        """Return them with one as it is now: open, or over (None)."""
        others = [one for one in self.alarms if (one.kind, one.subject) != (kind, subject)]
        return self._with([*others, *([alarm] if alarm else [])])

    def all_of(self, kinds: Iterable[AlarmKind], alarms: Iterable[Alarm]) -> "OpenAlarms":
        """Return them with exactly these of some kinds; one that was open keeps its since."""
        looked_at = frozenset(kinds)
        known = {(one.kind, one.subject): one for one in self.alarms}
        found = [known.get((one.kind, one.subject), one) for one in alarms]
        return self._with([*(one for one in self.alarms if one.kind not in looked_at), *found])

    def shown_on(self, board: BoardKey | None) -> "OpenAlarms":
        """Return them shown on a board; the last one where nobody works."""
        return replace(self, board=board or self.board)

    def by_line(self, at: datetime) -> AlarmedLines:
        """Return how many are open on each line."""
        return AlarmedLines(dict(sorted(Counter(one.line_id for one in self.alarms).items())), at)

    def _with(self, alarms: Iterable[Alarm]) -> "OpenAlarms":
        return replace(self, alarms=tuple(sorted(alarms)[:MOST]))
