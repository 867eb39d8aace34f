"""Receivers that misbehave, on loopback; each answers one connection after another until it is closed."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from enghub.kit.outbound.addresses import Policy
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.network import Network

LOCAL = Policy(loopback=True, plain_http=True)


@dataclass
class Server:
    """Where it is, and what it was asked."""

    port: int
    asked: list[bytes] = field(default_factory=list)
    sent: int = 0

    def url(self, host: str = "127.0.0.1", path: str = "/in") -> str:
        return f"http://{host}:{self.port}{path}"


Behaviour = Callable[[socket.socket, Server, threading.Event], None]


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Server]:
    listener = socket.create_server(("127.0.0.1", 0))
    server, over = Server(listener.getsockname()[1]), threading.Event()

    def run() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(5)
                behaviour(connection, server, over)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    try:
        yield server
    finally:
        over.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        worker.join(5)


def read_request(connection: socket.socket, server: Server) -> None:
    text = b""
    while b"\r\n\r\n" not in text:
        chunk = connection.recv(65_536)
        if not chunk:
            break
        text += chunk
    head, _, body = text.partition(b"\r\n\r\n")
    length = next((int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")), 0)
    while len(body) < length:
        chunk = connection.recv(65_536)
        text, body = text + chunk, body + chunk
        if not chunk:
            break
    server.asked.append(text)


def answering(answer: bytes) -> Behaviour:
    def behave(connection: socket.socket, server: Server, _: threading.Event) -> None:
        read_request(connection, server)
        connection.sendall(answer)

    return behave


def dripping(begin: bytes, drop: bytes, *, talks_first: bool = False) -> Behaviour:
    """Send a little, again and again, for ever: no single read of the caller ever waits long."""

    def behave(connection: socket.socket, server: Server, over: threading.Event) -> None:
        if not talks_first:
            read_request(connection, server)
        connection.sendall(begin)
        while not over.wait(0.02):
            connection.sendall(drop)
            server.sent += len(drop)

    return behave


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def leading_to(*addresses: str) -> Outbound:
    """Return a way out whose names all lead to these addresses."""
    return Outbound(LOCAL, Network(resolve=lambda _, __: addresses))


def certificate(folder: Path, host: str = "tls.example") -> tuple[Path, Path]:
    """Make a certificate for a host, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "c.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "k.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "c.pem", folder / "k.pem"
