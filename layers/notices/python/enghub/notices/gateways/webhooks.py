"""Calls webhooks: signed in two ways, each with every secret that is valid (UPG-13, CFG-17, decisions 0017 and 0048).

``X-EngHub-Signature`` is what receivers of upgrades know: HMAC-SHA256 over ``<timestamp>.<body>``, as hex.
``webhook-signature`` is that of Standard Webhooks (standardwebhooks.com): over ``<id>.<timestamp>.<body>``, as base64.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from enghub.core.clock import Clock, system_clock
from enghub.kit.outbound.calls import Outbound
from enghub.notices.deliveries.errors import Refused
from enghub.notices.deliveries.message import Message, Secret
from enghub.notices.gateways.http import post

STANDARD_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Webhooks:
    """One call per address; ``secret["webhookSecrets"]`` are the signing secrets, the present one first."""

    outbound: Outbound
    clock: Clock = system_clock

    def send(self, message: Message, secret: Secret) -> None:
        """See Sender; the address is the message's, or that of the secret."""
        keys = [key for key in secret.get("webhookSecrets", ()) if isinstance(key, str) and key]
        if not keys:
            reason = f'no signing secret: store {{"webhookSecrets": [...]}} as {secret.get("path", "its secret")}'
            raise Refused(reason)
        url = message.address or str(secret.get("url", ""))
        body = message.payload.encode()
        post(self.outbound, url, signed(message.message_id, str(int(self.clock().timestamp())), body, keys), body)


def signed(message_id: str, stamp: str, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """Return the headers that tell a receiver from whom the body is and whether it came before."""
    return {
        "Idempotency-Key": message_id,
        "X-EngHub-Timestamp": stamp,
        "X-EngHub-Signature": ",".join(f"v1={_mac(key, f'{stamp}.'.encode() + body).hex()}" for key in keys),
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(_standard(key, f"{message_id}.{stamp}.".encode() + body) for key in keys),
    }


def _mac(key: str, content: bytes) -> bytes:
    return hmac.new(key.encode(), content, hashlib.sha256).digest()


def _standard(key: str, content: bytes) -> str:
    try:
        secret = base64.b64decode(key.removeprefix(STANDARD_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not secret or not key.startswith(STANDARD_PREFIX):
        secret = key.encode()
    return "v1," + base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
