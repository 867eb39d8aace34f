"""Changes that items hold for a set, in DynamoDB: who reads one asks its set whether it counts (decision 0115).

Set        pk T#<tenant>#CHANGE_SET#<id>   sk SET
Members    same pk                         sk MEMBERS#<number>     the items of the set, some hundred each
Held       the item's own attributes ``held_set`` and ``held``, the same on its entry in the list

Only an item that holds a change costs a second call, and only until its set is settled.
"""

from collections.abc import Iterator, Mapping, Sequence

from enghub.core import codec
from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, RawItem
from enghub.core.commits import Kept
from enghub.core.dynamo import key
from enghub.settings.configs.change_sets import (
    IN_FORCE,
    ChangeSet,
    HeldChange,
    HeldSummary,
    switched,
    switched_summary,
)
from enghub.settings.configs.listing import Summary
from enghub.settings.configs.model import Address, Config

HELD = "held"


def set_partition(tenant_id: str, set_id: str) -> str:
    """Return the partition of a set."""
    return key("T", tenant_id, "CHANGE_SET", set_id)


SETS = Aggregate(
    ChangeSet,
    "CHANGE_SET",
    key=lambda one: (set_partition(one.tenant_id, one.set_id), "SET"),
    name="change_set",
    identity=lambda one: one.set_id,
    shows=("state", "size", "switched_at"),
)


def change_in(item: RawItem) -> HeldChange | None:
    """Return the change that an item holds."""
    return codec.loads(HeldChange, item[HELD]["S"]) if HELD in item else None


def resolved(items: Mapping[Address, RawItem]) -> dict[Address, Kept[Config]]:
    """Return those items whose held change is in force, as they are then; one BatchGetItem for the sets."""
    held = {address: change for address, item in items.items() if (change := change_in(item))}
    sets = _sets({address: (one.origin.tenant_id, one.set_id) for address, one in held.items()})
    found: dict[Address, Kept[Config]] = {}
    for address, change in held.items():
        state = sets.get((change.origin.tenant_id, change.set_id))
        if state is not None and state.switched_at is not None and state.state in IN_FORCE:
            found[address] = Kept(switched(change.after, state.switched_at), change.after.version)
    return found


def summaries(items: Sequence[tuple[RawItem, Summary | None]]) -> Iterator[Summary]:
    """Yield what a list shows of its entries, some of which hold a change; one BatchGetItem for the sets.

    The sets are read after the entries: of a set that is not switched then, no entry was settled before.
    """
    held = {n: codec.loads(HeldSummary, item[HELD]["S"]) for n, (item, _) in enumerate(items) if HELD in item}
    sets = _sets({n: (one.tenant_id, one.set_id) for n, one in held.items()})
    for number, (_, shown) in enumerate(items):
        change = held.get(number)
        state = None if change is None else sets.get((change.tenant_id, change.set_id))
        if change is not None and state is not None and state.switched_at is not None and state.state in IN_FORCE:
            shown = None if change.after is None else switched_summary(change.after, state.switched_at)  # noqa: PLW2901
        if shown is not None:
            yield shown


def _sets(wanted: Mapping[object, tuple[str, str]]) -> dict[tuple[str, str], ChangeSet]:
    keys: dict[Key, tuple[str, str]] = {(set_partition(*names), "SET"): names for names in wanted.values()}
    return {keys[at]: found for at, found in SETS.get_many(list(keys)).items()}
