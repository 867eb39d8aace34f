"""What people do with andon calls; each call tells those who can help, and others by event (MES-27)."""

from dataclasses import dataclass
from typing import Protocol

from enghub.core import ids
from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.mes import published
from enghub.mes.andon.errors import CallNotFound
from enghub.mes.andon.model import AndonCall, CallKind, CallState
from enghub.mes.factories import Factory
from enghub.mes.masters.service import Masters
from enghub.mes.plant.model import Station

HEARS = {
    CallKind.MAINTENANCE: ("MAINTENANCE", "SHIFT_LEAD"),
    CallKind.QUALITY: ("QUALITY_ENGINEER", "SHIFT_LEAD"),
    CallKind.MATERIAL: ("WAREHOUSE", "SHIFT_LEAD"),
    CallKind.SUPERVISOR: ("SHIFT_LEAD",),
    CallKind.SAFETY: ("SHIFT_LEAD", "TENANT_ADMIN"),
}
"""Roles that are told of a call in any case; the tenant's rules add to them."""


@dataclass(frozen=True, slots=True)
class CallPage:
    """One page of calls, the oldest first; ``cursor`` is where to go on, None at the end."""

    calls: tuple[Kept[AndonCall], ...]
    cursor: str | None


class CallRepository(Protocol):
    """Stores calls of many tenants and factories."""

    def get(self, factory: Factory, call_id: str) -> Kept[AndonCall] | None:
        """Return a call as it is now."""

    def save(self, commit: Commit[AndonCall]) -> Kept[AndonCall]:
        """Store a new call or a change of one.

        Raises:
            VersionConflict: somebody else changed it.
        """

    def page(self, factory: Factory, state: CallState, limit: int, cursor: str | None) -> CallPage:
        """Return a page of a factory's calls of one state."""


@dataclass(frozen=True, slots=True)
class RaiseCall:
    """A station needs help; ``call_id`` of the sender's own makes a repeat recognised."""

    origin: Origin
    station_id: str
    kind: CallKind
    text: str
    call_id: str | None = None


class Andon:
    """The use cases."""

    def __init__(self, repository: CallRepository, stations: Masters[Station]) -> None:
        self._repository = repository
        self._stations = stations

    def raise_call(self, command: RaiseCall) -> Kept[AndonCall]:
        """Store a call and tell who can help.

        Raises:
            MasterNotFound: there is no such station.
        """
        origin, factory = command.origin, Factory.of(command.origin)
        known = self._repository.get(factory, command.call_id) if command.call_id else None
        if known is not None:
            return known
        station = self._stations.get(factory, command.station_id).value
        call = AndonCall(
            factory=factory,
            call_id=command.call_id or ids.new_id(origin.at),
            line_id=station.line_id,
            station_id=station.station_id,
            kind=command.kind,
            text=command.text,
            raised_at=origin.at,
            raised_by=origin.user_id,
        )
        events = (published.AndonRaised.model_validate(_facts(call)).envelope(origin), _notice(call).envelope(origin))
        return self._repository.save(Commit(origin, "raised", call, events=events))

    def acknowledge(self, origin: Origin, call_id: str, version: int) -> Kept[AndonCall]:
        """Note that somebody came; the same person again gets the stored call.

        Raises:
            CallNotFound, CallNotOpen, VersionConflict
        """
        before = self._kept(origin, call_id)
        if before.revision == version + 1 and before.value.acknowledged_by == origin.user_id:
            return before
        _check_version(before, version)
        return self._save(origin, "acknowledged", before.value.acknowledge(origin.user_id, origin.at), before)

    def resolve(self, origin: Origin, call_id: str, version: int, remedy: str) -> Kept[AndonCall]:
        """Note that it is solved; the same person and remedy again get the stored call.

        Raises:
            CallNotFound, CallNotOpen, VersionConflict
        """
        before = self._kept(origin, call_id)
        if before.revision == version + 1 and before.value.remedy == remedy:
            return before
        _check_version(before, version)
        return self._save(origin, "resolved", before.value.resolve(origin.user_id, origin.at, remedy), before)

    def get(self, factory: Factory, call_id: str) -> Kept[AndonCall]:
        """Return a call.

        Raises:
            CallNotFound
        """
        found = self._repository.get(factory, call_id)
        if found is None:
            raise CallNotFound(call_id=call_id)
        return found

    def page(self, factory: Factory, state: CallState, limit: int, cursor: str | None) -> CallPage:
        """Return a page of calls."""
        return self._repository.page(factory, state, limit, cursor)

    def _kept(self, origin: Origin, call_id: str) -> Kept[AndonCall]:
        return self.get(Factory.of(origin), call_id)

    def _save(self, origin: Origin, action: str, after: AndonCall, before: Kept[AndonCall]) -> Kept[AndonCall]:
        event = published.AndonChanged.model_validate(_facts(after)).envelope(origin)
        return self._repository.save(Commit(origin, action, after, before, (event,)))


def _check_version(kept: Kept[AndonCall], version: int) -> None:
    if kept.revision != version:
        raise VersionConflict(expected=version, actual=kept.revision)


def _facts(call: AndonCall) -> dict[str, object]:
    return {
        "call_id": call.call_id,
        "line_id": call.line_id,
        "station_id": call.station_id,
        "kind": call.kind.value,
        "state": call.state.value,
        "raised_at": call.raised_at,
        "acknowledged_at": call.acknowledged_at,
        "resolved_at": call.resolved_at,
    }


def _notice(call: AndonCall) -> NoticeRequested:
    is_urgent = call.kind is CallKind.SAFETY
    return NoticeRequested(
        notice_type="mes.andon_raised",
        severity=Severity.CRITICAL if is_urgent else Severity.WARNING,
        subject=f"andon/{call.call_id}",
        facts={"station": call.station_id, "line": call.line_id, "kind": call.kind.value, "text": call.text},
        roles=HEARS[call.kind],
        acknowledge=True,
        dedupe_key=f"andon/{call.factory.factory_id}/{call.call_id}",
    )
