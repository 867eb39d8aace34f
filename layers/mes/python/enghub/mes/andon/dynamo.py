"""Andon calls in DynamoDB: an item each, listed by state and begin in ``gsi1``."""

from typing import Any

from enghub.core import clock
from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key, query
from enghub.mes.andon.model import AndonCall, CallState
from enghub.mes.andon.service import CallPage
from enghub.mes.factories import Factory
from enghub.mes.masters.dynamo import factory_of_key


def _key(factory: Factory, call_id: str) -> Key:
    return key("T", factory.tenant_id, "F", factory.factory_id, "ANDON", call_id), "CALL"


def _list(factory: Factory, state: CallState) -> str:
    return key("T", factory.tenant_id, "F", factory.factory_id, "ANDON-CALLS", state.value)


def _place(call: AndonCall) -> dict[str, Any]:
    when = key(clock.to_text(call.raised_at), call.call_id)
    return {"gsi1pk": _list(call.factory, call.state), "gsi1sk": when}


CALLS = Aggregate(
    AndonCall,
    "ANDON_CALL",
    key=lambda call: _key(call.factory, call.call_id),
    layout=Layout(given=("factory",), of_key=factory_of_key),
    more=_place,
    name="andon_call",
    identity=lambda call: call.call_id,
    factory=lambda call: call.factory.factory_id,
    shows=("station_id", "kind", "state", "acknowledged_by", "resolved_by", "remedy"),
)


class DynamoCalls:
    """The store."""

    def get(self, factory: Factory, call_id: str) -> Kept[AndonCall] | None:
        """One consistent GetItem."""
        return CALLS.read(_key(factory, call_id))

    def save(self, commit: Commit[AndonCall]) -> Kept[AndonCall]:
        """One transaction: the call, its audit entry, its events."""
        return CALLS.save(commit)

    def page(self, factory: Factory, state: CallState, limit: int, cursor: str | None) -> CallPage:
        """One Query of ``gsi1``."""
        found = query(_list(factory, state), index="gsi1", limit=limit, cursor=cursor)
        return CallPage(tuple(map(CALLS.kept, found.items)), found.cursor)
