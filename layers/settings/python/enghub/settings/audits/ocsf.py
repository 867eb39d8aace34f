"""The audit as OCSF events (CFG-28), schema version 1.6.0: https://schema.ocsf.io/1.6.0. Pure.

Sessions are Authentication (3002), rights given User Access Management (3005), refused requests API Activity (6003),
every other change Entity Management (3004). What the schema has no place for (before, after, the chain's hashes) is
``unmapped``, as the audit has it: masks stay masks.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from enghub.core.audit import AuditRecord, RefusalRecord

VERSION = "1.6.0"
AUTHENTICATION, ENTITY, ACCESS, API = 3002, 3004, 3005, 6003
OTHER = 99
_PRODUCT = {"name": "EngHub", "vendor_name": "EngHub"}
_ENTITY_VERBS = {
    **dict.fromkeys(("created", "taken", "requested", "submitted"), 1),
    **dict.fromkeys(("revealed", "read", "exported"), 2),
    **dict.fromkeys(("updated", "changed", "confirmed", "rolled_back", "replaced", "put", "approved", "rejected"), 3),
    "deleted": 4,
    "activated": 10,
    "deactivated": 11,
}
_SESSION_VERBS = {"started": 1, "ended": 2}
_ACCESS_VERBS = {"granted": 1, "approved": 1, "revoked": 2}
_METHODS = {"POST": 1, "GET": 2, "HEAD": 2, "PUT": 3, "PATCH": 3, "DELETE": 4}
SUCCESS, FAILURE = 1, 2
INFORMATIONAL, MEDIUM = 1, 3


def of_entry(entry: "AuditRecord") -> dict[str, Any]:
    """Return the event of one entry."""
    aggregate, _, verb = entry.action.partition(".")
    name = entry.subject.split("/", 2)[-1]
    uid = f"{entry.subject}#{entry.sequence}"
    if aggregate == "session":
        made = _event(AUTHENTICATION, _SESSION_VERBS.get(verb, OTHER), verb, entry, uid)
        shown = entry.after or entry.before or {}
        made |= {
            "user": _user(name),
            "service": {"name": "EngHub"},
            "session": {"uid": str(shown.get("sessionId", ""))},
        }
    elif aggregate == "grants" and verb in _ACCESS_VERBS:
        made = _event(ACCESS, _ACCESS_VERBS[verb], verb, entry, uid)
        made |= {"user": _user(name), "privileges": _privileges(entry)}
    else:
        made = _event(ENTITY, _ENTITY_VERBS.get(verb, OTHER), verb, entry, uid)
        made |= {"entity": {"uid": entry.subject, "name": name, "type": aggregate}}
        made |= {"comment": entry.reason} if entry.reason else {}
    made |= {"message": entry.action, "severity_id": INFORMATIONAL, "status_id": SUCCESS}
    made |= _endpoint(entry.source_ip)
    chain = {"sequence": entry.sequence, "hash": entry.hash, "previous_hash": entry.previous_hash}
    states = {"before": entry.before, "after": entry.after, "user_agent": entry.user_agent, "reason": entry.reason}
    return made | {"unmapped": {**chain, **{key: value for key, value in states.items() if value}}}


def of_refusal(refusal: "RefusalRecord", uid: str) -> dict[str, Any]:
    """Return the event of one refused request."""
    activity = _METHODS.get(refusal.method, OTHER)
    made = _event(API, activity, refusal.method, refusal, uid)
    made |= {"api": {"operation": f"{refusal.method} {refusal.path}"}, **_endpoint(refusal.source_ip or "unknown")}
    made |= {"message": refusal.detail, "severity_id": MEDIUM, "status_id": FAILURE, "status_code": refusal.error}
    return made | {"count": int(refusal.times)}


def _event(class_uid: int, activity: int, name: str, said: "AuditRecord | RefusalRecord", uid: str) -> dict[str, Any]:
    metadata = {"version": VERSION, "product": _PRODUCT, "uid": uid, "tenant_uid": said.tenant_id}
    made: dict[str, Any] = {
        "class_uid": class_uid,
        "category_uid": class_uid // 1000,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
        "time": round(said.at.timestamp() * 1000),
        "metadata": {**metadata, **({"correlation_uid": said.request_id} if said.request_id else {})},
        "actor": {"user": _user(said.user_id)},
    }
    return made | ({"activity_name": name} if activity == OTHER else {})


def _user(user_id: str) -> dict[str, str]:
    return {"uid": user_id, "name": user_id}


def _endpoint(source_ip: str) -> Mapping[str, Any]:
    if not source_ip:
        return {}
    is_address = "." in source_ip or ":" in source_ip
    return {"src_endpoint": {"ip" if is_address else "name": source_ip}}


def _privileges(entry: "AuditRecord") -> list[str]:
    """Return what was given or taken: of each grant that moved, verbs, level and part."""
    moved = {**(entry.before or {}), **(entry.after or {})}
    grants = [one for one in moved.values() if isinstance(one, Mapping) and "verbs" in one]
    return sorted({f"{one['level']}:{one['scope'] or '*'}:{verb}" for one in grants for verb in one["verbs"]}) or ["*"]
