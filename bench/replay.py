"""Answers AWS calls of one invocation from a recording, so that a handler's own CPU is measured and its calls counted.

The recording is made against moto: the real request goes in, the answer is kept. Replaying hands the same answers back
in the same order, through the real botocore client, parser and PynamoDB.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import botocore.client
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

    def answer(self, event_name: str, request: Any, **_: Any) -> AWSResponse | None:
        """Record or replay one call; botocore's before-send hook."""
        operation = ".".join(event_name.split(".")[1:])
        if not self.replaying:
            response = botocore_stubber(event_name=event_name, request=request)
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
    """Put a recording between every client made from here on and moto."""
    made = Recording()
    original = botocore.client.ClientCreator.create_client

    def create_client(self: Any, *args: Any, **kwargs: Any) -> Any:
        client = original(self, *args, **kwargs)
        client.meta.events.register_first("before-send", cast("Any", made.answer))
        return client

    botocore.client.ClientCreator.create_client = create_client  # type: ignore[method-assign]
    try:
        yield made
    finally:
        botocore.client.ClientCreator.create_client = original  # type: ignore[method-assign]
