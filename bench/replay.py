"""Answers AWS calls of one invocation from a recording, so that a handler's own CPU is measured and its calls counted.

The recording is made against moto: the real request goes in, the answer is kept. Replaying hands the same answers back
in the same order, through the real botocore client, parser and PynamoDB.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from unittest.mock import patch

from botocore.awsrequest import AWSResponse, HeadersDict
from moto.core.botocore_stubber import BotocoreStubber


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

    def answer(self, event_name: str, request: Any, moto: Callable[..., AWSResponse | None]) -> AWSResponse | None:
        """Record or replay one call; stands where botocore's before-send hook of moto would."""
        operation = ".".join(event_name.split(".")[1:])
        if not self.replaying:
            response = moto(event_name=event_name, request=request)
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
    """Put a recording in moto's place.

    A hook of our own beside moto's would not do: botocore calls every hook and takes the first answer, so moto would
    still work, and be measured, behind the replay.
    """
    made = Recording()
    original = BotocoreStubber.__call__

    def answer(stubber: BotocoreStubber, event_name: str, request: Any, **_: Any) -> AWSResponse | None:
        return made.answer(event_name, request, original.__get__(stubber))

    with patch.object(BotocoreStubber, "__call__", answer):
        yield made
