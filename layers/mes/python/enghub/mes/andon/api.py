"""Andon calls on the wire."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.identity import Origin
from enghub.mes.andon.model import AndonCall, CallKind, CallState
from enghub.mes.andon.service import CallPage, RaiseCall

Version = Annotated[wire.Count, Field(ge=1)]


class RaiseCallRequest(wire.Request):
    """A station needs help."""

    station_id: wire.Code
    kind: CallKind
    text: wire.ShortText
    call_id: wire.PathId | None = None

    def to_command(self, origin: Origin) -> RaiseCall:
        """Return the command for the service."""
        return RaiseCall(origin, self.station_id, self.kind, self.text, self.call_id)


class AcknowledgeCallRequest(wire.Request):
    """Somebody came."""

    version: Version


class ResolveCallRequest(wire.Request):
    """It is solved, and how."""

    version: Version
    remedy: wire.ShortText


class CallsQuery(wire.Request):
    """Which calls."""

    state: CallState = CallState.OPEN
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=2000)] | None = None


class CallResponse(wire.Response):
    """A call with its clock: seconds until somebody came, and until it was solved."""

    call_id: str
    line_id: str
    station_id: str
    kind: CallKind
    text: str
    state: CallState
    raised_at: wire.Instant
    raised_by: str
    acknowledged_at: wire.Instant | None
    acknowledged_by: str | None
    seconds_until_acknowledged: wire.Total | None
    resolved_at: wire.Instant | None
    resolved_by: str | None
    seconds_until_resolved: wire.Total | None
    remedy: str | None
    version: int

    @classmethod
    def of(cls, kept: Kept[AndonCall]) -> Self:
        """Return the answer for a call."""
        call = kept.value
        return cls(
            call_id=call.call_id,
            line_id=call.line_id,
            station_id=call.station_id,
            kind=call.kind,
            text=call.text,
            state=call.state,
            raised_at=call.raised_at,
            raised_by=call.raised_by,
            acknowledged_at=call.acknowledged_at,
            acknowledged_by=call.acknowledged_by,
            seconds_until_acknowledged=_since(call, call.acknowledged_at),
            resolved_at=call.resolved_at,
            resolved_by=call.resolved_by,
            seconds_until_resolved=_since(call, call.resolved_at),
            remedy=call.remedy,
            version=kept.revision,
        )


class CallPageResponse(wire.Response):
    """One page of calls, the oldest first."""

    items: tuple[CallResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: CallPage) -> Self:
        """Return the answer for a page."""
        return cls(items=tuple(map(CallResponse.of, page.calls)), cursor=page.cursor)


def _since(call: AndonCall, at: datetime | None) -> Decimal | None:
    return None if at is None else Decimal(int((at - call.raised_at).total_seconds()))
