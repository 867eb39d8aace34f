"""Moto's DynamoDB without its three slowest habits; what it answers and keeps is the same."""

import copy
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import moto.dynamodb.models
import pytest
from moto.core import serialize
from moto.core.models import DEFAULT_ACCOUNT_ID
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
    monkeypatch.setattr(serialize.ResponseSerializer, "get_value", _quick_value)
    monkeypatch.setattr(LimitedSizeDict, "__setitem__", _quick_set)


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


_slow_value = serialize.ResponseSerializer.get_value
_slow_transaction = DynamoDBBackend.transact_write_items


def _quick_value(self: Any, value: Any, key: str, shape: Any) -> Any:
    """Moto looks for ten spellings of every member of every attribute value; DynamoDB knows one."""
    if type(value) is dict and getattr(getattr(shape, "parent", None), "name", "") == "AttributeValue":
        return value.get(key)
    return _slow_value(self, value, key, shape)


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
