"""Configuration items in DynamoDB.

Item          pk T#<tenant>#CONFIG#<layer>#<user>#<key>   sk ITEM
Version       same pk                                     sk V#<number>        never removed (CFG-06: 3 years and more)
Reference     pk of the item referred to                  sk REF#<layer>#<tenant>#<user>#<key>
Their count   pk of the item referred to                  sk REFERENCES
Summary       pk T#<tenant>#CONFIGS#<layer>#<user>        sk CARD#<key>        what lists read
Items' count  same pk                                     sk COUNT

The global layer is tenant ``*``. Every item has a partition of its own, so the hottest key of the global layer limits
nobody else.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from enghub.core import codec, dynamo, outbox
from enghub.core.aggregates import Aggregate, Attributes, Items, many
from enghub.core.claims import Claim
from enghub.core.codec import Key, Layout, RawItem
from enghub.core.commits import Kept
from enghub.core.dynamo import Attr, Page, key, parts
from enghub.core.events import Envelope
from enghub.core.idempotency import puts
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.core.strictjson import parse_json, write_json
from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import DueTimer, SetTimer
from enghub.core.transactions import MAX_TRANSACTION_ITEMS, Check, Delete, Update, Write, absent, transact
from enghub.settings.configs.commits import ConfigCommit, boundary_timer
from enghub.settings.configs.listing import MAX_ITEMS_PER_LAYER, Looked, Summary, summary_of
from enghub.settings.configs.model import EVERY_TENANT, Address, Config, Layer, Operation, Owner, Slot
from enghub.settings.configs.repository import Held, LayerIsFull, Outdated, Referenced, TargetGone

if TYPE_CHECKING:
    from enghub.settings.configs import held
else:
    held = lazy("enghub.settings.configs.held")

ROOM = MAX_TRANSACTION_ITEMS
"""Writes of one transaction."""
MAX_DEPENDANTS = 100
Pair = tuple[Address, Address]
"""An item that is referred to, and the one that refers to it."""
HELD, HELD_SET, LEAVING = "held", "held_set", "held_deletion"
"""A change that an item, or its entry in the list, holds for a change set; its set; whether it deletes the item."""
HOLDING = (HELD, HELD_SET, LEAVING)


def _partition(address: Address) -> str:
    owner = address.owner
    return key("T", owner.tenant_id, "CONFIG", owner.layer, owner.user_id, address.config_key)


def list_partition(owner: Owner) -> str:
    """Return the partition of a layer's list."""
    return key("T", owner.tenant_id, "CONFIGS", owner.layer, owner.user_id)


def _version_key(address: Address, version: int) -> Key:
    return _partition(address), key("V", f"{version:010d}")


def _parts(address: Address) -> list[str]:
    return [address.owner.layer, address.owner.tenant_id, address.owner.user_id, address.config_key]


def _address(layer: str, tenant_id: str, user_id: str, config_key: str) -> Address:
    return Address(Owner(Layer(layer), tenant_id, user_id), config_key)


def _identity(config: Config) -> str:
    owner = config.address.owner
    return f"{owner.layer}/{owner.user_id or '-'}/{config.address.config_key}"


def _place_in_index(config: Config) -> Attributes:
    """Where it is found by its key: a tenant's among those that override the global one, a user's in the tenant."""
    owner = config.address.owner
    if config.is_deleted or owner.layer is Layer.GLOBAL:
        return {}
    space = EVERY_TENANT if owner.layer is Layer.TENANT else owner.tenant_id
    return {"gsi1pk": _key_partition(space, config.address.config_key), "gsi1sk": key(owner.tenant_id, owner.user_id)}


def _key_partition(tenant_id: str, config_key: str) -> str:
    return key("T", tenant_id, "CONFIG_KEY", config_key)


def known_partition(owner: Owner) -> str:
    """Where the owners that have settings are found: tenants of the whole, users of a tenant."""
    return key("T", EVERY_TENANT if owner.layer is Layer.TENANT else owner.tenant_id, "CONFIG_OWNERS", owner.layer)


