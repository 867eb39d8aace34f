"""The audit in DynamoDB, by day: changes on gsi1, refusals in a partition of their own (``core.audit``)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from enghub.core import audit, ids
from enghub.core.clock import to_text
from enghub.core.commits import AuditEntry, Link, subject
from enghub.core.dynamo import Attr, key, query
from enghub.core.identity import Origin
from enghub.core.transactions import transact
from enghub.settings.audits import ocsf
from enghub.settings.audits.service import REFUSALS, Wanted


class DynamoAudits:
    """See ``Audits``."""

    def day(
        self, wanted: Wanted, day: date, size: int, cursor: str | None
    ) -> tuple[Sequence[dict[str, Any]], str | None]:
        """One Query."""
        since, until = to_text(wanted.since), to_text(wanted.until)
        if wanted.kind == REFUSALS:
            pk = key("T", wanted.tenant_id, "REFUSED", day.isoformat())
            found = query(pk, limit=size, cursor=cursor, where=(Attr("at") >= since) & (Attr("at") < until))
            return [_refusal(raw) for raw in found.items], found.cursor
        pk = key("T", wanted.tenant_id, "AUDIT", day.isoformat())
        found = query(pk, index="gsi1", between=(key(since), key(until)), limit=size, cursor=cursor)
        return [ocsf.of_entry(audit.read(raw)) for raw in found.items], found.cursor

    def exported(self, wanted: Wanted, origin: Origin) -> None:
        """One write: an entry of the audit."""
        about = subject("audit_export", "", ids.new_id(origin.at))
        facts = {"kind": wanted.kind, "from": to_text(wanted.since), "to": to_text(wanted.until)}
        transact(audit.to_put(AuditEntry(origin, "audit_export.exported", about, None, facts, Link())))


def _refusal(raw: Any) -> dict[str, Any]:
    record = audit.RefusalRecord.from_raw_data(dict(raw))
    return ocsf.of_refusal(record, f"{record.pk}/{record.sk}")
