"""The hub's API, as far as a client needs it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from enghub_client.errors import Away, Refused, Unreadable

Token = str | Callable[[], str]
SETTINGS = "/api/v1/settings"
MOST_COUNTED = 45
"""Flags of one report."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A snapshot as it came."""

    etag: str
    document: Any


@dataclass(frozen=True, slots=True)
class Hub:
    """Calls the hub; ``token`` is a Bearer token, or what returns a fresh one."""

    address: str
    token: Token
    environment: str
    keys: Sequence[str]
    http: httpx.Client = field(repr=False)

    def snapshot(self, etag: str | None) -> Answer | None:
        """Return what is current; None where it is what ``etag`` names.

        Raises:
            Away, Refused, Unreadable
        """
        query = {"environment": self.environment, "keys": list(self.keys)}
        headers = {} if etag is None else {"If-None-Match": etag}
        answer = self._call("GET", f"{SETTINGS}/snapshot", params=query, headers=headers)
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return None
        return Answer(answer.headers.get("etag", ""), _data(answer))

    def receipt(self, said: Mapping[str, Any]) -> None:
        """Tell what became of a revision.

        Raises:
            Away, Refused
        """
        self._call("POST", f"{SETTINGS}/receipts", json={**said, "environment": self.environment})

    def counts(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Tell how often flags answered what; ``MOST_COUNTED`` at once.

        Raises:
            Away, Refused
        """
        query = {"environment": self.environment}
        self._call("POST", "/api/v1/feature-flags/statistics", params=query, json={"counts": counts})

    def secret(self, config_key: str) -> str:
        """Return the value of an encrypted setting; it is audited.

        Raises:
            Away, Refused, Unreadable
        """
        path = f"/api/v1/system-config/{quote(config_key, safe='')}"
        answer = self._call("GET", path, params={"reveal": "true"})
        try:
            return str(_data(answer)["configValue"])
        except (KeyError, TypeError) as error:
            raise Unreadable("the answer has no value") from error

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = dict(options.pop("headers", {}))
        headers["Authorization"] = f"Bearer {self.token() if callable(self.token) else self.token}"
        try:
            answer = self.http.request(method, self.address.rstrip("/") + path, headers=headers, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Away(f"{type(error).__name__}: {error}") from error
        if answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED:
            return answer
        problem = f"{method} {path}: {answer.status_code} {_message(answer)}".rstrip()
        if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise Away(problem, _seconds(answer))
        raise Refused(problem)


def _data(answer: httpx.Response) -> Any:
    try:
        return answer.json()["data"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable(f"the answer is no JSON of the hub: {type(error).__name__}") from error


def _message(answer: httpx.Response) -> str:
    with suppress(ValueError, KeyError, TypeError):
        return str(answer.json()["message"])[:300]
    return ""


def _seconds(answer: httpx.Response) -> float:
    with suppress(ValueError):
        return min(300.0, max(0.0, float(answer.headers.get("retry-after", "0"))))
    return 0.0
