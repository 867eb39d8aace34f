"""The HTTP edge of this context: errors carry the codes of the source document, chapter 12.1 (UPG-21)."""

from enghub.core import http
from enghub.core.errors import Failed, Invalid

ERROR_NAMES = {Invalid: "VALIDATION_ERROR", Failed: "INTERNAL_SERVER_ERROR"}
"""UPGRADE_EXECUTION_ERROR and CONFIGURATION_NOT_FOUND are names of errors of their own."""


def resolver(*, max_body_bytes: int = http.MAX_BODY_BYTES) -> http.Api:
    """Return the resolver of one function (see ``enghub.core.http.resolver``)."""
    return http.resolver(max_body_bytes=max_body_bytes, error_names=ERROR_NAMES)
