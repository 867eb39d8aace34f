"""Conditional reads: an ETag with every answer, 304 when the caller has it already (RFC 9110 13.1.2)."""

from typing import Any

from aws_lambda_powertools.event_handler import Response, content_types

from enghub.core.http import Api


def tagged(app: Api, body: Any, etag: str, content_type: str = content_types.APPLICATION_JSON) -> Response[Any]:
    """Return ``body`` with its ``etag``, or 304 without a body when If-None-Match names it.

    ``etag`` is quoted; it stands for the answer's data, not for the envelope with its time and request id.
    """
    if app.access().etag != "read":
        message = "the route does not declare its ETag"
        raise ValueError(message)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if _names(app.current_event.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(status_code=200, content_type=content_type, body=body, headers=headers)


def untagged(app: Api, body: Any) -> Response[Any]:
    """Return ``body`` whole, to be kept by nobody, from a route that otherwise declares an ETag."""
    if app.access().etag != "read":
        message = "the route does not declare its ETag"
        raise ValueError(message)
    headers = {"Cache-Control": "no-store"}
    return Response(status_code=200, content_type=content_types.APPLICATION_JSON, body=body, headers=headers)


def _names(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag.removeprefix("W/") in tags
