"""What every operation of the published document has: headers, errors, the envelope, security."""

from collections.abc import Mapping
from typing import Any

HEAD = {
    "openapi": "3.1.0",
    "info": {
        "title": "EngHub",
        "version": "1",
        "summary": "A manufacturing hub: engineering changes, work orders, upgrades, settings",
        "description": (
            "Every answer is an envelope `{success, code, message, data, timestamp, requestId}`; an error carries "
            "`details` instead of `data`, with the stable name `error` and, where there is one, the `field`.\n\n"
            "**Repeats.** A request with an `Idempotency-Key` has its effect once: the same key, user, factory, "
            "address, If-Match and meaning get the first answer again (`Idempotency-Replayed: true`), anything else "
            "409. A key is forgotten after 7 days.\n\n"
            "**Lists** come in pages of `pageSize` items; `cursor` goes unchanged into the next request, null ends.\n\n"
            "**Limits.** 429 says in `Retry-After` when to come back; so does 503 where it is known.\n\n"
            "**Languages.** `message` and what people read in `details` come in English or Chinese "
            "(`Accept-Language`)."
        ),
    },
    "servers": [{"url": "/"}],
    "tags": [
        {"name": "mes", "description": "Work orders, production reports, the shift board"},
        {"name": "plm", "description": "Engineering changes and products from the PLM"},
        {"name": "settings", "description": "Configuration in three layers"},
        {"name": "upgrade", "description": "Upgrades of business systems"},
        {"name": "golive", "description": "Readiness, cut-over, on call, alerts and incidents"},
        {"name": "notices", "description": "Who hears what, by which channel; deliveries and acknowledgements"},
        {"name": "sandbox", "description": "Stand-ins for PLM and ERP; only where the stage deploys them"},
    ],
}
SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "The sign-in's ID token"},
    "plmSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Plm-Signature",
        "description": (
            "HMAC of the raw body with the connection's secret; X-Plm-Connection names the connection (`default`), "
            "X-Plm-Timestamp the time where the connection demands it"
        ),
    },
    "feedKey": {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": "The feed's own key, part of its address",
    },
    "plmToken": {"type": "http", "scheme": "bearer", "description": "The stand-in PLM's own token"},
}


def _header(name: str, description: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string", **schema},
    }


_KEY: dict[str, Any] = {"minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
HEADERS = {
    "FactoryId": _header(
        "X-Factory-Id", "The factory this is about; needed when the caller has several", minLength=1, maxLength=64
    ),
    "AcceptLanguage": _header("Accept-Language", "en or zh, as in RFC 9110", examples=["zh-CN,zh;q=0.9,en;q=0.8"]),
    "IdempotencyKey": _header("Idempotency-Key", "A new one for each new request, kept for 7 days", **_KEY),
    "RequiredIdempotencyKey": _header(
        "Idempotency-Key", "A new one for each new request, kept for 7 days", required=True, **_KEY
    ),
    "IfMatch": _header("If-Match", "The ETag that was read, instead of `version`", examples=['"tenant.3"']),
    "IfNoneMatch": _header("If-None-Match", "ETags that are known: 304 when one still holds"),
}
ERRORS = {
    "400": "A value has the wrong format (40001), a key or id is malformed (40002), a rule is not satisfied (40003)",
    "401": "Nobody proved who is calling (40101)",
    "403": "A right is missing, or the factory is not the caller's (40301)",
    "404": "There is none of that name for this tenant and factory (40401)",
    "409": "It conflicts with what is stored (40901), the version is outdated (40902), or the key was used otherwise",
    "413": "The body is too large (41301)",
    "415": "The body is not application/json, or compressed (41501)",
    "422": "A business rule refuses it (42201)",
    "429": "Too many requests (42901)",
    "500": "A fault of ours (50001)",
    "503": "Something this depends on cannot answer now: try again (50301)",
}
_RETRY = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 0}}}
_ENVELOPE = {
    "code": {"type": "string", "description": "The HTTP status, or a code of CFG-24", "examples": ["40001"]},
    "message": {"type": "string", "description": "For a person, in the language asked for"},
    "timestamp": {"type": "string", "format": "date-time"},
    "requestId": {"type": "string", "description": "Finds this request in the logs"},
}
ERROR: dict[str, Any] = {
    "type": "object",
    "description": "An answer that refuses",
    # The gateway's own errors name no time: it knows none in ISO 8601 (decision 0038).
    "required": ["success", *(name for name in _ENVELOPE if name != "timestamp"), "details"],
    "properties": {
        "success": {"type": "boolean", "const": False},
        **_ENVELOPE,
        "details": {
            "type": "object",
            "required": ["error"],
            "properties": {
                "error": {"type": "string", "description": "The stable name of the error, for programs"},
                "field": {"type": "string", "description": "What is wrong, by the name of the request"},
                "problem": {"type": "string", "description": "What is wrong with it, for a person"},
            },
            "additionalProperties": True,
        },
    },
}