def _shown(config: Config) -> Attributes | None:
    if config.is_deleted:
        return None
    saved = {"version": config.version, **config.content.facts()}
    if config.unconditional:
        saved["unconditional"] = True
    if config.change_request:
        saved |= {"changeRequestId": config.change_request, "approvedBy": list(config.approved_by)}
    return saved


LAYOUT = Layout(
    flat=("address", "address.owner", "content"),
    names={
        "address.owner.tenant_id": "owner_tenant_id",
        "address.owner.user_id": "owner_user_id",
        "content.value": "config_value",
        "content.type": "config_type",
        "content.rule": "validation_rule",
        "content.mode": "effective_mode",
        "reason": "change_reason",
    },
    forms={
        "content.rule": (write_json, parse_json),
        "others": (
            lambda found: json.dumps([codec.dumps(slot) for slot in found]),
            lambda text: tuple(codec.loads(Slot, one) for one in json.loads(text)),
        ),
        "references": (
            lambda found: json.dumps([_parts(target) for target in found], ensure_ascii=False),
            lambda text: tuple(_address(*parts) for parts in json.loads(text)),
        ),
    },
)
CONFIGS = Aggregate(
    Config,
    "CONFIG",
    key=lambda config: (_partition(config.address), "ITEM"),
    layout=LAYOUT,
    name="config",
    identity=_identity,
    more=_place_in_index,
    shows=_shown,
    revision="version",
    exists=lambda config: Outdated(config.address),
    missing=lambda config: Outdated(config.address),
    # A version that is not stored yet is that of a held change, in force before its item is settled.
    outdated=lambda config, seen, actual: Held(config.address) if seen > actual else Outdated(config.address),
    ordered_by=lambda config: _partition(config.address),
)
VERSIONS = Items(
    Config,
    "CONFIG_VERSION",
    key=lambda config: _version_key(config.address, config.version),
    layout=LAYOUT,
)
SUMMARIES = Items(Summary, "CONFIG_CARD", layout=Layout(names={"value": "config_value", "type": "config_type"}))


@dataclass(frozen=True, slots=True)
class Reference:
    """That one item refers to another, stored with the other."""

    source: Address


REFERENCES = Items(
    Reference,
    "CONFIG_REFERENCE",
    layout=Layout(
        forms={"source": (lambda one: json.dumps(_parts(one)), lambda text: _address(*json.loads(text)))},
    ),
)
COUNT_ENTITY = "CONFIG_COUNT"
"""How many items a layer holds, or how many refer to an item."""


