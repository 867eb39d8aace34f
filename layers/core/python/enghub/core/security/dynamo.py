"""Policies and sessions in the table of settings, from the functions of every context.

Layer      pk T#<tenant>#SECURITY_POLICY   sk LAYER      the global one: tenant ``*``
Grants     pk T#<tenant>#GRANTS#<user>     sk GRANTS     written by settings alone, ``edge`` for the edge
Sessions   pk T#<tenant>#SESSIONS#<user>   sk SESSIONS   one small item per user, kept for ever with the audit's end

Every function that answers HTTP may reach these partitions of that table, the audit of sessions and the outbox, and
nothing else there (``infra/constructs/access.py``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pynamodb.exceptions import UpdateError

from enghub.core import audit, config, dynamo, outbox
from enghub.core.codec import Key, RawItem
from enghub.core.commits import AuditEntry, Link
from enghub.core.dynamo import Attr, connection, error_code, key
from enghub.core.errors import Unavailable
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.security import grants
from enghub.core.security.grants import Granted
from enghub.core.security.model import Ended, Layer, Session, Sessions
from enghub.core.transactions import PutItem, absent, transact

SOURCE = "enghub.settings"
EVENT = "SessionChanged"
MAX_AGENT = 100


@dataclass(frozen=True, slots=True)
class SecurityConfig:
    """Where policies and sessions are, empty: nothing is asked of anybody; and the stage's own policy."""

    security_table: str = ""
    security_defaults: str = ""


def forget() -> None:
    """Drop what is known of the connection."""
    _known.cache_clear()


class Overtaken(Exception):
    """The sessions were changed meanwhile."""


def table_name() -> str:
    """Return the table that holds policies and sessions; empty where there is none."""
    found: str = config.load(SecurityConfig).security_table
    return found


def layer_key(tenant_id: str) -> Key:
    """Return the key of a tenant's layer."""
    return key("T", tenant_id, "SECURITY_POLICY"), "LAYER"


def sessions_key(tenant_id: str, user_id: str) -> Key:
    """Return the key of a user's sessions."""
    return key("T", tenant_id, "SESSIONS", user_id), "SESSIONS"


def grants_key(tenant_id: str, user_id: str) -> Key:
    """Return the key of a user's grants."""
    return key("T", tenant_id, "GRANTS", user_id), "GRANTS"


def grants_of(item: RawItem | None) -> tuple[Granted, ...]:
    """Return stored grants."""
    return () if item is None else grants.from_text(item["edge"]["S"])


def read(keys: Sequence[Key], *, consistent: bool = False) -> Mapping[Key, RawItem]:
    """Return the items that exist; one BatchGetItem."""
    return dynamo.read_many(keys, consistent=consistent, table_name=_known_table())


def layer_of(item: RawItem | None) -> Layer:
    """Return a stored layer, an empty one where nothing is stored."""
    return Layer() if item is None else Layer.from_text(item["phases"]["S"], int(item["revision"]["N"]))


def keep_layer(tenant_id: str, layer: Layer) -> None:
    """Store a layer, unless a newer one is stored; one transaction."""
    pk, sk = layer_key(tenant_id)
    item: RawItem = {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "entity": {"S": "SECURITY_POLICY"},
        "phases": {"S": layer.to_text()},
        "revision": {"N": str(layer.revision)},
    }
    newer = absent() | (Attr("revision") <= layer.revision)
    try:
        transact(PutItem(item, newer, lambda _: Overtaken()), table_name=_known_table())
    except Overtaken:
        return


def sessions_of(tenant_id: str, user_id: str, item: RawItem | None) -> Sessions:
    """Return stored sessions, none where nothing is stored."""
    if item is None:
        return Sessions(tenant_id, user_id)
    live = [_session(name, one["M"]) for name, one in item["live"]["M"].items()]
    return Sessions(
        tenant_id,
        user_id,
        tuple(sorted(live, key=lambda one: (one.started_at, one.session_id))),
        _at(item["ended_before"]),
        int(item["revision"]["N"]),
        int(item["sequence"]["N"]),
        item["hash"]["S"],
    )


def load_sessions(tenant_id: str, user_id: str) -> Sessions:
    """Return a user's sessions as they are now; one BatchGetItem."""
    at = sessions_key(tenant_id, user_id)
    return sessions_of(tenant_id, user_id, read([at], consistent=True).get(at))


