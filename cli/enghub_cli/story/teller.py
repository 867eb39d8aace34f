"""Tells a story through the public HTTP API: what was called, what came back, and what must be true for it to go on."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from time import monotonic, sleep
from typing import Any

from rich.console import Console
from rich.markup import escape

from enghub_cli.context import Cloud
from enghub_cli.errors import Stop

SHOWN_CHARACTERS = 160
WAIT_SECONDS = 90


class Teller:
    """Calls the API as somebody and shows it; ends the story when an answer is not the expected one."""

    def __init__(self, cloud: Cloud, console: Console, run: str) -> None:
        self.cloud = cloud
        self.console = console
        self.run = run
        """Makes names of this telling unique, so that the story can be told again."""
        self._tokens: dict[str, str] = {}

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self.console.rule(f"[bold]{title}")

    def say(self, sentence: str) -> None:
        """Say what happens next, or what it means."""
        self.console.print(f"\n[cyan]{sentence}[/cyan]")

    def sign_in(self, user: str, *roles: str, factory: str = "sh-01") -> None:
        """Get a token for ``user`` of tenant acme with these roles in a factory."""
        self._tokens[user] = self.cloud.token(tenant="acme", factories=(factory,), user=user, roles=roles)

    def call(
        self,
        user: str | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int,
        headers: Mapping[str, str] | None = None,
        show: Callable[[Any], Any] = lambda data: data,
    ) -> Any:
        """Send one request and show it with its answer; returns the answer's data.

        ``show`` picks what is worth reading. Raises Stop when the status is not ``expect``.
        """
        sent = json.dumps(body, ensure_ascii=False) if body is not None else None
        kind = {"Content-Type": "application/json"} if sent else {}
        with self.cloud.http(self._tokens[user] if user else None) as client:
            answer = client.request(method, path, content=sent, headers={**kind, **(headers or {})})
        who = f"[dim]{user or 'the PLM'}[/dim]"
        self.console.print(f"  {who} [bold]{method}[/bold] {escape(path)} {escape(_short(sent))}")
        parsed = answer.json() if answer.content else {}
        data = parsed.get("data", parsed)
        colour = "green" if answer.status_code == expect else "red"
        worth = show(data) if answer.status_code == expect and parsed.get("success", True) else _refusal(parsed)
        self.console.print(
            f"  [{colour}]{answer.status_code}[/{colour}] {escape(_short(json.dumps(worth, ensure_ascii=False)))}"
        )
        if answer.status_code != expect:
            message = f"The story stops: {method} {path} answered {answer.status_code}, not {expect}; see `enghub logs`"
            raise Stop(message)
        return data

    def quietly(self, user: str, method: str, path: str, body: Any) -> Any:
        """Send one request of many and return its answer, without showing them.

        Raises:
            Stop: it was refused.
        """
        with self.cloud.http(self._tokens[user]) as client:
            answer = client.request(method, path, json=body)
        if answer.status_code != 200:
            message = f"The story stops: {method} {path} answered {answer.status_code}; see `enghub logs`"
            raise Stop(message)
        return answer.json()

    def signed(self, path: str, body: Mapping[str, Any], secret: str, *, expect: int) -> Any:
        """Send a webhook as the PLM does: signed over exactly the bytes sent."""
        raw = json.dumps(body, ensure_ascii=False)
        signature = hmac.new(secret.encode(), raw.encode(), hashlib.sha256).hexdigest()
        return self.call(None, "POST", path, body, expect=expect, headers={"X-PLM-Signature": signature})

    def wait(self, user: str, path: str, ready: Callable[[Any], bool], *, show: Callable[[Any], Any]) -> Any:
        """Read ``path`` until it is ``ready``, showing each new state once.

        Raises:
            Stop: it was not ready in time.
        """
        deadline, last = monotonic() + WAIT_SECONDS, None
        with self.cloud.http(self._tokens[user]) as client:
            while monotonic() < deadline:
                answer = client.get(path)
                data = answer.json().get("data") if answer.status_code == 200 else None
                state = None if data is None else json.dumps(show(data), ensure_ascii=False)
                if state is not None and state != last:
                    self.console.print(f"  [dim]{user}[/dim] [bold]GET[/bold] {escape(path)}  {escape(_short(state))}")
                    last = state
                if data is not None and ready(data):
                    return data
                sleep(0.3)
        message = f"The story stops: {path} was not ready within {WAIT_SECONDS} s; see `enghub status`"
        raise Stop(message)


def _short(text: str | None) -> str:
    if not text:
        return ""
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _refusal(parsed: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": parsed.get("code"), "message": parsed.get("message")}
