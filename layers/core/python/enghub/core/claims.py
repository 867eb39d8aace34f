"""Idempotency-Key: a request's claim on its key, and what a repeat of it gets.

A key belongs to one caller and one operation; the same key for another meaning is refused
(draft-ietf-httpapi-idempotency-key-header). ``core/idempotency`` keeps the claims.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from enghub.core.errors import IdempotencyKeyReused, Invalid
from enghub.core.i18n import Text

KEPT = timedelta(days=7)
"""How long a key is remembered."""
_CHARACTERS = Text("use 1 to 255 visible ASCII characters", "请使用 1 至 255 个可见 ASCII 字符")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Replayed(Exception):
    """The request was answered before; ``answer`` is the JSON text of that answer's data, ``status`` its HTTP status.

    A status of None is the one that the route declares.
    """

    def __init__(self, answer: str, status: int | None = None) -> None:
        super().__init__("replayed")
        self.answer = answer
        self.status = status


@dataclass(frozen=True, slots=True)
class Claim:
    """One request's claim on its key.

    Whose key it is: tenant and operation, and where they are named also user and factory; keys of different owners
    never meet. ``fingerprint`` is the hash of what the request means, all that would make another effect: path, body
    by its meaning, If-Match.
    """

    tenant_id: str
    operation: str
    idempotency_key: str
    fingerprint: str
    now: datetime
    render: Callable[[Any], str]
    """Makes the answer's data (JSON text) from what was stored."""
    user_id: str = ""
    factory_id: str = ""
    status: int | None = None
    """The HTTP status of the answer, where it is another than the route declares."""

    @property
    def owner(self) -> tuple[str, ...]:
        """Whose key it is, without the tenant: the parts of the stored claim's name."""
        more = (self.factory_id, self.user_id) if self.factory_id or self.user_id else ()
        return (self.operation, *more, self.idempotency_key)

    def replay(self, fingerprint: str, answer: str, status: int | None = None) -> Exception:
        """Return what a stored claim on the same key makes of this one: Replayed, or IdempotencyKeyReused."""
        if fingerprint != self.fingerprint:
            return IdempotencyKeyReused(key=self.idempotency_key)
        return Replayed(answer, status)


def fingerprint(*parts: str | bytes) -> str:
    """Return the SHA-256 of what makes two requests the same, as hex."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def check_key(text: str) -> str:
    """Return a well-formed Idempotency-Key.

    Raises:
        Invalid: it is longer than 255 characters or holds other than visible ASCII.
    """
    if not _KEY.fullmatch(text):
        raise Invalid(field="Idempotency-Key", problem=_CHARACTERS)
    return text
