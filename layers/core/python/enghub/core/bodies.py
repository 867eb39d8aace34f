"""Bodies of requests: bounded before anything reads them, and seen as bytes where a signature covers them."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import content_types

from enghub.core.calls import headers_of
from enghub.core.errors import Invalid, TooLarge, UnsupportedMedia
from enghub.core.i18n import Text

_NOT_UTF8 = Text("it is not UTF-8", "不是 UTF-8 编码")
_NOT_BASE64 = Text("it is not valid base64", "不是合法的 base64")


def check_body(event: Mapping[str, Any], limit: int, *, form: bool = False) -> None:
    """Refuse a body by what is seen without reading it; ``form``: it must be a form with files, else JSON.

    Raises:
        TooLarge: it has more than ``limit`` bytes.
        UnsupportedMedia: it is no JSON (or no form), or it is compressed.
        Invalid: it is no UTF-8.
    """
    check_size(event, limit)
    body, encoded = event.get("body") or "", bool(event.get("isBase64Encoded"))
    if not body:
        return
    headers = headers_of(event)
    kind = headers.get("content-type", content_types.APPLICATION_JSON).strip().lower()
    expected = "multipart/form-data" if form else content_types.APPLICATION_JSON
    if not kind.startswith(expected) or headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia(expected=expected)
    if encoded and not form:
        _check_utf8(event)


def check_size(event: Mapping[str, Any], limit: int) -> None:
    """Refuse a body of more than ``limit`` bytes.

    Raises:
        TooLarge
    """
    body = event.get("body") or ""
    encoded = bool(event.get("isBase64Encoded"))
    size = len(body) // 4 * 3 - body[-2:].count("=") if encoded else len(body)
    if size > limit or (not encoded and len(body.encode("utf-8", "surrogatepass")) > limit):
        raise TooLarge(limit_bytes=limit)


def _check_utf8(event: Mapping[str, Any]) -> None:
    try:
        raw_body(event).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(field="body", problem=_NOT_UTF8) from error


def raw_body(event: Mapping[str, Any]) -> bytes:
    """Return the body as it was sent, byte for byte (API Gateway sends binary media types as base64).

    Raises:
        Invalid: the body is said to be base64 and is not.
    """
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(field="body", problem=_NOT_BASE64) from error
