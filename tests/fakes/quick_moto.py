"""Moto's DynamoDB without its slowest habits; what it answers and keeps is the same."""

import copy
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import moto.dynamodb.models
import pytest
from moto.core import serialize
from moto.core.models import DEFAULT_ACCOUNT_ID, MockAWS, botocore_stubber, responses_mock
from moto.core.utils import method_names_from_class
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.models.utilities import bytesize

LARGEST = 405_000
"""Bytes of an item, as moto has it."""


def quicken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make moto quick until the test ends."""
    monkeypatch.setattr(DynamoDBBackend, "transact_write_items", _quick_transaction)
    monkeypatch.setattr(moto.dynamodb.models, "copy", _QuickCopies)
    monkeypatch.setattr(serialize.BaseJSONSerializer, "_serialize_type_structure", _quick_structure)
    monkeypatch.setattr("moto.core.responses.method_names_from_class", _quick_names)
    monkeypatch.setattr(LimitedSizeDict, "__setitem__", _quick_set)
    monkeypatch.setattr(MockAWS, "_enable_patching", _quick_start)


def quick_table(region: str, name: str, **made: Any) -> None:
    """Create a table without a request and its answer, which cost as much as a short test."""
    dynamodb_backends[DEFAULT_ACCOUNT_ID][region].create_table(
        name,
        schema=made["KeySchema"],
        attr=made["AttributeDefinitions"],
        global_indexes=made["GlobalSecondaryIndexes"],
        streams=made["StreamSpecification"],
        billing_mode="PAY_PER_REQUEST",
        indexes=None,
        throughput=None,
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )


_slow_structure = serialize.BaseJSONSerializer._serialize_type_structure
_quick_names = cache(method_names_from_class)
"""Moto looks at all members of a service's class for each request."""
_slow_transaction = DynamoDBBackend.transact_write_items


def _quick_start(self: MockAWS, reset: bool = True) -> None:
    """Moto registers 1,300 addresses each time for callers of AWS by ``requests``; only botocore calls it here."""
    botocore_stubber.enabled = True
    if reset:
        self.reset()
    responses_mock.start()


def _quick_structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Moto looks for ten spellings of ten members of an attribute value, which is kept as it is sent, but for bytes."""
    if key and shape.name == "AttributeValue" and not _has_bytes(value):
        self._default_serialize(serialized, value, shape, key)
    else:
        _slow_structure(self, serialized, value, shape, key)


def _has_bytes(value: Mapping[str, Any]) -> bool:
    ((kind, inside),) = value.items()
    if kind == "M":
        return any(map(_has_bytes, inside.values()))
    return any(map(_has_bytes, inside)) if kind == "L" else kind in {"B", "BS"}


def _quick_set(self: LimitedSizeDict, key: str, value: Any) -> None:
    """Moto measures the whole item for each attribute that is set; what is new is enough, beside the sum so far."""
    total = vars(self).get("total")
    if total is None:
        total = sum(_size(name) + _size(one) for name, one in self.items())
    total += _size(key) + _size(value) - (_size(key) + _size(self[key]) if key in self else 0)
    if total > LARGEST:
        raise ItemSizeTooLarge
    vars(self)["total"] = total
    dict.__setitem__(self, key, value)


def _size(value: Any) -> int:
    return value.size() if type(value) is DynamoType else bytesize(str(value))


@dataclass(frozen=True)
class _Transaction:
    """A transaction under way, and the tables as they were before it."""

    operations: tuple[Mapping[str, Any], ...]
    before: dict[str, Table] = field(default_factory=dict)

    def keys(self, table: Table) -> set[tuple[DynamoType, DynamoType]]:
        """Return the keys of a table's items that may change."""
        found = [one.get("Key") or one["Item"] for one in self.operations if one["TableName"] == table.name]
        return {(DynamoType(one[table.hash_key_attr]), DynamoType(one[table.range_key_attr])) for one in found}


_under_way: ContextVar[_Transaction | None] = ContextVar("transaction", default=None)


def _quick_transaction(self: DynamoDBBackend, transact_items: Sequence[Mapping[str, Any]]) -> None:
    token = _under_way.set(_Transaction(tuple(one for item in transact_items for one in item.values())))
    try:
        _slow_transaction(self, list(transact_items))  # type: ignore[arg-type]
    finally:
        _under_way.reset(token)


class _QuickCopies:
    """Moto keeps a deep copy of the whole table for every item of a transaction, in case it must be undone.

    One per table is enough, of the items that the transaction names.
    """

    @staticmethod
    def deepcopy(thing: Any) -> Any:
        transaction = _under_way.get()
        if transaction is None or not isinstance(thing, Table):
            return copy.deepcopy(thing)
        if thing.name not in transaction.before:
            transaction.before[thing.name] = _kept(thing, transaction.keys(thing))
        return transaction.before[thing.name]


def _kept(table: Table, keys: set[tuple[DynamoType, DynamoType]]) -> Table:
    kept = copy.copy(table)
    kept.items = defaultdict(dict, table.items)
    for partition in {key for key, _ in keys if key in table.items}:
        found: Mapping[Any, Item] = table.items[partition]
        kept.items[partition] = {
            sort: copy.deepcopy(item) if (partition, sort) in keys else item for sort, item in found.items()
        }
    if table.stream_shard is not None:
        kept.stream_shard = copy.copy(table.stream_shard)
        kept.stream_shard.items = list(table.stream_shard.items)
    return kept
