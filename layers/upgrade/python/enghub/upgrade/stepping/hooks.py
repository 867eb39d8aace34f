"""Calls to a site's own addresses: service control, health, configuration delivery (UPG-05, UPG-17, decision 0047)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from enghub.core.i18n import Text
from enghub.kit.outbound.calls import Bound, Limits, Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused
from enghub.kit.work.errors import WorkFailed

UNREACHABLE = Text("{what}: {url} does not answer ({error})", "{what}：{url} 无响应（{error}）")
NOT_ALLOWED = Text("{what}: {url} is not called: {reason}", "{what}：未调用 {url}：{reason}")
REFUSED = Text("{what}: {url} answered {status}, expected {expected}", "{what}：{url} 返回 {status}，期望 {expected}")
TEXT_LENGTH = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address said; `text` is cut at 64 KB."""

    status: int
    text: str
    milliseconds: int


class Hooks:
    """HTTP calls and looks at ports; an answer has its time in all, an address stays what was declared.

    `bound` are the headers of the site's secret by the host they belong to: only the site's own hooks on that very host
    get them, so that whoever may declare a hook cannot have them sent elsewhere.
    """

    def __init__(self, urls: Mapping[str, str], bound: Bound | None = None, outbound: Outbound | None = None) -> None:
        self._urls = dict(urls)
        self._bound = dict(bound or {})
        self._outbound = outbound or Outbound()

    def url(self, name: str) -> str | None:
        """Return a hook's declared address, None when the site declares none."""
        return self._urls.get(name)

    def call(
        self,
        what: str,
        method: str,
        url: str,
        *,
        body: Mapping[str, Any] | None = None,
        timeout_seconds: float = 10,
        key: str | None = None,
    ) -> Answer:
        """Send one request; `key` becomes the Idempotency-Key, so that a repeat has no second effect.

        Raises:
            WorkFailed: retryable, the address does not answer; or for good, it may not be called.
        """
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {
            **({} if content is None else {"Content-Type": "application/json"}),
            **({"Idempotency-Key": key} if key else {}),
        }
        bound = self._bound if url in self._urls.values() else {}
        limits = Limits(timeout_seconds, 4 * TEXT_LENGTH)
        try:
            answer = self._outbound.request(method, url, headers=headers, body=content, bound=bound, limits=limits)
        except OutboundRefused as error:
            raise WorkFailed(NOT_ALLOWED, what=what, url=plain(url), reason=error.reason) from error
        except OutboundFailed as error:
            raise WorkFailed(UNREACHABLE, retryable=True, what=what, url=plain(url), error=error.kind) from error
        return Answer(answer.status, answer.text[:TEXT_LENGTH], answer.milliseconds)

    def accepts(self, what: str, host: str, port: int, timeout_seconds: float) -> bool:
        """Tell whether something accepts connections.

        Raises:
            WorkFailed: the address may not be called.
        """
        try:
            return self._outbound.reaches(host, port, timeout_seconds)
        except OutboundRefused as error:
            raise WorkFailed(NOT_ALLOWED, what=what, url=f"{host}:{port}", reason=error.reason) from error


def plain(url: str) -> str:
    """Return an address without user, password and query, for logs and messages."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}{parts.path}"


def expect(what: str, url: str, answer: Answer, expected: tuple[int, ...] = (200, 201, 202, 204)) -> Answer:
    """Return the answer when its status is expected.

    Raises:
        WorkFailed: retryable for 5xx and 429.
    """
    if answer.status in expected:
        return answer
    raise WorkFailed(
        REFUSED,
        retryable=answer.status >= 500 or answer.status == 429,
        what=what,
        url=plain(url),
        status=answer.status,
        expected="/".join(map(str, expected)),
    )
