"""A real mail server on loopback: STARTTLS and a login before anything else."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.unit.kit.outbound.servers import answering, certificate, serving


@dataclass
class Mailbox:
    """What the server took, and what it says to whom."""

    answers: dict[str, str] = field(default_factory=dict)
    data: str = "250 OK"
    mails: list[tuple[list[str], bytes]] = field(default_factory=list)

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:
        if self.data.startswith("250"):
            self.mails.append((envelope.rcpt_tos, envelope.content))
        return self.data


def authenticate(_: Any, __: Any, ___: Any, mechanism: str, data: Any) -> AuthResult:
    """Refused logins are handled by the server: otherwise the client waits for ever (spikes, E)."""
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"hub", b"right")
    return AuthResult(success=right, handled=False)


def free_port() -> int:
    with serving(answering(b"")) as server:
        return server.port


@contextmanager
def mail_server(box: Mailbox, folder: Path, host: str = "mail.example") -> Iterator[tuple[int, ssl.SSLContext]]:
    """Run a server for ``hub`` with the password ``right``; yield its port, and the context that trusts it."""
    chain, key = certificate(folder, host)
    serves = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serves.load_cert_chain(chain, key)
    trusts = ssl.create_default_context(cafile=str(chain))

    class Secured(Controller):
        def factory(self) -> SMTP:
            return SMTP(
                self.handler,
                tls_context=serves,
                require_starttls=True,
                authenticator=authenticate,
                auth_required=True,
                enable_SMTPUTF8=True,
            )

    port = free_port()
    server = Secured(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield port, trusts
    finally:
        server.stop()
