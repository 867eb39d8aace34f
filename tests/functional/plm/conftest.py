"""A plm account with the default connection's secrets; AWS calls one at a time for tests with threads."""

import copy
import threading
from collections import defaultdict
from typing import Any

import moto.dynamodb.models
import pytest
from botocore.client import BaseClient
from moto.core import serialize
from moto.dynamodb.models.table import Table

from tests.factories.plm import put_secrets


@pytest.fixture(autouse=True)
def plm(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    account("plm")
    put_secrets()
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

    Our transactions replace items and never change one in place, so that a copy of the table of contents is enough.
    """

    @staticmethod
    def deepcopy(thing: Any) -> Any:
        if not isinstance(thing, Table):
            return copy.deepcopy(thing)
        kept = copy.copy(thing)
        kept.items = defaultdict(dict, {pk: dict(found) for pk, found in thing.items.items()})
        if thing.stream_shard is not None:
            kept.stream_shard = copy.copy(thing.stream_shard)
            kept.stream_shard.items = list(thing.stream_shard.items)
        return kept


@pytest.fixture
def atomic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let AWS calls of all threads happen one at a time: the in-memory tables take a transaction apart otherwise."""
    lock = threading.Lock()

    def alone(real: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            with lock:
                return real(*args, **kwargs)

        return call

    monkeypatch.setattr(BaseClient, "_make_api_call", alone(BaseClient._make_api_call))  # type: ignore[attr-defined]


def in_threads(run: Any, times: int) -> None:
    """Run ``run`` so many times at once."""
    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
