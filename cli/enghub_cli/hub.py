"""The API of a deployed hub, as the commands and pipelines call it; their exit codes (UPG-22)."""

import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from enghub_cli import HAS_REPOSITORY
from enghub_cli.errors import Stop

BASE = "/api/v1/upgrade"
REFUSED, FAILED, INTERRUPTED, TERMINATED = 2, 1, 130, 143
NOTHING_LEFT = ("NOTHING_TO_UPGRADE",)
"""Refusals that a pipeline is content with: what it asks for is there."""
TOO_MANY = 429
"""What a limit answers: later it is taken."""
REQUEST_SECONDS = 30
POLL_SECONDS = 1.0
TRIES = 30
"""While following, the API may be away for this many polls."""


@dataclass(frozen=True, slots=True)
class Api:
    """The routes of a deployed hub below one path, as somebody who may call them."""

    base: str
    token: str
    path: str = BASE

    @classmethod
    def of(
        cls, base: str | None, token: str | None, tenant: str, *, path: str = BASE, role: str = "UPGRADE_ADMIN"
    ) -> "Api":
        """Return the API that is named, else the local cloud's, with a token of ``role``."""
        if base and token:
            return cls(base.rstrip("/"), token, path)
        if base or token:
            message = "Give both --api and --token (or ENGHUB_API and ENGHUB_TOKEN), or neither for the local cloud"
            raise Stop(message, REFUSED)
        if not HAS_REPOSITORY:
            message = "Say which hub: --api and --token, or ENGHUB_API and ENGHUB_TOKEN"
            raise Stop(message, REFUSED)
        from enghub_cli import context  # noqa: PLC0415 - the local cloud is part of the repository, not of the package

        cloud = context.connect()
        made = cloud.token(tenant=tenant, factories=(), user=f"cli-{os.environ.get('USER', 'user')}", roles=(role,))
        return cls(cloud.api_base, made, path)

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Return the answer's data; a ``body`` that is text is JSON already.

        Raises:
            Stop: with exit code 2 when the API refuses, 1 when it breaks.
        """
        answer = self._send(method, path, body, {"Idempotency-Key": key} if key else {})
        return answer.json()["data"]

    def form(self, path: str, file: tuple[str, bytes], **fields: str) -> Any:
        """Send a file with fields as a form; return the answer's data.

        Raises:
            Stop: as for `call`.
        """
        return self._send("POST", path, None, {}, data=fields, files={"file": file}).json()["data"]

    def page(self, path: str) -> str:
        """Return the text of a page.

        Raises:
            Stop: as for `call`.
        """
        return self._send("GET", path, None, {"Accept-Language": os.environ.get("LANG", "en")[:2]}).text

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str], **form: Any) -> httpx.Response:
        if isinstance(body, str):  # JSON as it is: with every digit of its numbers
            form |= {"content": body.encode()}
            headers = {**headers, "Content-Type": "application/json"}
        elif body is not None:
            form["json"] = body
        answer = httpx.request(
            method,
            f"{self.base}{self.path}{path}",
            **form,
            headers={"Authorization": f"Bearer {self.token}", **headers},
            timeout=REQUEST_SECONDS,
            trust_env=False,
        )
        if answer.is_success:
            return answer
        try:
            found = answer.json()
        except ValueError:
            found = {}
        text = found.get("message") or f"the API answered {answer.status_code}"
        if found.get("details", {}).get("error") in NOTHING_LEFT:
            raise Stop(text, 0)
        is_refused = answer.status_code < 500 and answer.status_code != TOO_MANY
        raise Stop(_with_errors(text, found), REFUSED if is_refused else FAILED)


def _with_errors(text: str, found: Any) -> str:
    """Return the message with what is wrong one by one, where a whole file or batch is refused."""
    wrong = (found.get("details") or {}).get("errors") or ()
    told = [
        f"  {one.get('place', '')} {one.get('configKey', one.get('field', ''))}: {one['message']}"
        for one in wrong
        if "message" in one
    ]
    return "\n".join([text, *told])


def polled(hub: Api, path: str, deadline: float = math.inf) -> Iterator[dict[str, Any]]:
    """Yield the answer again and again until the deadline (monotonic seconds); the API may be away for a while.

    Raises:
        Stop: it refuses, or stays away.
    """
    missed = 0
    while time.monotonic() < deadline:
        try:
            found = hub.call("GET", path)
        except (httpx.HTTPError, Stop) as error:
            missed += 1
            if missed >= TRIES or (isinstance(error, Stop) and error.exit_code == REFUSED):
                raise
        else:
            missed = 0
            yield found
        time.sleep(POLL_SECONDS)
