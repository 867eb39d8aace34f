"""Configuration items in DynamoDB.

Item          pk T#<tenant>#CONFIG#<layer>#<user>#<key>   sk ITEM
Version       same pk                                     sk V#<number>        never removed (CFG-06: 3 years and more)
Reference     pk of the item referred to                  sk REF#<layer>#<tenant>#<user>#<key>
Their count   pk of the item referred to                  sk REFERENCES
Card          pk T#<tenant>#CONFIGS#<layer>#<user>        sk CARD#<key>        what lists read
Items' count  same pk                                     sk COUNT

The global layer is tenant ``*``. Every item has a partition of its own, so the hottest key of the global layer limits
nobody else.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from enghub.core import audit
from enghub.core.dynamo import InstantAttribute, RawItem, Record, key, read_many
from enghub.core.idempotency import Once, puts
from enghub.core.outbox import to_outbox
from enghub.core.strictjson import parse_json, write_json
from enghub.core.transactions import Check, Delete, Put, Update, Write, absent, transact
from enghub.settings.configs.listing import MAX_ITEMS_PER_LAYER, Card, card_of
from enghub.settings.configs.model import (
    Address,
    Change,
    Config,
    ConfigType,
    Content,
    EffectiveMode,
    Layer,
    Operation,
    Owner,
    Scope,
)
from enghub.settings.configs.repository import LayerIsFull, Outdated, Referenced, TargetGone
from enghub.settings.published import configuration_changed

MAX_DEPENDANTS = 100


class ConfigRecord(Record):
    """One item, as it is now."""

    ENTITY = "CONFIG"

    owner_tenant_id = UnicodeAttribute()
    layer = UnicodeAttribute()
    owner_user_id = UnicodeAttribute()
    config_key = UnicodeAttribute()
    config_value = UnicodeAttribute()
    config_type = UnicodeAttribute()
    scope = UnicodeAttribute()
    category = UnicodeAttribute()
    tags = JSONAttribute()
    description = UnicodeAttribute()
    validation_rule = UnicodeAttribute(null=True)
    expire_at = InstantAttribute(null=True)
    is_active = BooleanAttribute()
    effective_mode = UnicodeAttribute()
    is_encrypted = BooleanAttribute()
    version = NumberAttribute()
    created_by = UnicodeAttribute()
    created_at = InstantAttribute()
    updated_by = UnicodeAttribute()
    updated_at = InstantAttribute()
    references = JSONAttribute()
    is_deleted = BooleanAttribute()
    audit_sequence = NumberAttribute()
    audit_hash = UnicodeAttribute()

    def to_config(self) -> Config:
        """Return the item."""
        owner = Owner(Layer(self.layer), self.owner_tenant_id, self.owner_user_id)
        return Config(
            address=Address(owner, self.config_key),
            content=Content(
                value=self.config_value,
                type=ConfigType(self.config_type),
                scope=Scope(self.scope),
                category=self.category,
                tags=tuple(self.tags),
                description=self.description,
                rule=None if self.validation_rule is None else parse_json(self.validation_rule),
                expire_at=self.expire_at,
                is_active=self.is_active,
                mode=EffectiveMode(self.effective_mode),
                is_encrypted=self.is_encrypted,
            ),
            version=int(self.version),
            created_by=self.created_by,
            created_at=self.created_at,
            updated_by=self.updated_by,
            updated_at=self.updated_at,
            references=tuple(_address(*parts) for parts in self.references),
            is_deleted=self.is_deleted,
            audit_sequence=int(self.audit_sequence),
            audit_hash=self.audit_hash,
        )


class VersionRecord(ConfigRecord):
    """One version of an item, with what led to it."""

    ENTITY = "CONFIG_VERSION"

    operation = UnicodeAttribute()
    reason = UnicodeAttribute()
    request_id = UnicodeAttribute()


class CardRecord(Record):
    """What lists show of an item."""

    ENTITY = "CONFIG_CARD"

    config_key = UnicodeAttribute()
    config_value = UnicodeAttribute(null=True)
    config_type = UnicodeAttribute()
    scope = UnicodeAttribute()
    category = UnicodeAttribute()
    tags = JSONAttribute()
    description = UnicodeAttribute()
    is_active = BooleanAttribute()
    version = NumberAttribute()
    created_by = UnicodeAttribute()
    created_at = InstantAttribute()
    updated_by = UnicodeAttribute()
    updated_at = InstantAttribute()
    expire_at = InstantAttribute(null=True)


class CountRecord(Record):
    """How many items a layer holds, or how many refer to an item."""

    ENTITY = "CONFIG_COUNT"

    number = NumberAttribute()


class ReferenceRecord(Record):
    """That one item refers to another."""

    ENTITY = "CONFIG_REFERENCE"

    source = JSONAttribute()


class DynamoConfigs:
    """The items in the context's table; see ``ConfigRepository``."""

    def load(self, addresses: Sequence[Address]) -> Mapping[Address, Config]:
        """Return the items that exist; one BatchGetItem."""
        if not addresses:
            return {}
        by_key = {(_partition(address), "ITEM"): address for address in addresses}
        found = read_many(list(by_key))
        return {by_key[pair]: ConfigRecord.from_raw_data(raw).to_config() for pair, raw in found.items()}

    def version(self, address: Address, version: int) -> Config | None:
        """Return one version; one GetItem."""
        record = VersionRecord.read(_partition(address), _version_key(version))
        return None if record is None else record.to_config()

    def cards(self, owner: Owner) -> Iterator[Card]:
        """Yield a layer's cards; one Query for each MB."""
        for record in CardRecord.items(_list_partition(owner), prefix="CARD#"):
            yield Card(
                config_key=record.config_key,
                value=record.config_value,
                type=ConfigType(record.config_type),
                scope=Scope(record.scope),
                category=record.category,
                tags=tuple(record.tags),
                description=record.description,
                is_active=record.is_active,
                version=int(record.version),
                created_by=record.created_by,
                created_at=record.created_at,
                updated_by=record.updated_by,
                updated_at=record.updated_at,
                expire_at=record.expire_at,
            )

    def dependants(self, address: Address) -> Sequence[Address]:
        """Return what refers to the item; one Query."""
        page = ReferenceRecord.page(_partition(address), prefix="REF#", limit=MAX_DEPENDANTS)
        return [_address(*record.source) for record in page.items]

    def writes_of(self, changes: Sequence[Change]) -> int:
        """Return how many items of the transaction the changes take."""
        return len(_writes(changes))

    def save(self, changes: Sequence[Change], once: Once | None, answered: Any) -> None:
        """Store the changes; one TransactWriteItems."""
        transact(*puts(once, answered), *_writes(changes))


