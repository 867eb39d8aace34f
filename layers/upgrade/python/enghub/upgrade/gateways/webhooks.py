"""Calls webhooks that manifests name: signed, to public addresses only, redirects not followed (UPG-13, decision 0016).

The caller is httpcore, the transport below httpx: there the address that was checked is the one that is connected to,
so a name that resolves differently a moment later (DNS rebinding) leads nowhere.
"""

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpcore

from enghub.core.clock import Clock, system_clock
from enghub.upgrade.notices.errors import NoticeDelayed, NoticeRefused
from enghub.upgrade.notices.model import Notice, Target

TIMEOUTS = {"connect": 3.0, "read": 5.0, "write": 5.0, "pool": 1.0}
AGAIN = frozenset({408, 425, 429})
Secrets = Callable[[str], Sequence[str]]
"""The signing secrets of a tenant, the present one first; none when the tenant has none."""


class Webhooks:
    """One call per address. With `local` plain HTTP and private addresses are allowed."""

    def __init__(self, secrets: Secrets, *, local: bool, clock: Clock = system_clock) -> None:
        self._secrets = secrets
        self._local = local
        self._clock = clock

    def send(self, tenant_id: str, notice: Notice, target: Target) -> None:
        """POST the notice.

        Raises:
            NoticeRefused: the address is not allowed, there is no secret, or the receiver says 3xx or 4xx.
            NoticeDelayed: it does not answer, or says 5xx, 408, 425 or 429.
        """
        check_url(target.address, local=self._local)
        secrets = self._secrets(tenant_id)
        if not secrets:
            message = f'no signing secret: store {{"webhookSecrets": [...]}} as upgrade/notices/{tenant_id}'
            raise NoticeRefused(message)
        body = notice.payload.encode()
        stamp = str(int(self._clock().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "EngHub",
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
            with (
                httpcore.ConnectionPool(network_backend=CheckedNetwork(local=self._local)) as pool,
                pool.stream(
                    "POST", url, headers=[*headers.items()], content=body, extensions={"timeout": TIMEOUTS}
                ) as answer,
            ):
                status: int = answer.status  # the answer's body is not wanted, however large it is
                return status
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise NoticeDelayed(type(error).__name__) from error


def sign(secret: str, stamp: str, body: bytes) -> str:
    """Return HMAC-SHA256 over `<timestamp>.<body>`, as hex."""
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def check_url(url: str, *, local: bool) -> None:
    """Refuse what is not HTTPS, or carries a user.

    Raises:
        NoticeRefused: with the reason.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        message = "a webhook must be https"
        raise NoticeRefused(message)
    if not parts.hostname or parts.username is not None or parts.password is not None:
        message = "a webhook's address must name a host, and no user"
        raise NoticeRefused(message)


class CheckedNetwork(httpcore.NetworkBackend):
    """Resolves a name itself, and connects to what it checked."""

    def __init__(self, *, local: bool, inner: Any = None) -> None:
        self._local = local
        self._inner = inner or httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Any:  # fmt: skip
        """Connect to the first of the name's addresses, when all of them are public.

        Raises:
            NoticeRefused: one is not.
            httpcore.ConnectError: the name cannot be resolved, or nobody answers.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = [str(info[4][0]) for info in found]
        if not self._local and not all(map(is_public, addresses)):
            message = "its name leads to a private address"
            raise NoticeRefused(message)
        return self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)


def is_public(address: str) -> bool:
    """Tell whether an address is one of the internet's; those that carry an IPv4 address inside count as that."""
    found = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour
        if inside is None and found in _NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if inside is not None:
            return is_public(str(inside))
    return found.is_global and not found.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
