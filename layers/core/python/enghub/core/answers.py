"""Answers as CFG-24 has them: ``{success, code, message, data, timestamp, requestId}``, with ``details`` for errors."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from enghub.core import i18n, refusals
from enghub.core.calls import headers_of, origin_of
from enghub.core.clock import system_clock, to_text
from enghub.core.errors import EngHubError, Forbidden, NotFound, RateLimited, Unauthenticated
from enghub.core.i18n import Text
from enghub.core.identity import Principal
from enghub.core.lazy import lazy
from enghub.core.observability import count, logger

if TYPE_CHECKING:
    from enghub.core.security import dynamo as store
else:  # few requests are refused
    store = lazy("enghub.core.security.dynamo")

Names = Mapping[type[EngHubError], str]
"""The stable names that a context's document gives to whole kinds of errors."""
_DONE = Text("Done", "操作成功")
ASK_AT = "POST /api/v1/settings/grants/own/requests"
"""Where somebody who lacks a right asks for it (CFG-22)."""
_READS = {"GET", "HEAD", "OPTIONS"}


def success(event: Mapping[str, Any], status: int, data: Any) -> dict[str, Any]:
    """Return the envelope around ``data``."""
    return {
        "success": True,
        "code": str(status),
        "message": _DONE.render(_language(event)),
        "data": data,
        "timestamp": to_text(system_clock()),
        "requestId": _request_id(event),
    }


def failure(event: Mapping[str, Any], error: EngHubError, names: Names) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """Return status, envelope and headers of an answer that refuses."""
    name = next((name for kind, name in names.items() if isinstance(error, kind)), error.name)
    language = _language(event)
    headers: dict[str, Any] = {}
    if "retry_after_seconds" in error.details:
        headers["Retry-After"] = str(error.details["retry_after_seconds"])
    details = {_camel(name): i18n.rendered(value, language) for name, value in error.details.items()}
    if isinstance(error, Forbidden) and "permission" in details and store.table_name():
        details["askAt"] = ASK_AT
    if error.challenge:
        headers["WWW-Authenticate"] = error.challenge
    if isinstance(error, RateLimited):
        count("rateLimited")
    logger.info("request refused", status=error.status, code=error.code, error=name)
    body = {
        "success": False,
        "code": error.code,
        "message": error.message(language),
        "details": {"error": name, **details},
        "timestamp": to_text(system_clock()),
        "requestId": _request_id(event),
    }
    return error.status, body, headers


def keep_refusal(event: Mapping[str, Any], error: EngHubError, principal: Principal | None) -> None:
    """Keep who was refused: missing rights always, unknown things when the request wanted to change them."""
    wanted_change = event["httpMethod"] not in _READS
    if not (isinstance(error, Forbidden | Unauthenticated) or (isinstance(error, NotFound) and wanted_change)):
        return
    origin = origin_of(event, principal.tenant_id if principal else "-", "", principal.user_id if principal else "-")
    count("refused")
    try:
        refusals.keep(
            tenant_id=origin.tenant_id,
            user_id=origin.user_id,
            error=error.name,
            method=event["httpMethod"],
            path=event["path"][:500],
            detail=(error.confidential or error.message("en"))[:500],
            request_id=origin.request_id,
            source_ip=origin.source_ip,
            at=origin.at,
        )
    except Exception:
        logger.exception("refusal not stored", error=error.name, path=event["path"])


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def _language(event: Mapping[str, Any]) -> i18n.Language:
    return i18n.negotiate(headers_of(event).get("accept-language"))


def _request_id(event: Mapping[str, Any]) -> str:
    request_id: str = event.get("requestContext", {}).get("requestId", "")
    return request_id