def _writes(changes: Sequence[Change]) -> list[Write]:
    return [
        *(write for change in changes for write in _writes_of_one(change)),
        *_count_writes(changes),
        *_reference_writes(changes),
    ]


def _writes_of_one(change: Change) -> Iterator[Write]:
    after, partition = change.after, _partition(change.after.address)
    entry = audit.AuditEntry(
        origin=change.origin,
        action=f"config.{change.operation.lower()}",
        subject=key(after.address.owner.layer, after.address.owner.user_id, after.address.config_key),
        before=_audited(change.before),
        after=_audited(after),
        previous=audit.Link(after.audit_sequence, after.audit_hash),
        reason=change.reason,
    )
    stored = {**_attributes(after), "audit_sequence": entry.link.sequence, "audit_hash": entry.link.hash}
    version = ConfigRecord.version
    unchanged = absent() if change.before is None else version == change.before.version

    def outdated(_: RawItem | None) -> Exception:
        return Outdated(change)

    yield Put(ConfigRecord(pk=partition, sk="ITEM", **stored), unchanged, outdated)
    yield Put(
        VersionRecord(
            pk=partition,
            sk=_version_key(after.version),
            operation=change.operation,
            reason=change.reason,
            request_id=change.origin.request_id,
            **stored,
        ),
        absent(),
        outdated,
    )
    yield from _card_writes(change)
    yield audit.to_put(entry)
    yield to_outbox(configuration_changed(change), subject=partition)


def _count_writes(changes: Sequence[Change]) -> Iterator[Write]:
    """Yield what counts the items of each layer, once per layer however many are created."""
    step = {Operation.CREATE: 1, Operation.DELETE: -1}
    counts: Counter[Owner] = Counter()
    for change in changes:
        counts[change.after.address.owner] += step.get(change.operation, 0)
    number = CountRecord.number
    for owner, more in counts.items():
        if more == 0:
            continue
        counter = CountRecord(pk=_list_partition(owner), sk="COUNT")
        actions = [number.add(more), CountRecord.entity.set(CountRecord.ENTITY)]
        room = number.does_not_exist() | (number <= MAX_ITEMS_PER_LAYER - more) if more > 0 else None
        yield Update(counter, actions, room, lambda _: LayerIsFull())


