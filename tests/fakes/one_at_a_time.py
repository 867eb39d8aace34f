"""moto made fit for threads: its transactions copy the table and put it back, so calls must not overlap inside it.

What callers do between their calls still interleaves, and that is what the tests are about.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from unittest.mock import patch

from moto.core.botocore_stubber import BotocoreStubber


@contextmanager
def one_call_at_a_time() -> Iterator[None]:
    """Let AWS calls into moto one after the other."""
    lock = Lock()
    process = BotocoreStubber.process_request

    def alone(stubber: BotocoreStubber, request: Any) -> Any:
        with lock:
            return process(stubber, request)

    with patch.object(BotocoreStubber, "process_request", alone):
        yield
