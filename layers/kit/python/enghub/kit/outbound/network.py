"""Connections to addresses that were checked: resolved once, so that a name that changes meanwhile leads nowhere.

Everything obeys one deadline: the look-up of the name, the connection, TLS, each read and write.
"""

import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from enghub.kit.outbound.addresses import INSIDE, Policy
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused

Resolver = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a name; raises OSError when there are none."""
Monotonic = Callable[[], float]


def system_resolver(host: str, port: int) -> list[str]:
    """Ask the system; each address once, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


@cache
def system_tls() -> ssl.SSLContext:
    """Return the context that trusts what the system trusts; one per process."""
    return ssl.create_default_context()


@dataclass(slots=True)
class Deadline:
    """The time and the bytes that one call may still take."""

    ends: float
    bytes_left: int
    now: Monotonic = time.monotonic

    @property
    def seconds(self) -> float:
        """What is left, at least a millisecond (zero would mean: never block)."""
        return max(self.ends - self.now(), 0.001)

    @property
    def is_over(self) -> bool:
        """Nothing is left."""
        return self.now() >= self.ends


@dataclass(frozen=True, slots=True)
class Network:
    """How names are resolved and addresses connected to; tests bring their own."""

    resolve: Resolver = system_resolver
    tls: Callable[[], ssl.SSLContext] = system_tls
    now: Monotonic = time.monotonic
    connect: Callable[[tuple[str, int], float], socket.socket] = field(default=socket.create_connection)

    def deadline(self, seconds: float, size_bytes: int) -> Deadline:
        """Begin to count."""
        return Deadline(self.now() + seconds, size_bytes, self.now)

    def connected(self, host: str, port: int, policy: Policy, deadline: Deadline) -> socket.socket:
        """Connect to one of the name's addresses, when all of them are allowed.

        Raises:
            OutboundRefused: one is not.
            OutboundFailed: the name cannot be resolved, or nobody answers.
        """
        addresses = self._resolved(host, port, deadline)
        if not addresses or not all(map(policy.allows, addresses)):
            raise OutboundRefused(INSIDE)
        for address in addresses:
            if deadline.is_over:
                break
            with suppress(OSError):
                return self.connect((address, port), deadline.seconds)
        raise OutboundFailed("ConnectTimeout" if deadline.is_over else "ConnectError")

    def secured(self, plain: socket.socket, host: str, deadline: Deadline) -> socket.socket:
        """Speak TLS with the host that was asked for, whatever its address.

        Raises:
            OutboundFailed: it cannot, or not in time; the connection is closed.
        """
        plain.settimeout(deadline.seconds)
        try:
            return self.tls().wrap_socket(plain, server_hostname=host.rstrip("."))
        except OSError as error:  # an SSLError is one
            plain.close()
            raise OutboundFailed("ConnectTimeout" if isinstance(error, TimeoutError) else "ConnectError") from error

    def _resolved(self, host: str, port: int, deadline: Deadline) -> Sequence[str]:
        """Ask in a thread: the system's look-up knows no time-out."""
        found: list[Sequence[str]] = []

        def look() -> None:
            with suppress(OSError, UnicodeError):
                found.append(self.resolve(host, port))

        worker = threading.Thread(target=look, daemon=True)
        worker.start()
        worker.join(deadline.seconds)
        if not found:
            raise OutboundFailed("ConnectTimeout" if worker.is_alive() else "ConnectError")
        return found[0]


class BoundedSocket:
    """What ``http.client`` needs of a socket, within a deadline."""

    def __init__(self, inner: socket.socket, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline
        self._unsent = bytearray()
        self._is_read = False

    def sendall(self, data: Any) -> None:
        """Keep it until the answer is asked for: whoever answers to the head alone gets the body with it."""
        self._unsent += data

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        """Send everything, and return the reading side.

        Raises:
            TimeoutError: there is no time left.
        """
        self._inner.settimeout(_left(self._deadline))
        self._inner.sendall(self._unsent)
        self._is_read = True
        return io.BufferedReader(_BoundedReader(self._inner, self._deadline))

    def close(self) -> None:
        """End the connection, unless its answer is still read: ``http.client`` lets go of it as soon as that began."""
        if not self._is_read:
            self._inner.close()


class TooMuch(OSError):
    """The answer is larger than this call takes."""


class _BoundedReader(io.RawIOBase):
    def __init__(self, inner: socket.socket, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._inner.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        self._inner.settimeout(_left(self._deadline))
        count = self._inner.recv_into(buffer)
        self._deadline.bytes_left -= count
        if self._deadline.bytes_left < 0:
            raise TooMuch
        return count


def _left(deadline: Deadline) -> float:
    if deadline.is_over:
        raise TimeoutError
    return deadline.seconds
