"""Bodies of requests: bounded before anything reads them, and read as bytes where a signature covers them."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler import content_types
from pydantic import BaseModel, ValidationError

from enghub.core.calls import headers_of
from enghub.core.errors import Invalid, TooLarge, UnsupportedMedia
from enghub.core.i18n import Text
from enghub.core.problems import invalid, unreadable
from enghub.core.strictjson import parse_json

M = TypeVar("M", bound=BaseModel)
_NOT_UTF8 = Text("it is not UTF-8", "不是 UTF-8 编码")
_NOT_BASE64 = Text("it is not valid base64", "不是合法的 base64")


def check_body(event: Mapping[str, Any], limit: int) -> None:
    """Refuse a body by what is seen without reading it.

    Raises:
        TooLarge: it has more than ``limit`` bytes.
        UnsupportedMedia: it is no JSON, or it is compressed.
    """
    body = event.get("body") or ""
    encoded = bool(event.get("isBase64Encoded"))
    size = len(body) // 4 * 3 - body[-2:].count("=") if encoded else len(body)
    if size > limit or (not encoded and len(body.encode("utf-8", "surrogatepass")) > limit):
        raise TooLarge(limit_bytes=limit)
    if not body:
        return
    headers = headers_of(event)
    kind = headers.get("content-type", content_types.APPLICATION_JSON).strip().lower()
    if not kind.startswith("application/json") or headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia(expected="application/json")


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


def parsed(model: type[M], body: bytes) -> M:
    """Read ``body`` as ``model``, for routes that must see the bytes before anything parses them.

    Raises:
        Invalid: it is no such JSON; the field is named as for declared bodies.
    """
    try:
        return model.model_validate(parse_json(body.decode("utf-8")))
    except json.JSONDecodeError as error:
        raise unreadable(error) from error
    except UnicodeDecodeError as error:
        raise Invalid(field="body", problem=_NOT_UTF8) from error
    except ValidationError as error:
        raise invalid(
            [{**found, "loc": ("body", *found["loc"])} for found in error.errors(include_url=False)]
        ) from error
