"""Reads the certificates that a server shows, whatever state they are in: with its name (SNI), the whole chain."""

import socket
import ssl
from collections.abc import Sequence
from contextlib import closing
from urllib.parse import urljoin, urlsplit

from cryptography import x509

from enghub.core.clock import Clock
from enghub.golive.probes.model import Certificate, Reading, certificate_reading, failed
from enghub.kit.outbound.addresses import target_of
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused

SECONDS = 10.0
MOST_REDIRECTS = 5
_DER = 2
"""ENCODING_DER of OpenSSL's module."""


def read_certificates(outbound: Outbound, url: str, clock: Clock) -> Reading:
    """Read the chains of an https address and of those it redirects to.

    A handshake that trusts anything shows what there is; a second one tells whether it is trusted, and why not.
    """
    found: list[Certificate] = []
    trusted: dict[str, str] = {}
    try:
        for _ in range(MOST_REDIRECTS + 1):
            target = target_of(url, outbound.policy)
            if target.scheme != "https":
                return failed(f"{target.authority} is not called by https")
            if target.authority not in trusted:
                found += _chain(outbound, target.host, target.port)
                trusted[target.authority] = _distrust(outbound, target.host, target.port)
            following = None if trusted[target.authority] else _redirect(outbound, url)
            if following is None:
                return certificate_reading(found, trusted, clock())
            url = following
    except (OutboundRefused, OutboundFailed, OSError, ValueError) as error:
        return failed(f"{type(error).__name__}: {error}")
    return failed("the address redirects without end")


def _chain(outbound: Outbound, host: str, port: int) -> list[Certificate]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # an expired certificate is to be read, nothing is sent
    with (
        closing(_connected(outbound, host, port)) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        return [_read(host, der) for der in _shown(secured)]


def _shown(secured: ssl.SSLSocket) -> Sequence[bytes]:
    raw = secured._sslobj.get_unverified_chain()  # type: ignore[attr-defined]  # public from Python 3.13 on
    return [one.public_bytes(_DER) for one in raw or ()]


def _read(host: str, der: bytes) -> Certificate:
    found = x509.load_der_x509_certificate(der)
    return Certificate(host, found.subject.rfc4514_string(), found.not_valid_before_utc, found.not_valid_after_utc)


def _distrust(outbound: Outbound, host: str, port: int) -> str:
    """Return why the chain is not trusted for this host, empty when it is."""
    with closing(_connected(outbound, host, port)) as plain:
        try:
            outbound.network.tls().wrap_socket(plain, server_hostname=host).close()
        except ssl.SSLCertVerificationError as error:
            return error.verify_message or str(error)
    return ""


def _redirect(outbound: Outbound, url: str) -> str | None:
    answer = outbound.request("HEAD", url)
    place = answer.headers.get("location")
    if answer.status not in {301, 302, 303, 307, 308} or not place:
        return None
    following = urljoin(url, place)
    return following if urlsplit(following).netloc != urlsplit(url).netloc else None


def _connected(outbound: Outbound, host: str, port: int) -> socket.socket:
    plain = outbound.connect(host, port, outbound.network.deadline(SECONDS, 1 << 20))
    plain.settimeout(SECONDS)
    return plain
