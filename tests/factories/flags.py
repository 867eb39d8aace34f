"""Feature flags: a definition with the fields a test does not care about filled in; calls as the gateway makes them."""

import json
from typing import Any

from enghub.core.identity import Principal
from enghub.settings.evaluations import wiring
from enghub_flags.model import Flag
from enghub_flags.reading import flag_from
from tests.factories.http import Context, a_principal, a_request
from tests.factories.settings import handler

ON_OFF = [{"name": "on", "value": True}, {"name": "off", "value": False}]


def a_document(key: str = "new-ui", **fields: Any) -> dict[str, Any]:
    return {
        "key": key,
        "valueType": "BOOLEAN",
        "variants": ON_OFF,
        "offVariant": "off",
        "fallthrough": {"variant": "on"},
        "salt": "salt-1",
        **fields,
    }


def a_flag(key: str = "new-ui", *, names: tuple[str, ...] = (), off: str = "", **fields: Any) -> Flag:
    """Return a flag; ``names`` makes one of texts, each variant's value its own name."""
    if names:
        variants = [{"name": name, "value": name} for name in names]
        fields = {"valueType": "STRING", "variants": variants, "offVariant": off or names[-1], **fields}
    return flag_from(a_document(key, **fields))


def a_rule(rule_id: str, *clauses: tuple[str, str, Any], **serve: Any) -> dict[str, Any]:
    made = [
        {"attribute": attribute, "operator": operator, "values": values if isinstance(values, list) else [values]}
        for attribute, operator, values in clauses
    ]
    return {"ruleId": rule_id, "clauses": made, "serve": serve or {"variant": "on"}}


FLAG_RIGHTS = ("flag:read", "flag:evaluate", "flag:change", "flag:change:global")
MANAGER = a_principal(*FLAG_RIGHTS, user="manager")
BASE = "/api/v1/feature-flags"
OFREP = "/ofrep/v1/evaluate/flags"


def answer(
    method: str,
    path: str = "",
    body: Any = None,
    *,
    caller: Principal | None = MANAGER,
    headers: dict[str, str] | None = None,
    **query: str,
) -> dict[str, Any]:
    """Send one request; ``path`` is below /api/v1/feature-flags, or whole where it begins with /ofrep or /api."""
    whole = path if path.startswith(("/ofrep", "/api")) else BASE + path
    event = a_request(method, whole, body, caller=caller, headers=headers, query=query or None)
    found: dict[str, Any] = handler(_function(method, whole))(event, Context())
    return found


def _function(method: str, path: str) -> str:
    if "/ofrep/" in path or path.endswith("/ruleset") or path == f"{BASE}/statistics":
        return "evaluate_flags"
    if path.endswith(("/explain", "/impact", "/statistics", "/stale")):
        return "explain_flags"
    if method == "GET":
        return "read_flags"
    return "change_segments" if "/segments/" in path else "change_flags"


def data(*args: Any, **kwargs: Any) -> dict[str, Any]:
    """Send a request that succeeds, and return the data of its answer."""
    found = answer(*args, **kwargs)
    assert found["statusCode"] < 300, found["body"]
    shown: dict[str, Any] = json.loads(found["body"])["data"] if found["body"] else {}
    return shown


def refused(*args: Any, **kwargs: Any) -> tuple[int, str, dict[str, Any]]:
    """Send a request that is refused; return status, code and details."""
    found = answer(*args, **kwargs)
    assert found["statusCode"] >= 400, found["body"]
    body = json.loads(found["body"])
    return found["statusCode"], body["code"], body["details"]


def evaluated(key: str, *, caller: Principal = MANAGER, environment: str = "", **context: Any) -> dict[str, Any]:
    """Evaluate a flag by OFREP, as a function that knows nothing yet."""
    wiring.snapshots().forget()
    path = f"{BASE}/environments/{environment}{OFREP}" if environment else OFREP
    found = answer("POST", f"{path}/{key}", {"context": context}, caller=caller)
    shown: dict[str, Any] = json.loads(found["body"])
    return {"status": found["statusCode"], **shown}


def a_rule_asked(rule_id: str, *clauses: tuple[str, str, Any], **serve: Any) -> dict[str, Any]:
    """Return a rule as the API takes it."""
    made = a_rule(rule_id, *clauses)
    return {"ruleId": rule_id, "clauses": made["clauses"], **serve}
