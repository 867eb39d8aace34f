"""Allowed uploads in DynamoDB: one item per path, with an audit entry per upload."""

from dataclasses import replace
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from enghub.core import audit
from enghub.core.audit import AuditEntry, Link
from enghub.core.dynamo import RawItem, Record, key
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.core.transactions import Put, absent, transact
from enghub.upgrade.artifacts.model import Artifact
from enghub.upgrade.stored import from_text, to_text


class ArtifactRecord(Record):
    """One path."""

    ENTITY = "ARTIFACT"

    body = UnicodeAttribute()
    record_version = NumberAttribute()


def remember(artifact: Artifact, origin: Origin) -> Artifact:
    """Store that an upload was allowed: one read, one transaction.

    Raises:
        VersionConflict: somebody else got an upload to the same path at the same time.
    """
    pk, sk = key("T", artifact.tenant_id, "ARTIFACTS"), key(artifact.path)
    record = ArtifactRecord.read(pk, sk)
    before = None if record is None else from_text(Artifact, record.body)
    seen = 0 if record is None else int(record.record_version)
    link = Link() if before is None else Link(before.audit_sequence, before.audit_hash)
    entry = AuditEntry(
        origin,
        "artifact.put",
        f"artifact/{artifact.path}",
        None if before is None else _shown(before),
        _shown(artifact),
        link,
    )
    after = replace(artifact, record_version=seen + 1, audit_sequence=entry.link.sequence, audit_hash=entry.link.hash)

    def refusal(item: RawItem | None) -> Exception:
        return VersionConflict(expected=seen, actual=int(item["record_version"]["N"]) if item else 0)

    condition = absent() if seen == 0 else ArtifactRecord.record_version == seen
    stored = ArtifactRecord(pk=pk, sk=sk, body=to_text(after), record_version=seen + 1)
    transact(Put(stored, condition, refusal), audit.to_put(entry))
    return after


def _shown(artifact: Artifact) -> dict[str, Any]:
    return {"size_bytes": artifact.size_bytes, "sha256": artifact.sha256}
