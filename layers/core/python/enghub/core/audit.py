"""Append-only audit entries, chained by hash per subject so that a removed or edited entry shows (MES-20, CFG-07).

The subject's own item keeps the last link; a commit and its entry are one transaction, and the entry's key refuses a
second entry of the same number. ``core/commits`` says what is written.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from enghub.core import clock, commits, ids
from enghub.core.codec import Codec, Layout, RawItem, codec
from enghub.core.dynamo import InstantAttribute, Record, each, get, key
from enghub.core.events import dumps
from enghub.core.identity import Origin
from enghub.core.transactions import PutItem, absent

KEPT = timedelta(days=7 * 366)


Link = commits.Link
AuditEntry = commits.AuditEntry


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One stored entry."""

    sequence: int
    hash: str
    previous_hash: str
    tenant_id: str
    factory_id: str
    user_id: str
    at: datetime
    request_id: str
    source_ip: str
    user_agent: str
    action: str
    subject: str
    reason: str
    before: Any = None
    after: Any = None


@cache
def _stored() -> Codec[AuditRecord]:
    return codec(AuditRecord, Layout(forms={"before": (dumps, json.loads), "after": (dumps, json.loads)}))


def partition(tenant_id: str, subject: str) -> str:
    """Return the partition of one subject's entries."""
    return key("T", tenant_id, "AUDIT", subject)


def to_put(entry: AuditEntry) -> PutItem:
    """Return the write that appends ``entry``; refused when its place in the chain is taken."""
    origin, link = entry.origin, entry.link
    record = AuditRecord(
        sequence=link.sequence,
        hash=link.hash,
        previous_hash=entry.previous.hash,
        tenant_id=origin.tenant_id,
        factory_id=origin.factory_id,
        user_id=origin.user_id,
        at=origin.at,
        request_id=origin.request_id,
        source_ip=origin.source_ip,
        user_agent=origin.user_agent,
        action=entry.action,
        subject=entry.subject,
        reason=entry.reason,
        before=entry.before,
        after=entry.after,
    )
    at = clock.to_text(origin.at)
    keys = {
        "pk": partition(origin.tenant_id, entry.subject),
        "sk": f"{link.sequence:012d}",
        "entity": "AUDIT",
        "gsi1pk": key("T", origin.tenant_id, "AUDIT", at[:10]),
        "gsi1sk": key(at, entry.subject),
    }
    return PutItem({**_stored().write(record), **{name: {"S": text} for name, text in keys.items()}}, absent())


def read(item: RawItem) -> AuditRecord:
    """Return a stored entry."""
    return _stored().read(item)


def history(tenant_id: str, subject: str) -> list[AuditRecord]:
    """Return a subject's entries, oldest first."""
    return list(map(_stored().read, each(partition(tenant_id, subject))))


def entry(tenant_id: str, subject: str, sequence: int) -> AuditRecord | None:
    """Return one entry of a subject's chain; one GetItem."""
    item = get(partition(tenant_id, subject), f"{sequence:012d}")
    return None if item is None else _stored().read(item)


def broken_at(entries: Iterable[AuditRecord]) -> int | None:
    """Return the number of the first entry that does not fit its chain, None when all do."""
    previous = Link()
    for record in entries:
        origin = Origin(
            record.tenant_id,
            record.factory_id,
            record.user_id,
            record.at,
            record.request_id,
            record.source_ip,
            record.user_agent,
        )
        entry = AuditEntry(origin, record.action, record.subject, record.before, record.after, previous, record.reason)
        if (record.previous_hash, record.hash) != (previous.hash, entry.link.hash):
            return record.sequence
        previous = entry.link
    return None


class RefusalRecord(Record):
    """One refused request."""

    ENTITY = "REFUSAL"

    tenant_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    error = UnicodeAttribute()
    method = UnicodeAttribute()
    path = UnicodeAttribute()
    detail = UnicodeAttribute()
    request_id = UnicodeAttribute()
    source_ip = UnicodeAttribute()
    at = InstantAttribute()
    times = NumberAttribute(default=1)
    """How often at least, within the hour; the rest is of the last one written."""


def refuse(
    *,
    tenant_id: str,
    user_id: str,
    error: str,
    method: str,
    path: str,
    detail: str,
    request_id: str,
    source_ip: str,
    at: datetime,
    entry: str | None = None,
    times: int = 1,
) -> None:
    """Store that a request was refused: who (``-`` when unknown), what, why, from where (see ``core/refusals``).

    An ``entry`` of the same name is replaced by the newer one.
    """
    RefusalRecord(
        pk=key("T", tenant_id, "REFUSED", clock.to_text(at)[:10]),
        sk=entry or ids.new_id(at),
        times=times,
        tenant_id=tenant_id,
        user_id=user_id,
        error=error,
        method=method,
        path=path,
        detail=detail,
        request_id=request_id,
        source_ip=source_ip,
        at=at,
        expires_at=int((at + KEPT).timestamp()),
    ).save()


def refusals(tenant_id: str, day: str) -> list[RefusalRecord]:
    """Return a tenant's refused requests of one UTC day (YYYY-MM-DD); tenant ``-`` holds those of unknown callers."""
    return list(RefusalRecord.items(key("T", tenant_id, "REFUSED", day)))
