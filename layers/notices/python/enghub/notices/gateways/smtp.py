"""Sends mail by a tenant's own server (CFG-28): TLS from the start or by STARTTLS, never without; one time in all.

Its secret: ``{"host", "port", "username", "password", "sender"}``; port 465 speaks TLS at once, others STARTTLS. Port
25 is closed where our functions run.
"""

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime

from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused
from enghub.kit.outbound.network import Deadline
from enghub.notices.deliveries.errors import Delayed, Refused
from enghub.notices.deliveries.message import Message, Secret

SECONDS = 20.0
TLS_PORT = 465


@dataclass(frozen=True, slots=True)
class Smtp:
    """One mail per recipient."""

    outbound: Outbound
    seconds: float = SECONDS

    def send(self, message: Message, secret: Secret) -> None:
        """See Sender. A refusal of the recipient or the mail is for good (5xx) or for now (4xx); what the server says
        about the channel itself (login, TLS, sender) may be mended, so it is tried again."""
        sender, mail = str(secret.get("sender", "")), None
        try:
            mail = compose(message, sender)
        except ValueError as error:
            raise Refused(f"no mail can be made of it: {error}") from error
        try:
            with self._session(secret) as session:
                refused = session.send_message(mail, sender, [message.address])
        except (OutboundFailed, OutboundRefused) as error:
            raise Delayed(f"the mail server: {error}") from error
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        except smtplib.SMTPDataError as error:
            raise _said(error.smtp_code, "the mail") from error
        except smtplib.SMTPResponseException as error:
            raise Delayed(f"the mail server answers {error.smtp_code}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Delayed(f"the mail server: {type(error).__name__}") from error
        for code, _ in refused.values():
            raise _said(code, "the recipient")

    @contextmanager
    def _session(self, secret: Secret) -> Iterator[smtplib.SMTP]:
        host, port = str(secret.get("host", "")), int(secret.get("port", 587))
        deadline = self.outbound.network.deadline(self.seconds, 0)
        session = _Session(self.outbound, host, port, deadline)
        timer = threading.Timer(deadline.seconds, session.cut_off)  # a server may answer slowly, but not for ever
        timer.start()
        try:
            session.begin()
            if secret.get("username"):
                session.login(str(secret["username"]), str(secret.get("password", "")))
            yield session
            with suppress(smtplib.SMTPException, OSError):
                session.quit()
        finally:
            timer.cancel()
            session.close()


class _Session(smtplib.SMTP):
    """Connects to what was checked."""

    def __init__(self, outbound: Outbound, host: str, port: int, deadline: Deadline) -> None:
        self._outbound = outbound
        self._deadline = deadline
        self._server = host
        self._port = port
        super().__init__(local_hostname="enghub", timeout=deadline.seconds)

    def begin(self) -> None:
        """Connect, and speak TLS from now on.

        Raises:
            smtplib.SMTPException, OSError, OutboundFailed, OutboundRefused
        """
        self._host = self._server  # for SNI and the certificate
        self.connect(self._server, self._port)
        if self._port != TLS_PORT:
            self.ehlo()
            self.starttls(context=self._outbound.network.tls())
        self.ehlo()

    def _get_socket(self, host: str, port: int, _: float) -> socket.socket:
        found = self._outbound.connect(host, port, self._deadline)
        if port == TLS_PORT:
            return self._outbound.network.secured(found, host, self._deadline)
        found.settimeout(self._deadline.seconds)
        return found

    def cut_off(self) -> None:
        """End the connection under whoever waits on it."""
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]


def compose(message: Message, sender: str) -> EmailMessage:
    """Return a mail; its Message-ID is the delivery's.

    Raises:
        ValueError: an address or header would break out of its line.
    """
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = message.address
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.message_id}@{sender.rpartition('@')[2] or 'enghub'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    return mail


def _said(code: int, what: str) -> Exception:
    reason = f"the mail server refuses {what} with {code}"
    return Delayed(reason) if 400 <= code < 500 else Refused(reason)
