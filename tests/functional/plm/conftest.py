"""A plm account with the default connection's secrets; AWS calls one at a time for tests with threads."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.factories.plm import put_secrets
from tests.fakes.one_at_a_time import one_call_at_a_time


@pytest.fixture(autouse=True)
def plm(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    account("plm", TIMERS_QUEUE_URL="https://queue.example/timers", BUCKET_NAME="enghub-test")
    put_secrets()


@pytest.fixture
def atomic() -> Iterator[None]:
    """AWS calls of all threads one at a time."""
    with one_call_at_a_time():
        yield


def in_threads(run: Any, times: int) -> None:
    """Run ``run`` so many times at once."""
    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
