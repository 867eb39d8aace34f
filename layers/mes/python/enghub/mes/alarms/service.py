"""Keeps what is open on the lines, as soon as it is heard of (MES-14, MES-19)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from enghub.core.clock import Clock
from enghub.mes.alarms.model import Alarm, AlarmKind, OpenAlarms
from enghub.mes.andon.model import CallState
from enghub.mes.andon.service import CallRepository
from enghub.mes.boards.model import BoardKey
from enghub.mes.factories import Factory

Boards = Callable[[Factory, datetime], BoardKey | None]
"""The board of the shift that a moment belongs to."""


class Alarms(Protocol):
    """Stores open alarms with the board that shows them."""

    def change(self, factory: Factory, change: Callable[[OpenAlarms], OpenAlarms], now: datetime) -> OpenAlarms:
        """Change what is open; nothing is written where nothing changes."""


@dataclass(frozen=True, slots=True)
class CallsOnBoards:
    """The use case."""

    alarms: Alarms
    calls: CallRepository
    board_at: Boards
    clock: Clock

    def heard_of(self, factory: Factory, call_id: str) -> None:
        """Show a call as it is now, in whatever order its events come."""
        kept, now = self.calls.get(factory, call_id), self.clock()
        call = kept.value if kept and kept.value.state is not CallState.RESOLVED else None
        alarm = Alarm(call.raised_at, AlarmKind.ANDON, call_id, call.line_id) if call else None
        board = self.board_at(factory, now)
        self.alarms.change(factory, lambda known: known.one(AlarmKind.ANDON, call_id, alarm).shown_on(board), now)
