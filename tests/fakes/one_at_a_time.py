"""moto made fit for threads: its transactions copy the table and put it back, so calls must not overlap inside it.

What callers do between their calls still interleaves, and that is what the tests are about.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from moto.core.models import botocore_stubber

from enghub.core import dynamo

EVENT = "before-send.dynamodb"


@contextmanager
def one_call_at_a_time() -> Iterator[None]:
    """Let the process's DynamoDB calls into moto one after the other."""
    lock = Lock()

    def serve(event_name: str, request: Any, **_: Any) -> Any:
        with lock:
            return botocore_stubber(event_name=event_name, request=request)

    events = dynamo.connection().client.meta.events
    events.register_first(EVENT, serve)
    yield
    events.unregister(EVENT, serve)
