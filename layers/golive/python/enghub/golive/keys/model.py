"""Keys by which programs are known: a sender of alerts, a calendar, a status page's reader. No I/O.

Only the hash is kept; whoever makes a key sees it once. The key names its tenant, so that it is looked for there alone.
"""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class KeyKind(StrEnum):
    """What a key opens."""

    INTAKE = "INTAKE"
    FEED = "FEED"
    STATUS = "STATUS"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key as it is kept; ``about`` is the integration or schedule it belongs to."""

    tenant_id: str
    key_hash: str
    kind: KeyKind
    about: str
    made_by: str
    made_at: datetime
    revoked_at: datetime | None = None
    """From then on it opens nothing; in the future while senders are changed over."""

    def opens(self, kind: KeyKind, at: datetime) -> bool:
        """Tell whether it opens ``kind`` at an instant."""
        return self.kind is kind and (self.revoked_at is None or at < self.revoked_at)


def make(tenant_id: str) -> str:
    """Return a new key of a tenant: 32 letters of chance and the tenant's name."""
    name = base64.urlsafe_b64encode(tenant_id.encode()).decode().rstrip("=")
    return f"{secrets.token_urlsafe(24)}.{name}"


def tenant_of(text: str) -> str | None:
    """Return the tenant that a key names, None where it is none of ours."""
    chance, dot, name = text.rpartition(".")
    if not dot or len(chance) != 32 or len(text) > 400:
        return None
    try:
        return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode() or None
    except (binascii.Error, ValueError):
        return None


def hashed(text: str) -> str:
    """Return the hash by which a key is kept."""
    return hashlib.sha256(text.encode()).hexdigest()
