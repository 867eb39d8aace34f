"""Answers AWS calls of one invocation from a recording, so that a handler's own CPU is measured and its calls counted.

The recording is made against moto: the real request goes in, the answer is kept. Replaying hands the same answers back
in the same order, through the real botocore client, parser and PynamoDB.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from botocore.awsrequest import AWSResponse, HeadersDict
from moto.core.models import botocore_stubber


@dataclass
class Recording:
    """The answers one invocation got, in order, and how often each operation was called."""

    answers: list[tuple[str, int, dict[str, str], bytes]] = field(default_factory=list)
    replaying: bool = False
    place: int = 0

    @property
    def calls(self) -> Counter[str]:
        """Operation to number of calls of one invocation."""
        return Counter(operation for operation, *_ in self.answers)

    def restart(self) -> None:
        """Begin at the first answer again."""
        self.place = 0

    def answer(self, asked: Callable[[], AWSResponse | None], event_name: str, request: Any) -> AWSResponse | None:
        """Record what moto answers when ``asked``, or replay the next recorded answer."""
        operation = ".".join(event_name.split(".")[1:])
        if not self.replaying:
            response = asked()
            if response is not None:
                self.answers.append((operation, response.status_code, dict(response.headers), response.content))
            return response
        recorded, status, headers, content = self.answers[self.place % len(self.answers)]
        self.place += 1
        if recorded != operation:
            message = f"the recording has {recorded} where the handler calls {operation}"
            raise RuntimeError(message)
        return AWSResponse(request.url, status, cast("Any", HeadersDict(headers)), _Raw(content))


class _Raw:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content

    def read(self, *_: Any, **__: Any) -> bytes:
        return self._content


@contextmanager
def recording() -> Iterator[Recording]:
    """Put a recording between botocore and moto, which answers every call in botocore's before-send hook."""
    made = Recording()
    stubber = type(botocore_stubber)
    original = stubber.__call__

    def call(self: Any, event_name: str, request: Any, **more: Any) -> AWSResponse | None:
        return made.answer(lambda: original(self, event_name, request, **more), event_name, request)

    stubber.__call__ = call  # type: ignore[method-assign]
    try:
        yield made
    finally:
        stubber.__call__ = original  # type: ignore[method-assign]
