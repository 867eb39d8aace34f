"""Idempotency-Key: the first answer of a creating request, stored in the transaction of its effect.

The key belongs to one caller's tenant and one operation; the same key with another body is refused
(draft-ietf-httpapi-idempotency-key-header).
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from enghub.core.dynamo import RawItem, Record, key
from enghub.core.errors import IdempotencyKeyReused, Invalid
from enghub.core.transactions import Put, absent

KEPT = timedelta(days=7)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Replayed(Exception):
    """The request was answered before; ``answer`` is the JSON text of that answer's data."""

    def __init__(self, answer: str) -> None:
        super().__init__("replayed")
        self.answer = answer


class OnceRecord(Record):
    """One answered request."""

    ENTITY = "ONCE"

    fingerprint = UnicodeAttribute()
    answer = UnicodeAttribute()


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
        raise Invalid(field="Idempotency-Key", problem="use 1 to 255 visible ASCII characters")
    return text


@dataclass(frozen=True, slots=True)
class Once:
    """The claim of one request on its key; ``put`` goes into the transaction of the effect."""

    tenant_id: str
    operation: str
    idempotency_key: str
    request_fingerprint: str
    now: datetime
    render: Callable[[Any], str]
    """Makes the answer's data (JSON text) from the aggregate that was created."""

    @property
    def pk(self) -> str:
        """The partition of the stored answer."""
        return key("T", self.tenant_id, "ONCE", self.operation, self.idempotency_key)

    def look(self) -> None:
        """Raise Replayed when the request was answered before; one read.

        Raises:
            IdempotencyKeyReused: the key stands for another request.
        """
        stored = OnceRecord.read(self.pk, "ONCE")
        if stored is not None:
            raise self._replay(stored.fingerprint, stored.answer)

    def put(self, created: Any) -> Put:
        """Return the write that stores the answer; its transaction raises Replayed when another call was first."""

        def refusal(item: RawItem | None) -> Exception:
            stored = item or {}
            return self._replay(stored["fingerprint"]["S"], stored["answer"]["S"])

        return Put(
            OnceRecord(
                pk=self.pk,
                sk="ONCE",
                fingerprint=self.request_fingerprint,
                answer=self.render(created),
                expires_at=int((self.now + KEPT).timestamp()),
            ),
            absent(),
            refusal,
        )

    def _replay(self, stored_fingerprint: str, answer: str) -> Exception:
        if stored_fingerprint != self.request_fingerprint:
            return IdempotencyKeyReused(key=self.idempotency_key)
        return Replayed(answer)


def puts(once: Once | None, created: Any) -> tuple[Put, ...]:
    """Return the writes for ``created``: none when the request carries no key."""
    return () if once is None else (once.put(created),)
