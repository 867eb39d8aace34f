"""Which addresses may be called: public ones, and the private ranges that an owner allows. No I/O.

IPv6 counts only from 2000::/3 (RFC 4291), without what IANA's registry takes out of it: so no address that carries an
IPv4 one inside (mapped, compatible, NAT64, 6to4, Teredo) is public, whatever it carries.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from enghub.core.i18n import Text
from enghub.kit.outbound.errors import OutboundRefused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MAX_URL = 2000

_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_PRIVATE: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
"""What an owner may allow: RFC 1918, shared address space, unique local addresses."""
_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in ("fd00:ec2::/32", "100.100.100.200/32")  # metadata and name servers of clouds
)
_LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))

NO_URL = Text("it is no address of the web", "不是有效的网址")
HTTPS_ONLY = Text("it must begin with https", "必须使用 https")
NO_USER = Text("it must name a host, and no user", "必须包含主机名，且不得包含用户名")
ODD_NUMBER = Text("write the number of its host in full, as 192.0.2.1", "主机地址须写成完整形式，如 192.0.2.1")
INSIDE = Text(
    "it leads to an address that is neither public nor allowed for this purpose", "该地址既非公网地址，也未被允许"
)
NOT_A_PRIVATE_RANGE = Text("{text} is not a range of private addresses", "{text} 不是私有网段")


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom one may call. ``private`` is the owner's allow-list; ``loopback`` is for the local stage alone."""

    private: tuple[Network, ...] = ()
    loopback: bool = False
    plain_http: bool = False

    def allows(self, text: str) -> bool:
        """Tell whether this address may be connected to; a link-local one or a cloud's metadata never."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
            return False
        if is_public(text):
            return True
        if _within(address, _LOOPBACK):
            return self.loopback
        return _within(address, self.private) and _within(address, _PRIVATE) and not _within(address, _NEVER)


def is_public(text: str) -> bool:
    """Tell whether an address is one of the internet's.

    Raises:
        ValueError: it is no address.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and (address.scope_id is not None or address not in _GLOBAL_V6):
        return False
    return address.is_global and not address.is_multicast and not _within(address, _NOT_PUBLIC)


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def private_ranges(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read an owner's allow-list, for example ``["10.20.0.0/16"]``.

    Raises:
        OutboundRefused: one is no network, or reaches out of the private address space.
    """
    return tuple(map(_private_range, texts))


def _private_range(text: str) -> Network:
    try:
        found = ipaddress.ip_network(text)
    except ValueError as error:
        raise OutboundRefused(NOT_A_PRIVATE_RANGE, text=text) from error
    ends = (found.network_address, found.broadcast_address)
    if any(all(_within(end, (private,)) for end in ends) for private in _PRIVATE):
        return found
    raise OutboundRefused(NOT_A_PRIVATE_RANGE, text=text)


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was looked through: what to connect to and what to ask for."""

    scheme: str
    host: str
    port: int
    path: str
    """With the query; ASCII."""

    @property
    def authority(self) -> str:
        """The host as HTTP and lists of hosts write it; the port only when it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")
_PRINTABLE = re.compile(r"[!-\[\]-~]+")
"""Visible ASCII without the backslash, which browsers and libraries read differently."""


def target_of(url: str, policy: Policy) -> Target:
    """Look through an address; names are not resolved yet.

    Raises:
        OutboundRefused: it is not one that may be called, with the reason.
    """
    if len(url) > MAX_URL or not _PRINTABLE.fullmatch(url):
        raise OutboundRefused(NO_URL)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OutboundRefused(NO_URL) from error
    if parts.scheme not in _PORTS:
        raise OutboundRefused(NO_URL)
    if parts.scheme == "http" and not policy.plain_http:
        raise OutboundRefused(HTTPS_ONLY)
    if not parts.hostname or parts.username is not None or parts.password is not None or port == 0:
        raise OutboundRefused(NO_USER)
    host = checked_host(parts.hostname, policy)
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], _path(parts))


def checked_host(host: str, policy: Policy) -> str:
    """Return a host name or literal address in lower case.

    Raises:
        OutboundRefused: it is neither, it is a number in another than its full form, or an address not allowed.
    """
    lower = host.lower()
    try:
        ipaddress.ip_address(lower)
    except ValueError:
        if not _HOST.fullmatch(lower) or len(lower) > 253:
            raise OutboundRefused(NO_URL) from None
        last = lower.rstrip(".").rpartition(".")[2]
        if last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
            raise OutboundRefused(ODD_NUMBER) from None
        return lower
    if not policy.allows(lower):
        raise OutboundRefused(INSIDE)
    return lower


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