def touch(sessions: Sessions, session_id: str, now: datetime) -> Sessions:
    """Note that a session was used, and return the sessions so; one write.

    Raises:
        Overtaken: the sessions were changed meanwhile.
        Unavailable: the table does not answer.
    """
    pk, sk = sessions_key(sessions.tenant_id, sessions.user_id)
    try:
        connection().update_item(
            _known_table(),
            pk,
            range_key=sk,
            actions=[Attr("live", session_id, "seen").set(int(now.timestamp())), Attr("revision").add(1)],
            condition=Attr("revision") == sessions.revision,
        )
    except UpdateError as error:
        if error_code(error) == "ConditionalCheckFailedException":
            raise Overtaken from error
        raise Unavailable from error
    live = tuple(replace(one, seen_at=now) if one.session_id == session_id else one for one in sessions.live)
    return replace(sessions, live=live, revision=sessions.revision + 1)


@cache
def _known(name: str) -> str:
    dynamo.know_table(name)
    return name


def _known_table() -> str:
    """Return the table's name, the context's own where none is set."""
    return _known(table_name() or dynamo.table().table_name)


def save(before: Sessions, after: Sessions, facts: Sequence[tuple[str, Session, str]], origin: Origin) -> Sessions:
    """Store sessions with the audit and an event of each fact: what became (``started``, ``changed``, ``ended``) of
    which session, why; one transaction.

    Raises:
        Overtaken: they were changed meanwhile.
        Unavailable: nothing is known to be stored.
    """
    link, writes = Link(before.sequence, before.hash), []
    for action, session, reason in facts:
        shown = {"sessionId": session.session_id, "signedInAt": session.signed_in_at, **_why(reason)}
        old, new = (shown, None) if action == "ended" else (None, {**shown, "sourceIp": session.source_ip})
        entry = AuditEntry(origin, f"session.{action}", f"session/-/{after.user_id}", old, new, link, reason)
        link = entry.link
        writes += [audit.to_put(entry), outbox.to_outbox(_event(action, session, reason, after.user_id, origin))]
    after = replace(after, revision=before.revision + 1, sequence=link.sequence, hash=link.hash)
    same = absent() if before.revision == 0 else Attr("revision") == before.revision
    transact(PutItem(_item(after), same, lambda _: Overtaken()), *writes, table_name=_known_table())
    return after


def ended(before: Sessions, over: Sequence[Ended], origin: Origin) -> Sessions:
    """End sessions; see ``save``."""
    return save(before, before.without(over), [("ended", one.session, one.reason) for one in over], origin)


def _why(reason: str) -> dict[str, str]:
    return {"reason": reason} if reason else {}


def _event(action: str, session: Session, reason: str, user_id: str, origin: Origin) -> Envelope:
    data: dict[str, Any] = {
        "user_id": user_id,
        "session_id": session.session_id,
        "action": action.upper(),
        "reason": reason or "NONE",
        "signed_in_at": session.signed_in_at,
    }
    return Envelope.of(origin, EVENT, SOURCE, data)


def _item(sessions: Sessions) -> RawItem:
    pk, sk = sessions_key(sessions.tenant_id, sessions.user_id)
    return {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "entity": {"S": "SESSIONS"},
        "revision": {"N": str(sessions.revision)},
        "sequence": {"N": str(sessions.sequence)},
        "hash": {"S": sessions.hash},
        "ended_before": _seconds(sessions.ended_before),
        "live": {"M": {one.session_id: {"M": _facts(one)} for one in sessions.live}},
    }


def _facts(one: Session) -> RawItem:
    return {
        "signed": _seconds(one.signed_in_at),
        "started": {"N": f"{one.started_at.timestamp():.6f}"},
        "seen": _seconds(one.seen_at),
        "ip": {"S": one.source_ip},
        "agent": {"S": one.user_agent[:MAX_AGENT]},
    }


def _session(name: str, facts: RawItem) -> Session:
    return Session(
        name, _at(facts["signed"]), _at(facts["started"]), _at(facts["seen"]), facts["ip"]["S"], facts["agent"]["S"]
    )


def _seconds(at: datetime) -> dict[str, str]:
    return {"N": str(int(at.timestamp()))}


def _at(stored: Mapping[str, str]) -> datetime:
    return datetime.fromtimestamp(float(stored["N"]), UTC)
