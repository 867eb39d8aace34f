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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enghub.core.aggregates import Aggregate, Items
from enghub.core.claims import Claim
from enghub.core.codec import Key, Layout
from enghub.core.commits import Kept
from enghub.core.dynamo import Attr, key
from enghub.core.idempotency import puts
from enghub.core.strictjson import parse_json, write_json
from enghub.core.transactions import Check, Delete, Update, Write, absent, transact
from enghub.settings.configs.listing import MAX_ITEMS_PER_LAYER, Summary, summary_of
from enghub.settings.configs.model import Address, Config, ConfigCommit, Layer, Operation, Owner
from enghub.settings.configs.repository import LayerIsFull, Outdated, Referenced, TargetGone

MAX_DEPENDANTS = 100


def _partition(address: Address) -> str:
    owner = address.owner
    return key("T", owner.tenant_id, "CONFIG", owner.layer, owner.user_id, address.config_key)


def _list_partition(owner: Owner) -> str:
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


LAYOUT = Layout(
    flat=("address", "address.owner", "content"),
    names={
        "address.owner.tenant_id": "owner_tenant_id",
        "address.owner.user_id": "owner_user_id",
        "content.value": "config_value",
        "content.type": "config_type",
        "content.rule": "validation_rule",
        "content.mode": "effective_mode",
    },
    forms={
        "content.rule": (write_json, parse_json),
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
    shows=lambda config: None if config.is_deleted else {"version": config.version, **config.content.facts()},
    revision="version",
    exists=lambda config: Outdated(config.address),
    missing=lambda config: Outdated(config.address),
    outdated=lambda config, _, __: Outdated(config.address),
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
    """The items in the context's table; see ``ConfigRepository``."""

    def load(self, addresses: Sequence[Address]) -> Mapping[Address, Kept[Config]]:
        """Return the items that exist; one BatchGetItem."""
        by_key = {(_partition(address), "ITEM"): address for address in addresses}
        return {by_key[pair]: kept for pair, kept in CONFIGS.read_many(list(by_key)).items()}

    def version(self, address: Address, version: int) -> Config | None:
        """Return one version; one GetItem."""
        return VERSIONS.get(_version_key(address, version))

    def summaries(self, owner: Owner) -> Iterator[Summary]:
        """Yield a layer's summaries; one Query for each MB."""
        return SUMMARIES.each(_list_partition(owner), prefix="CARD#")

    def dependants(self, address: Address) -> Sequence[Address]:
        """Return what refers to the item; one Query."""
        page = REFERENCES.page(_partition(address), prefix="REF#", limit=MAX_DEPENDANTS)
        return [reference.source for reference in page.items]

    def writes_of(self, commits: Sequence[ConfigCommit]) -> int:
        """Return how many items of the transaction the commits take."""
        return len(_writes(commits))

    def save(self, commits: Sequence[ConfigCommit], claim: Claim | None, answered: Any) -> None:
        """Store the commits; one TransactWriteItems."""
        transact(*puts(claim, answered), *_writes(commits))


def _writes(commits: Sequence[ConfigCommit]) -> list[Write]:
    return [
        *(write for commit in commits for write in _writes_of_one(commit)),
        *_count_writes(commits),
        *_reference_writes(commits),
    ]


def _writes_of_one(commit: ConfigCommit) -> Iterator[Write]:
    after = commit.after
    led = {"operation": commit.operation, "reason": commit.reason, "request_id": commit.origin.request_id}
    yield from CONFIGS.writes(commit)[1]
    yield VERSIONS.put(after, absent(), lambda: Outdated(after.address), more=led)
    at = _list_partition(after.address.owner), key("CARD", after.address.config_key)
    if commit.operation is Operation.DELETE:
        unused = Attr("number").does_not_exist() | (Attr("number") == 0)
        yield Delete(at)
        yield Check(_partition(after.address), "REFERENCES", unused, lambda _: Referenced(after.address))
    else:
        yield SUMMARIES.put(summary_of(after), at=at)


def _count_writes(commits: Sequence[ConfigCommit]) -> Iterator[Write]:
    """Yield what counts the items of each layer, once per layer however many are created."""
    step = {Operation.CREATE: 1, Operation.DELETE: -1}
    counts: Counter[Owner] = Counter()
    for commit in commits:
        counts[commit.after.address.owner] += step.get(commit.operation, 0)
    number = Attr("number")
    for owner, more in counts.items():
        if more != 0:
            room = number.does_not_exist() | (number <= MAX_ITEMS_PER_LAYER - more) if more > 0 else None
            yield Update((_list_partition(owner), "COUNT"), _counted(more), room, lambda _: LayerIsFull())


def _counted(more: int) -> list[Any]:
    return [Attr("number").add(more), Attr("entity").set(COUNT_ENTITY)]


def _reference_writes(commits: Sequence[ConfigCommit]) -> Iterator[Write]:
    """Yield what keeps references and their counts; a target is written once, however many commits refer to it."""
    counts: Counter[Address] = Counter()
    changed = {commit.after.address for commit in commits}
    for commit in commits:
        source = commit.after.address
        for target in commit.added:
            counts[target] += 1
            yield REFERENCES.put(Reference(source), at=_reference_key(target, source))
        for target in commit.removed:
            counts[target] -= 1
            yield Delete(_reference_key(target, source))
    for target in sorted(counts):
        yield Update((_partition(target), "REFERENCES"), _counted(counts[target]))
    alive = Attr("is_deleted") == False  # noqa: E712 - builds a condition
    for target in sorted({target for commit in commits for target in commit.added} - changed):
        yield Check(_partition(target), "ITEM", alive, lambda _, target=target: TargetGone(target))  # type: ignore[misc]


def _reference_key(target: Address, source: Address) -> Key:
    return _partition(target), key("REF", *_parts(source))
