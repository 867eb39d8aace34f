"""Andon (MES-27): a station calls for help; the call has a clock, until somebody comes and until it is solved."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from enghub.mes.andon.errors import CallNotOpen
from enghub.mes.factories import Factory


class CallState(StrEnum):
    """Where a call is."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"


class CallKind(StrEnum):
    """What help is asked for; each has the roles that hear it."""

    MAINTENANCE = "MAINTENANCE"
    QUALITY = "QUALITY"
    MATERIAL = "MATERIAL"
    SUPERVISOR = "SUPERVISOR"
    SAFETY = "SAFETY"


@dataclass(frozen=True, slots=True)
class AndonCall:
    """One call: who called when, who came when, who solved it when."""

    factory: Factory
    call_id: str
    line_id: str
    station_id: str
    kind: CallKind
    text: str
    raised_at: datetime
    raised_by: str
    state: CallState = CallState.OPEN
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    remedy: str | None = None

    def acknowledge(self, by: str, at: datetime) -> "AndonCall":
        """Note that somebody came.

        Raises:
            CallNotOpen
        """
        if self.state is not CallState.OPEN:
            raise CallNotOpen(call_id=self.call_id, state=self.state.value)
        return replace(self, state=CallState.ACKNOWLEDGED, acknowledged_at=at, acknowledged_by=by)

    def resolve(self, by: str, at: datetime, remedy: str) -> "AndonCall":
        """Note that it is solved, and how; who solves it has come.

        Raises:
            CallNotOpen
        """
        if self.state is CallState.RESOLVED:
            raise CallNotOpen(call_id=self.call_id, state=self.state.value)
        came = self if self.acknowledged_at else self.acknowledge(by, at)
        return replace(came, state=CallState.RESOLVED, resolved_at=at, resolved_by=by, remedy=remedy)
