"""Calls webhooks that manifests name: signed, by the one way out (UPG-13, decisions 0017 and 0047)."""

import hashlib
import hmac
from collections.abc import Callable, Sequence

from enghub.core.clock import Clock, system_clock
from enghub.kit.outbound.calls import Limits, Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused
from enghub.upgrade.notices.errors import NoticeDelayed, NoticeRefused
from enghub.upgrade.notices.model import Notice, Target

LIMITS = Limits(seconds=10, body_bytes=0)
AGAIN = frozenset({408, 425, 429})
Secrets = Callable[[str], Sequence[str]]
"""The signing secrets of a tenant, the present one first; none when the tenant has none."""


class Webhooks:
    """One call per address."""

    def __init__(self, secrets: Secrets, outbound: Outbound, clock: Clock = system_clock) -> None:
        self._secrets = secrets
        self._outbound = outbound
        self._clock = clock

    def send(self, tenant_id: str, notice: Notice, target: Target) -> None:
        """POST the notice.

        Raises:
            NoticeRefused: the address is not allowed, there is no secret, or the receiver says 3xx or 4xx.
            NoticeDelayed: it does not answer, or says 5xx, 408, 425 or 429.
        """
        secrets = self._secrets(tenant_id)
        if not secrets:
            message = f'no signing secret: store {{"webhookSecrets": [...]}} as upgrade/notices/{tenant_id}'
            raise NoticeRefused(message)
        body = notice.payload.encode()
        stamp = str(int(self._clock().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": target.mark(notice.event_id),
            "X-EngHub-Timestamp": stamp,
            "X-EngHub-Signature": ",".join(f"v1={sign(secret, stamp, body)}" for secret in secrets),
        }
        status = self._post(target.address, headers, body)
        if status >= 500 or status in AGAIN:
            message = f"it answers {status}"
            raise NoticeDelayed(message)
        if status >= 300:
            message = f"it answers {status}"
            raise NoticeRefused(message)

    def _post(self, url: str, headers: dict[str, str], body: bytes) -> int:
        try:
            return self._outbound.request("POST", url, headers=headers, body=body, limits=LIMITS).status
        except OutboundRefused as error:
            raise NoticeRefused(str(error)) from error
        except OutboundFailed as error:
            raise NoticeDelayed(error.kind) from error


def sign(secret: str, stamp: str, body: bytes) -> str:
    """Return HMAC-SHA256 over `<timestamp>.<body>`, as hex."""
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
