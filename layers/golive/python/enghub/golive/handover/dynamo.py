"""Hand-overs in DynamoDB: pk T#<tenant>#GOLIVE#<go-live>#HANDOVER, sk HANDOVER."""

from datetime import datetime

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key
from enghub.core.timers.dynamo import fired, fired_and_set
from enghub.core.timers.model import DueTimer, SetTimer
from enghub.core.transactions import Write, transact
from enghub.golive.handover.errors import HandoverNotFound
from enghub.golive.handover.model import Handover


def _key(tenant_id: str, go_live_id: str) -> Key:
    return key("T", tenant_id, "GOLIVE", go_live_id, "HANDOVER"), "HANDOVER"


def _shown(one: Handover) -> dict[str, object]:
    items = {name: f"{item.state} {item.by}".strip() for name, item in one.items.items()}
    signed = {f"signed/{side}": sign.by for side, sign in one.sign_offs.items()}
    plan = {"starts_on": one.starts_on, "development": one.development, "operations": one.operations}
    return {**plan, "accepted_at": one.accepted_at, "reviews": sorted(one.reviews), **items, **signed}


HANDOVERS = Aggregate(
    Handover,
    "HANDOVER",
    key=lambda one: _key(one.tenant_id, one.go_live_id),
    name="handover",
    identity=lambda one: one.go_live_id,
    shows=_shown,
    missing=lambda one: HandoverNotFound(go_live_id=one.go_live_id),
)


class DynamoHandovers:
    """The store of hand-overs."""

    def get(self, tenant_id: str, go_live_id: str) -> Kept[Handover] | None:
        """One consistent GetItem."""
        return HANDOVERS.read(_key(tenant_id, go_live_id))

    def save(
        self, commit: Commit[Handover], due: DueTimer | None = None, again: SetTimer | None = None
    ) -> Kept[Handover]:
        """One transaction."""
        more: list[Write] = []
        if due is not None:
            more += fired_and_set(due, again, commit.origin) if again else (fired(due, commit.origin.at),)
        return HANDOVERS.save(commit, *more)

    def rest(self, due: DueTimer, now: datetime) -> None:
        """One transaction."""
        transact(fired(due, now))
