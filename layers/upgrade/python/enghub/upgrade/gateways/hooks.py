"""Calls to a site's own addresses: service control, health, configuration delivery (UPG-05, UPG-17)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from enghub.core.i18n import Text
from enghub.upgrade.steps.errors import StepFailed

UNREACHABLE = Text("{what}: {url} does not answer ({error})", "{what}：{url} 无响应（{error}）")
REFUSED = Text("{what}: {url} answered {status}, expected {expected}", "{what}：{url} 返回 {status}，期望 {expected}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address said; `text` is cut at 64 KB."""

    status: int
    text: str
    milliseconds: int


class Hooks:
    """HTTP calls with short time-outs; redirects are not followed, so that an address stays what was declared."""

    def __init__(self, urls: Mapping[str, str], headers: Mapping[str, str] | None = None) -> None:
        self._urls = dict(urls)
        self._headers = dict(headers or {})

    def url(self, name: str) -> str | None:
        """Return a hook's declared address, None when the site declares none."""
        return self._urls.get(name)

    def call(
        self, what: str, method: str, url: str, *, body: Mapping[str, Any] | None = None, timeout_seconds: float = 10,
        key: str | None = None,
    ) -> Answer:  # fmt: skip
        """Send one request; `key` becomes the Idempotency-Key, so that a repeat has no second effect.

        Raises:
            StepFailed: retryable, the address does not answer.
        """
        import httpx  # noqa: PLC0415 - a tenth of a second, and most slices call nobody

        headers = {**(self._headers if self._is_hook(url) else {}), **({"Idempotency-Key": key} if key else {})}
        try:
            with httpx.Client(timeout=timeout_seconds, follow_redirects=False) as client:
                answer = client.request(method, url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise StepFailed(
                UNREACHABLE, retryable=True, what=what, url=plain(url), error=type(error).__name__
            ) from error
        return Answer(answer.status_code, answer.text[:65_536], int(answer.elapsed.total_seconds() * 1000))

    def _is_hook(self, url: str) -> bool:
        """The site's headers (credentials) go to the site's own hooks only."""
        return url in self._urls.values()


def plain(url: str) -> str:
    """Return an address without user, password and query, for logs and messages."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def expect(what: str, url: str, answer: Answer, expected: tuple[int, ...] = (200, 201, 202, 204)) -> Answer:
    """Return the answer when its status is expected.

    Raises:
        StepFailed: retryable for 5xx and 429.
    """
    if answer.status in expected:
        return answer
    raise StepFailed(
        REFUSED, retryable=answer.status >= 500 or answer.status == 429,
        what=what, url=plain(url), status=answer.status, expected="/".join(map(str, expected)),
    )  # fmt: skip
