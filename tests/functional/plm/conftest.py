"""A plm account with the default connection's secrets; AWS calls one at a time for tests with threads."""

import threading
from typing import Any

import pytest
from botocore.client import BaseClient

from tests.factories.plm import put_secrets


@pytest.fixture(autouse=True)
def plm(account: Any) -> None:
    account("plm")
    put_secrets()


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
