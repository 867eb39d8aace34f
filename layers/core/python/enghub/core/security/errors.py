"""What the security policy refuses, with the codes of CFG-24; no answer and no log says from where somebody called."""

from typing import Any

from enghub.core.errors import Forbidden, Unauthenticated
from enghub.core.i18n import Text


class AddressNotAllowed(Forbidden):
    """The tenant's allow-list does not hold the address that the request came from (40301)."""

    text = Text(
        "Requests from your network address are not allowed by your organisation's security policy",
        "贵组织的安全策略不允许从您当前的网络地址访问",
    )


class SessionEnded(Unauthenticated):
    """The session is over: nobody used it, somebody ended it, or newer ones took its place (40101)."""

    text = Text("This session is over ({reason}): sign in again", "会话已结束（{reason}），请重新登录")


class MfaRequired(Unauthenticated):
    """A sensitive change takes a sign-in with a second factor, not older than the policy says (40101, RFC 9470)."""

    text = Text(
        "This change takes a sign-in with a second factor{recently}: sign in again with it",
        "该敏感操作需要多因素认证{recently}，请以多因素方式重新登录",
    )

    def __init__(self, **details: Any) -> None:
        super().__init__(**details)
        age = self.details.get("max_age_seconds")
        told = f", max_age={age}" if age else ""
        self.challenge = f'Bearer error="insufficient_user_authentication"{told}'
