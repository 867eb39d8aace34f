"""Robots of group chats: DingTalk, WeCom, Feishu. All of them answer errors with HTTP 200, so the body decides.

The address of a robot is a secret: ``{"url": "https://...", "secret": "..."}``; DingTalk and Feishu sign with it.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from enghub.core.clock import Clock, system_clock
from enghub.core.events import dumps
from enghub.kit.outbound.calls import Outbound
from enghub.notices.deliveries.errors import Delayed, Refused
from enghub.notices.deliveries.message import Message, Secret
from enghub.notices.gateways.http import post


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one vendor's robots are spoken to."""

    address: Callable[[str, str, int], str]
    """The URL to call: from the robot's, its signing secret and the seconds since 1970."""
    body: Callable[[Message, str, int], dict[str, Any]]
    code: Callable[[Mapping[str, Any]], Any]
    """What the answer says; 0 is success."""
    too_fast: Mapping[int, float]
    """Codes of its limits, and how long to wait, in seconds."""
    malformed: frozenset[int]
    """Codes that another try does not change."""


@dataclass(frozen=True, slots=True)
class Robot:
    """The robots of one vendor."""

    dialect: Dialect
    outbound: Outbound
    clock: Clock = system_clock

    def send(self, message: Message, secret: Secret) -> None:
        """See Sender."""
        url, key = str(secret.get("url", "")), str(secret.get("secret", ""))
        if not url:
            reason = f'no address: store {{"url": "...", "secret": "..."}} as {secret.get("path", "its secret")}'
            raise Refused(reason)
        seconds = int(self.clock().timestamp())
        body = dumps(self.dialect.body(message, key, seconds)).encode()
        answer = post(self.outbound, self.dialect.address(url, key, seconds), {}, body)
        try:
            code = self.dialect.code(json.loads(answer.body))
        except (ValueError, TypeError, AttributeError) as error:
            reason = "it answers 200 and nothing that a robot says"
            raise Delayed(reason) from error
        self._judge(code)

    def _judge(self, code: Any) -> None:
        if code == 0:
            return
        reason = f"the robot answers {code}"
        if code in self.dialect.malformed:
            raise Refused(reason)
        raise Delayed(reason, self.dialect.too_fast.get(code) if isinstance(code, int) else None)


def dingtalk_sign(secret: str, milliseconds: int) -> str:
    """Return the signature of DingTalk: HMAC-SHA256 by the secret over ``<milliseconds>\\n<secret>``, as base64."""
    content = f"{milliseconds}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), content, hashlib.sha256).digest()).decode()


def feishu_sign(secret: str, seconds: int) -> str:
    """Return the signature of Feishu: HMAC-SHA256 of nothing by ``<seconds>\\n<secret>``, as base64."""
    key = f"{seconds}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


def cut(text: str, size_bytes: int) -> str:
    """Return as much of a text as fits, whole characters."""
    content = text.encode()
    return text if len(content) <= size_bytes else f"{content[: size_bytes - 3].decode('utf-8', 'ignore')}…"


def _dingtalk_url(url: str, secret: str, seconds: int) -> str:
    if not secret:
        return url
    milliseconds = seconds * 1000
    sign = quote_plus(dingtalk_sign(secret, milliseconds))
    return f"{url}{'&' if '?' in url else '?'}timestamp={milliseconds}&sign={sign}"


def _dingtalk(message: Message, _: str, __: int) -> dict[str, Any]:
    text = message.body.replace("\n", "\n\n")  # its markdown needs an empty line to break one
    return {"msgtype": "markdown", "markdown": {"title": cut(message.subject, 200), "text": cut(text, 18_000)}}


def _wecom(message: Message, _: str, __: int) -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"content": cut(message.body, 4_096)}}


def _feishu(message: Message, secret: str, seconds: int) -> dict[str, Any]:
    signed = {"timestamp": str(seconds), "sign": feishu_sign(secret, seconds)} if secret else {}
    lines = [[{"tag": "text", "text": line}] for line in cut(message.body, 18_000).split("\n")]
    post_ = {"zh_cn": {"title": cut(message.subject, 500), "content": lines}}
    return {**signed, "msg_type": "post", "content": {"post": post_}}


def _plain_url(url: str, _: str, __: int) -> str:
    return url


def _errcode(answer: Mapping[str, Any]) -> Any:
    return answer.get("errcode")


def _feishu_code(answer: Mapping[str, Any]) -> Any:
    return answer.get("code", answer.get("StatusCode"))


DINGTALK = Dialect(_dingtalk_url, _dingtalk, _errcode, {410100: 600.0, 130101: 600.0}, frozenset({40035}))
WECOM = Dialect(_plain_url, _wecom, _errcode, {45009: 60.0}, frozenset({40008, 40058, 45002}))
FEISHU = Dialect(_plain_url, _feishu, _feishu_code, {11232: 60.0}, frozenset({9499, 19002}))
