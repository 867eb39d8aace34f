"""What goes wrong between a function and DynamoDB, injected where botocore sends.

The table is moto's, in memory; ``register_first`` puts a fault before moto's own answer.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from moto.core.models import botocore_stubber

from enghub.core import dynamo

Send = Callable[..., Any]


@contextmanager
def intercepted(operation: str, answer: Send) -> Iterator[None]:
    """Let ``answer(request)`` decide what DynamoDB answers to ``operation``; None lets the request through.

    botocore asks every listener and takes the first answer, so moto is switched off while ours stands.
    """
    events = dynamo.connection().client.meta.events
    name = f"before-send.dynamodb.{operation}"

    def send(request: Any, **_: Any) -> Any:
        answered = answer(request)
        botocore_stubber.enabled = answered is None
        return answered

    def switch_on(**_: Any) -> None:
        botocore_stubber.enabled = True

    events.register_first(name, send)
    events.register_last("before-send", switch_on)
    try:
        yield
    finally:
        events.unregister(name, send)
        events.unregister("before-send", switch_on)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count the requests that go to DynamoDB, by operation."""
    seen: Counter[str] = Counter()
    events = dynamo.connection().client.meta.events

    def send(request: Any, **_: Any) -> None:
        target = request.headers["X-Amz-Target"]
        seen[(target if isinstance(target, str) else target.decode()).partition(".")[2]] += 1

    events.register_first("before-send.dynamodb", send)
    try:
        yield seen
    finally:
        events.unregister("before-send.dynamodb", send)


def answer_lost(times: int) -> Send:
    """Do the write, then lose its answer, so many times."""
    left = [times]

    def send(request: Any) -> Any:
        if not left[0]:
            return None
        left[0] -= 1
        botocore_stubber(event_name="before-send", request=request)
        raise ReadTimeoutError(endpoint_url=request.url)

    return send


def throttled(times: int, code: str = "ProvisionedThroughputExceededException") -> Send:
    """Refuse the request for load, so many times."""
    left = [times]

    def send(request: Any) -> Any:
        if not left[0]:
            return None
        left[0] -= 1
        body = f'{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"slow down"}}'.encode()
        return _Response(request.url, 400, body)

    return send


class Crash(BaseException):
    """The process dies: no handler of ours may catch this."""


def crash() -> Send:
    """Die before the request leaves."""

    def send(_: Any) -> Any:
        raise Crash

    return send


class _Response(AWSResponse):
    """An answer with its body in hand."""

    def __init__(self, url: str, status: int, body: bytes) -> None:
        super().__init__(url, status, cast("Any", {"content-type": "application/x-amz-json-1.0"}), None)
        self._content = body