def _card_writes(change: Change) -> Iterator[Write]:
    after = change.after
    partition, card_key = _list_partition(after.address.owner), key("CARD", after.address.config_key)
    if change.operation is Operation.DELETE:
        count = CountRecord.number
        unused = count.does_not_exist() | (count == 0)
        yield Delete(CardRecord(pk=partition, sk=card_key))
        yield Check(_partition(after.address), "REFERENCES", unused, lambda _: Referenced(after.address))
        return
    card = card_of(after)
    yield Put(
        CardRecord(
            pk=partition,
            sk=card_key,
            config_key=card.config_key,
            config_value=card.value,
            config_type=card.type,
            scope=card.scope,
            category=card.category,
            tags=list(card.tags),
            description=card.description,
            is_active=card.is_active,
            version=card.version,
            created_by=card.created_by,
            created_at=card.created_at,
            updated_by=card.updated_by,
            updated_at=card.updated_at,
            expire_at=card.expire_at,
        )
    )


def _reference_writes(changes: Sequence[Change]) -> Iterator[Write]:
    """Yield what keeps references and their counts; a target is written once, however many changes refer to it."""
    counts: Counter[Address] = Counter()
    changed = {change.after.address for change in changes}
    for change in changes:
        source = change.after.address
        for target in change.added:
            counts[target] += 1
            yield Put(_reference(target, source))
        for target in change.removed:
            counts[target] -= 1
            yield Delete(_reference(target, source))
    number = CountRecord.number
    for target in sorted(counts):
        yield Update(
            CountRecord(pk=_partition(target), sk="REFERENCES"),
            [number.add(counts[target]), CountRecord.entity.set(CountRecord.ENTITY)],
        )
    for target in sorted({target for change in changes for target in change.added} - changed):
        alive = ConfigRecord.is_deleted == False  # noqa: E712 - builds a condition
        yield Check(_partition(target), "ITEM", alive, lambda _, target=target: TargetGone(target))  # type: ignore[misc]


def _reference(target: Address, source: Address) -> ReferenceRecord:
    parts = _parts(source)
    return ReferenceRecord(pk=_partition(target), sk=key("REF", *parts), source=parts)


def _attributes(config: Config) -> dict[str, Any]:
    owner, content = config.address.owner, config.content
    return {
        "owner_tenant_id": owner.tenant_id,
        "layer": owner.layer,
        "owner_user_id": owner.user_id,
        "config_key": config.address.config_key,
        "config_value": content.value,
        "config_type": content.type,
        "scope": content.scope,
        "category": content.category,
        "tags": list(content.tags),
        "description": content.description,
        "validation_rule": None if content.rule is None else write_json(content.rule),
        "expire_at": content.expire_at,
        "is_active": content.is_active,
        "effective_mode": content.mode,
        "is_encrypted": content.is_encrypted,
        "version": config.version,
        "created_by": config.created_by,
        "created_at": config.created_at,
        "updated_by": config.updated_by,
        "updated_at": config.updated_at,
        "references": [_parts(target) for target in config.references],
        "is_deleted": config.is_deleted,
    }


def _audited(config: Config | None) -> dict[str, Any] | None:
    if config is None or config.is_deleted:
        return None
    return {"version": config.version, **json.loads(write_json(config.content.facts()))}


def _parts(address: Address) -> list[str]:
    return [address.owner.layer, address.owner.tenant_id, address.owner.user_id, address.config_key]


def _address(layer: str, tenant_id: str, user_id: str, config_key: str) -> Address:
    return Address(Owner(Layer(layer), tenant_id, user_id), config_key)


def _partition(address: Address) -> str:
    owner = address.owner
    return key("T", owner.tenant_id, "CONFIG", owner.layer, owner.user_id, address.config_key)


def _list_partition(owner: Owner) -> str:
    return key("T", owner.tenant_id, "CONFIGS", owner.layer, owner.user_id)


def _version_key(version: int) -> str:
    return key("V", f"{version:010d}")