class DynamoConfigs:
    """The items in the context's table; see ``ConfigRepository``.

    ``beyond`` stores commits that one transaction does not hold; who only reads, or changes few, has none.
    """

    def __init__(self, beyond: Callable[..., Mapping[Address, Config]] | None = None) -> None:
        self._beyond = beyond

    def load(self, addresses: Sequence[Address]) -> Mapping[Address, Kept[Config]]:
        """Return the items that exist; a BatchGetItem per 100, one more while some of them hold changes of a set."""
        by_key = {(_partition(address), "ITEM"): address for address in addresses}
        items = {by_key[pair]: item for pair, item in many(list(by_key))}
        found = {address: CONFIGS.kept(item) for address, item in items.items()}
        waiting = {address: item for address, item in items.items() if HELD in item}
        return {**found, **held.resolved(waiting)} if waiting else found

    def version(self, address: Address, version: int) -> Config | None:
        """Return one version; one GetItem."""
        return VERSIONS.get(_version_key(address, version))

    def summaries(self, owner: Owner) -> Iterator[Summary]:
        """Yield a layer's summaries; one Query for each MB, one call more while some hold changes of a set."""
        return _shown_in_lists(list(dynamo.each(list_partition(owner), prefix="CARD#")))

    def summaries_after(self, owner: Owner, after: str, most: int) -> Looked:
        """Return a part of a layer's summaries; one Query, however many the layer holds."""
        first = key("CARD", after) + ("!" if after else "")  # sorts behind the key itself, before every longer one
        found = dynamo.query(list_partition(owner), between=(first, "CARD#~"), limit=most)
        last = parts(found.items[-1]["sk"]["S"])[1] if found.cursor is not None else None
        return Looked(tuple(_shown_in_lists(found.items)), last)

    def keys(self, owner: Owner, beginning: str, most: int) -> Sequence[str]:
        """Return keys that begin so; one Query for each MB of entries."""
        found = dynamo.each(list_partition(owner), prefix="CARD#" + key(beginning), limit=most)
        return [parts(item["sk"]["S"])[1] for item in islice(found, most)]

    def history(self, address: Address, limit: int, cursor: str | None) -> Page[Config]:
        """Return versions, the newest first; one Query."""
        return VERSIONS.page(_partition(address), prefix="V#", limit=limit, cursor=cursor, newest_first=True)

    def overrides(self, address: Address, most: int) -> Sequence[Owner]:
        """Return who has an own value nearer to users, the next layer alone; one Query."""
        owner = address.owner
        near = Layer.TENANT if owner.layer is Layer.GLOBAL else Layer.USER
        page = dynamo.query(_key_partition(owner.tenant_id, address.config_key), index="gsi1", limit=most)
        return [Owner(near, *parts(item["gsi1sk"]["S"])) for item in page.items]

    def known(self, owner: Owner, most: int) -> int:
        """Return how many owners of the next layer have settings at all, up to ``most``; one Query."""
        near = Owner(Layer.TENANT if owner.layer is Layer.GLOBAL else Layer.USER, owner.tenant_id)
        return len(dynamo.query(known_partition(near), index="gsi1", limit=most).items)

    def dependants(self, address: Address) -> Sequence[Address]:
        """Return what refers to the item; one Query."""
        page = REFERENCES.page(_partition(address), prefix="REF#", limit=MAX_DEPENDANTS)
        return [reference.source for reference in page.items]

    def save(
        self,
        commits: Sequence[ConfigCommit],
        claim: Claim | None,
        answered: Callable[[Mapping[Address, Config]], Any],
        alongside: Sequence[Any] = (),
    ) -> Mapping[Address, Config]:
        """Store the commits; one TransactWriteItems, or as many as it takes where they do not fit."""
        writes = writes_of(commits)
        if self._beyond is not None and len(writes) + len(alongside) + (claim is not None) > ROOM:
            return self._beyond(commits, claim, answered, alongside)
        stored = {commit.after.address: commit.after for commit in commits}
        transact(*puts(claim, answered(stored)), *writes, *alongside)
        return stored

    def tell(self, config: Config, due: DueTimer, event: Envelope, origin: Origin) -> None:
        """Store that another version answers now: the list shows it, the event leaves, the next timer is set."""
        address, timer = config.address, boundary_timer(config, origin.at)
        rung = (
            timers.fired_and_set(due, timer, origin) if isinstance(timer, SetTimer) else (timers.fired(due, origin.at),)
        )
        same = (Attr("version") == config.version) & Attr(HELD_SET).does_not_exist()
        card = list_partition(address.owner), key("CARD", address.config_key)
        transact(
            *rung,
            SUMMARIES.put(summary_of(config, origin.at), same, lambda: Outdated(address), at=card),
            outbox.to_outbox(event, subject=_partition(address)),
        )


def _shown_in_lists(items: Sequence[RawItem]) -> Iterator[Summary]:
    shown = [(item, SUMMARIES.value(item) if "config_key" in item else None) for item in items]
    if any(HELD in item for item in items):
        return held.summaries(shown)
    return (summary for _, summary in shown if summary is not None)


def writes_of(commits: Sequence[ConfigCommit]) -> list[Write]:
    """Return what stores commits in one transaction."""
    return [
        *(write for commit in commits for write in writes_of_one(commit)),
        *count_writes(counted(commits), deleted(commits)),
        *reference_writes(added(commits), removed(commits), {commit.after.address for commit in commits}),
    ]


