"""Moto's DynamoDB without its two slowest habits."""

import copy
from collections import defaultdict
from typing import Any

import moto.dynamodb.models
import pytest
from moto.core import serialize
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table


def quicken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make moto quick until the test ends."""
    monkeypatch.setattr(moto.dynamodb.models, "copy", _QuickCopies)
    monkeypatch.setattr(serialize.ResponseSerializer, "get_value", _quick_value)


_slow_value = serialize.ResponseSerializer.get_value


def _quick_value(self: Any, value: Any, key: str, shape: Any) -> Any:
    """Moto looks for ten spellings of every member of every attribute value; DynamoDB knows one."""
    if type(value) is dict and getattr(getattr(shape, "parent", None), "name", "") == "AttributeValue":
        return value.get(key)
    return _slow_value(self, value, key, shape)


class _QuickCopies:
    """Moto keeps a deep copy of the whole table for every item of a transaction, in case it must be undone.

    Updates set attributes of an item anew, so that a copy of each item's table of contents is enough.
    """

    @staticmethod
    def deepcopy(thing: Any) -> Any:
        if not isinstance(thing, Table):
            return copy.deepcopy(thing)
        kept = copy.copy(thing)
        kept.items = defaultdict(
            dict, {pk: {sk: _kept(item) for sk, item in found.items()} for pk, found in thing.items.items()}
        )
        if thing.stream_shard is not None:
            kept.stream_shard = copy.copy(thing.stream_shard)
            kept.stream_shard.items = list(thing.stream_shard.items)
        return kept


def _kept(item: Item) -> Item:
    kept = copy.copy(item)
    kept.attrs = copy.copy(item.attrs)
    return kept
