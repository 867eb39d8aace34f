"""The loopback counts as an encrypted connection, so that the TLS-only policies of queues and buckets stay in force."""

from ministack import app
from ministack.core import iam_evaluator


def patch() -> None:
    """Let ``aws:SecureTransport`` be true for all requests; the server listens on 127.0.0.1 only."""
    pin = iam_evaluator.pin_request_origin

    def pinned(source_ip: str, _secure_transport: bool) -> None:
        pin(source_ip, True)

    app.pin_request_origin = pinned