def writes_of_one(commit: ConfigCommit, held_set: str | None = None) -> list[Write]:
    """Return what stores one commit, without counts and references; ``held_set``: its item held it for that set."""
    after = commit.after
    held_by = Attr(HELD_SET)
    free = held_by.does_not_exist() if held_set is None else held_by == held_set
    first, *others = CONFIGS.writes(commit, free, lambda: Held(after.address))[1]
    if held_set is not None:
        assert isinstance(first, Update)  # noqa: S101 - an item that holds a change is stored
        first = replace(first, actions=[*first.actions, *(Attr(name).remove() for name in HOLDING)])
    version = VERSIONS.put(after, absent(), lambda: Outdated(after.address))
    at = card_key(after.address)
    if commit.operation is not Operation.DELETE:
        return [first, *others, version, SUMMARIES.put(summary_of(after, commit.origin.at), at=at)]
    check = [unreferenced(after.address)] if held_set is None else []
    return [first, *others, version, Delete(at), *check]


def card_key(address: Address) -> Key:
    """Return where a layer's list keeps its entry of an item."""
    return list_partition(address.owner), key("CARD", address.config_key)


def item_key(address: Address) -> Key:
    """Return where an item is kept."""
    return _partition(address), "ITEM"


def unreferenced(address: Address) -> Check:
    """Return the check that nothing refers to an item."""
    unused = Attr("number").does_not_exist() | (Attr("number") == 0)
    return Check(_partition(address), "REFERENCES", unused, lambda _: Referenced(address))


def counted(commits: Sequence[ConfigCommit], each: int = 1) -> Counter[Owner]:
    """Return how many items each layer has more, counting those that are created (or less, with ``each`` -1)."""
    return Counter({owner: each * n for owner, n in Counter(_owner(one) for one in commits if one.is_new).items()})


def deleted(commits: Sequence[ConfigCommit]) -> Counter[Owner]:
    """Return how many items each layer has more, counting those that are deleted: none or less."""
    gone = Counter(_owner(one) for one in commits if one.after.is_deleted)
    return Counter({owner: -n for owner, n in gone.items()})


def _owner(commit: ConfigCommit) -> Owner:
    return commit.after.address.owner


def count_writes(*counts: Counter[Owner]) -> Iterator[Write]:
    """Yield what counts the items of each layer, once per layer."""
    total: Counter[Owner] = Counter()
    for one in counts:
        total.update(one)
    number = Attr("number")
    for owner, more in total.items():
        if more != 0:
            room = number.does_not_exist() | (number <= MAX_ITEMS_PER_LAYER - more) if more > 0 else None
            listed = [] if owner.layer is Layer.GLOBAL else _listed(owner)
            yield Update((list_partition(owner), "COUNT"), [*_counted(more), *listed], room, lambda _: LayerIsFull())


def _listed(owner: Owner) -> list[Any]:
    return [Attr("gsi1pk").set(known_partition(owner)), Attr("gsi1sk").set(key(owner.tenant_id, owner.user_id))]


def _counted(more: int) -> list[Any]:
    return [Attr("number").add(more), Attr("entity").set(COUNT_ENTITY)]


def added(commits: Sequence[ConfigCommit]) -> list[Pair]:
    """Return the new references of commits."""
    return [(target, commit.after.address) for commit in commits for target in commit.added]


def removed(commits: Sequence[ConfigCommit]) -> list[Pair]:
    """Return the references that commits end."""
    return [(target, commit.after.address) for commit in commits for target in commit.removed]


def reference_writes(more: Sequence[Pair], less: Sequence[Pair], changed: Collection[Address] = ()) -> Iterator[Write]:
    """Yield what keeps references and their counts; a target is written once, however many commits refer to it.

    Targets of new ones that are not ``changed`` with them must be there, and stay.
    """
    yield from (REFERENCES.put(Reference(source), at=_reference_key(target, source)) for target, source in more)
    yield from (Delete(_reference_key(target, source)) for target, source in less)
    counts = Counter(target for target, _ in more)
    counts.subtract(target for target, _ in less)
    for target in sorted(counts):
        yield Update((_partition(target), "REFERENCES"), _counted(counts[target]))
    alive = (Attr("is_deleted") == False) & Attr(LEAVING).does_not_exist()  # noqa: E712 - builds a condition
    for target in sorted({target for target, _ in more} - set(changed)):
        yield Check(*item_key(target), alive, lambda _, target=target: TargetGone(target))  # type: ignore[misc]


def _reference_key(target: Address, source: Address) -> Key:
    return _partition(target), key("REF", *_parts(source))
