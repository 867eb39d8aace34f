"""Every call to an address that people gave: checked, pinned, bounded in time and size, never redirected.

``http.client`` from the standard library speaks HTTP; no package rides along, and the AWS SDK has imported it already.
"""

import http.client
import socket
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from enghub.core.i18n import Text
from enghub.kit.outbound.addresses import Policy, Target, checked_host, target_of
from enghub.kit.outbound.breaker import Breaker
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused
from enghub.kit.outbound.network import BoundedSocket, Deadline, Network, TooMuch

Bound = Mapping[str, Mapping[str, str]]
"""Headers by the host they belong to (``mes.example.com``, with a port other than the scheme's own: ``host:8443``)."""
_CHUNK = 16_384
_NOTHING: Bound = {}
PUBLIC_ONLY = Policy()
NO_HEADER = Text("a header of the request is not valid", "请求头无效")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may take. A longer body is cut, not refused; longer headers are."""

    seconds: float = 10.0
    """In all: look-up, connection, TLS, request, answer."""
    body_bytes: int = 65_536
    """After decompression."""
    header_bytes: int = 32_768


USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address said."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    milliseconds: int

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Outbound:
    """The one way out."""

    policy: Policy = PUBLIC_ONLY
    network: Network = field(default_factory=Network)
    breaker: Breaker | None = None

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        bound: Bound = _NOTHING,
        limits: Limits = USUAL,
    ) -> Answer:
        """Send one request; of the headers in ``bound`` only those of this very host go with it.

        Raises:
            OutboundRefused: the address may not be called.
            OutboundFailed: no answer, not in time, or not an HTTP one.
        """
        target = target_of(url, self.policy)
        sent = {**(headers or {}), **bound.get(target.authority, {})}
        if self.breaker is None:
            return self._exchange(method, target, sent, body, limits)
        with self.breaker.guard(target.authority):
            return self._exchange(method, target, sent, body, limits)

    def reaches(self, host: str, port: int, seconds: float) -> bool:
        """Tell whether something accepts connections there.

        Raises:
            OutboundRefused: the address may not be called.
        """
        try:
            self.connect(host, port, self.network.deadline(seconds, 0)).close()
        except OutboundFailed:
            return False
        return True

    def connect(self, host: str, port: int, deadline: Deadline) -> socket.socket:
        """Connect for another protocol than HTTP.

        Raises:
            OutboundRefused, OutboundFailed
        """
        return self.network.connected(checked_host(host, self.policy), port, self.policy, deadline)

    def _exchange(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Answer:
        # The raw size is bounded by what may be read of it: compressed bytes are never more than a little above.
        deadline = self.network.deadline(limits.seconds, limits.header_bytes + 2 * limits.body_bytes + 4 * _CHUNK)
        began = self.network.now()
        connection = _Pinned(target, self.network, self.policy, deadline)
        answer: http.client.HTTPResponse | None = None
        try:
            connection.request(method, target.path, body=body, headers=_headers(target, headers))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            content = _read(answer, found.get("content-encoding", "").lower(), limits.body_bytes)
        except (OutboundFailed, OutboundRefused):
            raise
        except TimeoutError as error:
            raise OutboundFailed("ReadTimeout") from error
        except (OSError, http.client.HTTPException, zlib.error) as error:
            raise OutboundFailed(_kind(error)) from error
        except ValueError as error:  # a method or header that would break out of its line
            raise OutboundRefused(NO_HEADER) from error
        finally:
            if answer is not None:
                answer.close()
            connection.close()
        return Answer(answer.status, found, content, int((self.network.now() - began) * 1000))


class _Pinned(http.client.HTTPConnection):
    """Connects to what was checked; TLS still asks for the name."""

    def __init__(self, target: Target, network: Network, policy: Policy, deadline: Deadline) -> None:
        super().__init__(target.host, target.port)
        self._target = target
        self._network = network
        self._policy = policy
        self._deadline = deadline

    def connect(self) -> None:
        """See ``Network``."""
        host = self._target.host
        plain = self._network.connected(host, self._target.port, self._policy, self._deadline)
        found = plain if self._target.scheme == "http" else self._network.secured(plain, host, self._deadline)
        self.sock = BoundedSocket(found, self._deadline)


def _headers(target: Target, headers: Mapping[str, str]) -> dict[str, str]:
    ours = {"Host": target.authority, "User-Agent": "EngHub", "Accept-Encoding": "identity", "Connection": "close"}
    given = {name.lower() for name in headers}
    return {
        **{name: value for name, value in ours.items() if name.lower() not in given - {"host"}},
        **{name: value for name, value in headers.items() if name.lower() != "host"},
    }


def _read(answer: http.client.HTTPResponse, encoding: str, limit: int) -> bytes:
    """Read at most ``limit`` bytes of the body as its author wrote it."""
    unpack = None
    if encoding in {"gzip", "x-gzip", "deflate"}:
        unpack = zlib.decompressobj(wbits=47)  # gzip and zlib, told apart by their headers
    elif encoding not in {"", "identity"}:
        raise OutboundFailed("RemoteProtocolError")
    content = bytearray()
    while len(content) < limit:
        try:
            chunk = answer.read1(_CHUNK) if unpack else answer.read1(min(_CHUNK, limit - len(content)))
        except ConnectionResetError:
            if answer.length is not None or answer.chunked:
                raise
            break  # whoever answers without reading the request's body resets the connection after its answer
        if not chunk:
            break
        content += unpack.decompress(chunk, limit - len(content)) if unpack else chunk
    return bytes(content)


def _kind(error: Exception) -> str:
    if isinstance(error, http.client.HTTPException | TooMuch | zlib.error):
        return "RemoteProtocolError"
    return "WriteError" if isinstance(error, BrokenPipeError) else "ReadError"
