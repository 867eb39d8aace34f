"""A connection to one PLM: who it belongs to, what it signs with, what we call it with (PLM-06, PLM-18)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from enghub.plm.connections.errors import ConnectionMisconfigured, SignatureRefused

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
REPLAY_WINDOW = timedelta(minutes=5)
"""A signed timestamp may lie this far in the past or in the future."""
MAX_SECRETS = 2
"""The current secret and, during rotation, the previous one."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """What a PLM's notifications are checked against."""

    name: str
    tenant_id: str
    factory_id: str
    secrets: tuple[str, ...]
    require_timestamp: bool = False

    @classmethod
    def of(cls, name: str, stored: Mapping[str, Any]) -> "Webhook":
        """Read the secret ``plm/webhook/<name>``: ``{tenantId, factoryId, secrets: [current, previous?]}``.

        ``requireTimestamp: true`` refuses notifications without a signed timestamp.

        Raises:
            ConnectionMisconfigured: a member is missing or of the wrong kind.
        """
        secrets = stored.get("secrets")
        if not stored.get("tenantId") or not isinstance(secrets, list) or not all(secrets) or not secrets:
            raise ConnectionMisconfigured(connection=name)
        return cls(
            name=name,
            tenant_id=stored["tenantId"],
            factory_id=stored.get("factoryId", ""),
            secrets=tuple(secrets[:MAX_SECRETS]),
            require_timestamp=stored.get("requireTimestamp") is True,
        )

    def verify(self, body: bytes, signature: str, timestamp: str | None, now: datetime) -> None:
        """Raise SignatureRefused unless ``signature`` is ours over ``body``.

        Without ``timestamp`` the signature covers the body. With it, it covers ``<timestamp>.<body>``, and the
        timestamp (seconds since 1970) lies within the replay window. A body of the first form is JSON and so never
        begins with digits and a dot: neither form can pass as the other.
        """
        if timestamp is not None:
            body = timestamp.encode("ascii", "replace") + b"." + body
        elif self.require_timestamp:
            raise SignatureRefused(reason="TIMESTAMP_MISSING")
        given = signature.strip().lower().encode("ascii", "replace")
        matches = [hmac.compare_digest(sign(secret, body).encode(), given) for secret in self.secrets]
        if not any(matches):
            raise SignatureRefused(reason="SIGNATURE_WRONG" if given else "SIGNATURE_MISSING")
        if timestamp is not None and not _recent(timestamp, now):
            raise SignatureRefused(reason="TIMESTAMP_OUTSIDE_WINDOW")


def sign(secret: str, content: bytes) -> str:
    """Return hex HMAC-SHA256 of ``content``."""
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def _recent(timestamp: str, now: datetime) -> bool:
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        return False
    return abs(now.timestamp() - int(timestamp)) <= REPLAY_WINDOW.total_seconds()


class Protocol(StrEnum):
    """How a PLM is spoken to."""

    REST = "REST"
    SOAP = "SOAP"


@dataclass(frozen=True, slots=True)
class Api:
    """How a PLM is called, and for which tenant."""

    name: str
    tenant_id: str
    factory_id: str
    base_url: str
    api_key: str
    secret: str
    protocol: Protocol = Protocol.REST

    @classmethod
    def of(cls, name: str, stored: Mapping[str, Any]) -> "Api":
        """Read the secret ``plm/api/<name>``: ``{tenantId, factoryId, baseUrl, apiKey, secret, protocol?}``.

        Raises:
            ConnectionMisconfigured: a member is missing, or the protocol is none of ours.
        """
        try:
            return cls(
                name=name,
                tenant_id=stored["tenantId"],
                factory_id=stored.get("factoryId", ""),
                base_url=stored["baseUrl"].rstrip("/"),
                api_key=stored["apiKey"],
                secret=stored["secret"],
                protocol=Protocol(stored.get("protocol", "REST")),
            )
        except (KeyError, AttributeError, ValueError) as error:
            raise ConnectionMisconfigured(connection=name) from error

    def token(self, now: datetime) -> str:
        """Return base64(apiKey:timestamp:hex HMAC-SHA256(secret, apiKey+timestamp)), timestamp in milliseconds."""
        milliseconds = str(int(now.timestamp() * 1000))
        signature = sign(self.secret, (self.api_key + milliseconds).encode())
        return base64.b64encode(f"{self.api_key}:{milliseconds}:{signature}".encode()).decode()


def check_name(name: str) -> str | None:
    """Return ``name`` when it is a well-formed connection name, None otherwise."""
    return name if NAME.fullmatch(name) else None