def headers(said: Mapping[str, Any], method: str) -> list[dict[str, str]]:
    """Return the header parameters of an operation."""
    wanted = ["AcceptLanguage"]
    if not said["x-enghub-public"]:
        wanted.append("FactoryId")
    wanted += {"optional": ["IdempotencyKey"], "required": ["RequiredIdempotencyKey"]}.get(said["x-enghub-key"], [])
    wanted += {"read": ["IfNoneMatch"], "change": ["IfMatch"]}.get(said["x-enghub-etag"], [])
    return [{"$ref": f"#/components/parameters/{name}"} for name in wanted]


def responses(route: Any, answer: dict[str, Any], in_envelope: bool, *, has_body: bool) -> dict[str, Any]:
    """Return the responses of an operation: its successes, then what can be refused."""
    said = route.openapi_extensions
    if not in_envelope:
        kinds = {said.get("x-enghub-media", "application/json"): {"schema": {"type": "object"}}}
        return {
            "200": {"description": "Done", "content": kinds},
            "default": {"description": "Refused", "content": kinds | _json({"type": "object"})},
        }
    declared = {str(status): one for status, one in (route.responses or {}).items()}
    pages = {
        status: {
            kind: {"schema": {} if kind == "application/json" else {"type": "string"}}
            for kind in one.get("content", {})
        }
        for status, one in declared.items()
    }
    successes = {str(route.status_code): "Done"}
    successes |= {status: one["description"] for status, one in declared.items() if status not in ERRORS}
    made: dict[str, Any] = {}
    for status, description in successes.items():
        page = pages.get(status, {})
        whole = _enveloped(answer) if said.get("x-enghub-envelope", True) else answer
        data = {} if page and answer == {"type": "string"} else _json(whole)
        made[status] = {"description": description, "content": data | page, **_told(said)}
    if said["x-enghub-etag"] == "read":
        made["304"] = {"description": "It is as the caller has it", **_told(said)}
    for status in _refusals(route, said, has_body=has_body):
        ours = said.get("x-enghub-envelope", True)
        error = _json({"$ref": "#/components/schemas/Error"} if ours else {"type": "object"})
        made[status] = {"description": ERRORS[status], "content": error | pages.get(status, {})}
        if status in {"429", "503"}:
            made[status]["headers"] = _RETRY
    return made


def _refusals(route: Any, said: Mapping[str, Any], *, has_body: bool) -> list[str]:
    found = {"400", "429", "500", "503"}
    if not said["x-enghub-public"] or route.security:
        found |= {"401"}
    if not said["x-enghub-public"]:
        found |= {"403"}
    if has_body or "<" in route.path or route.security or route.method == "GET":
        found |= {"404"}
    if route.method != "GET":
        found |= {"409", "422"}
    if has_body:
        found |= {"413", "415"}
    return sorted(found | {str(status) for status in route.responses or {} if str(status) in ERRORS})


def _told(said: Mapping[str, Any]) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if said["x-enghub-key"] != "none":
        headers["Idempotency-Replayed"] = {
            "description": "`true`: this is the first answer again",
            "schema": {"type": "string", "const": "true"},
        }
    if said["x-enghub-etag"] == "read":
        headers["ETag"] = {"description": "Stands for the answer's data", "schema": {"type": "string"}}
    return {"headers": headers} if headers else {}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _enveloped(data: dict[str, Any]) -> dict[str, Any]:
    choices = [one for one in data.get("anyOf", ()) if one not in ({"type": "null"}, {"type": "string"})]
    if choices:
        data = choices[0] if len(choices) == 1 else {"anyOf": choices}
    return {
        "type": "object",
        "required": ["success", *_ENVELOPE, "data"],
        "properties": {"success": {"type": "boolean", "const": True}, **_ENVELOPE, "data": data},
    }
