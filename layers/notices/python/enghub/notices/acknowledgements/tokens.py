"""Links that say "I have seen it": signed, for one notice and one recipient, with an end, and good for nothing else.

A token is ``<base64url of its claims>.<base64url of their HMAC-SHA256>``. The key signs a fixed word with them, so that
no other signature of that key can pass for one. No I/O.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from enghub.notices.acknowledgements.errors import LinkExpired, LinkInvalid

PURPOSE = b"enghub/notices/acknowledge/1\n"
LIFETIME = timedelta(days=14)
MAX_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is for."""

    tenant_id: str
    notice_id: str
    delivery_id: str
    """Whose link it is: the delivery that carried it."""
    expires_at: datetime


def sign(link: Link, key: str) -> str:
    """Return the token of a link."""
    claims = [link.tenant_id, link.notice_id, link.delivery_id, int(link.expires_at.timestamp())]
    content = json.dumps(claims, separators=(",", ":")).encode()
    return f"{_text(content)}.{_text(_mac(content, key))}"


def verify(token: str, keys: Sequence[str], now: datetime) -> Link:
    """Return the link that a token stands for; any of the keys may have signed it.

    Raises:
        LinkInvalid: it is none of ours.
        LinkExpired: it was one.
    """
    content, _, signature = token.partition(".")
    try:
        if len(token) > MAX_LENGTH:
            raise LinkInvalid
        claims, mac = _bytes(content), _bytes(signature)
        if not any(hmac.compare_digest(_mac(claims, key), mac) for key in keys):
            raise LinkInvalid
        tenant_id, notice_id, delivery_id, until = json.loads(claims)
        link = Link(str(tenant_id), str(notice_id), str(delivery_id), datetime.fromtimestamp(until, UTC))
    except (ValueError, TypeError, binascii.Error, OverflowError) as error:
        raise LinkInvalid from error
    if link.expires_at <= now:
        raise LinkExpired
    return link


def _mac(content: bytes, key: str) -> bytes:
    return hmac.new(key.encode(), PURPOSE + content, hashlib.sha256).digest()


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
