"""Manifests in DynamoDB: a head per version, immutable revisions, scripts by their hash in compressed parts."""

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import InstantAttribute, RawItem, Record, key, read_many
from enghub.core.transactions import Put, absent
from enghub.upgrade.manifests.document import Manifest
from enghub.upgrade.manifests.errors import ConfigurationNotFound, ManifestChanged
from enghub.upgrade.manifests.model import Head, Revision, ScriptRef
from enghub.upgrade.versions import Version

PART_BYTES = 300_000


class RevisionRecord(Record):
    """One upload of one version; never changed."""

    ENTITY = "MANIFEST_REVISION"

    number = NumberAttribute()
    document = BinaryAttribute(legacy_encoding=False)
    scripts = UnicodeAttribute()
    checksum = UnicodeAttribute()
    created_by = UnicodeAttribute()
    created_at = InstantAttribute()


class ScriptRecord(Record):
    """A part of a script's compressed text; the key is its hash, so the same text is stored once."""

    ENTITY = "SCRIPT"

    data = BinaryAttribute(legacy_encoding=False)
    parts = NumberAttribute()


def _heads(tenant_id: str) -> str:
    return key("T", tenant_id, "MANIFESTS")


def _sortable(version: Version) -> str:
    return ".".join(f"{number:06d}" for number in version.numbers)


def _revisions(tenant_id: str, version: Version) -> str:
    return key("T", tenant_id, "MANIFEST", str(version))


def _scripts(tenant_id: str, sha256: str) -> str:
    return key("T", tenant_id, "SCRIPT", sha256)


def _number(number: int) -> str:
    return f"{number:06d}"


HEADS = Aggregate(
    Head,
    "MANIFEST",
    key=lambda head: (_heads(head.tenant_id), _sortable(head.version)),
    layout=Layout(body="body"),
    name="manifest",
    identity=lambda head: str(head.version),
    shows=("latest", "active", "checksum"),
    revision="record_version",
    exists=lambda head: ManifestChanged(version=str(head.version)),
    missing=lambda head: ManifestChanged(version=str(head.version)),
    outdated=lambda head, *_: ManifestChanged(version=str(head.version)),
    ordered_by=lambda head: f"manifest/{head.version}",
)


def _revision(tenant_id: str, record: RevisionRecord) -> Revision:
    document = json.loads(gzip.decompress(record.document))
    scripts = {path: ScriptRef(**ref) for path, ref in json.loads(record.scripts).items()}
    at: datetime = record.created_at
    return Revision(
        tenant_id,
        int(record.number),
        document,
        Manifest.model_validate(document),
        record.checksum,
        scripts,
        record.created_by,
        at,
    )


class DynamoManifests:
    """The store of manifests."""

    def head(self, tenant_id: str, version: Version) -> Head | None:
        """One consistent read."""
        return HEADS.get((_heads(tenant_id), _sortable(version)))

    def kept(self, tenant_id: str, version: Version) -> Kept[Head] | None:
        """One consistent read."""
        return HEADS.read((_heads(tenant_id), _sortable(version)))

    def heads(self, tenant_id: str) -> tuple[Head, ...]:
        """One consistent query: an upload is in force at once (UPG-01 asks for 60 s)."""
        return tuple(HEADS.each(_heads(tenant_id)))

    def revision(self, tenant_id: str, version: Version, number: int) -> Revision:
        """One consistent read."""
        record = RevisionRecord.read(_revisions(tenant_id, version), _number(number))
        if record is None:
            raise ConfigurationNotFound(version=f"{version} (revision {number})")
        return _revision(tenant_id, record)

    def revisions(self, tenant_id: str, wanted: Sequence[tuple[Version, int]]) -> tuple[Revision, ...]:
        """Batches of up to 100 reads."""
        pairs = {(version, number): (_revisions(tenant_id, version), _number(number)) for version, number in wanted}
        found: dict[tuple[str, str], RawItem] = {}
        keys = list(pairs.values())
        for start in range(0, len(keys), 20):  # revisions may be large: stay below the answer's 16 MB
            found.update(read_many(keys[start : start + 20]))
        missing = [f"{version} (revision {number})" for (version, number), pair in pairs.items() if pair not in found]
        if missing:
            raise ConfigurationNotFound(version=missing[0])
        return tuple(_revision(tenant_id, RevisionRecord.from_raw_data(found[pairs[one]])) for one in wanted)

    def script(self, tenant_id: str, sha256: str) -> str:
        """One query."""
        records = list(ScriptRecord.items(_scripts(tenant_id, sha256)))
        if not records or len(records) != int(records[0].parts):
            raise KeyError(sha256)
        data = gzip.decompress(b"".join(record.data for record in records))
        if hashlib.sha256(data).hexdigest() != sha256:
            message = f"script {sha256} does not have the content it was stored with"
            raise ValueError(message)
        return data.decode()

    def add(self, commit: Commit[Head], revision: Revision, texts: Mapping[str, str]) -> Head:
        """Scripts first (nothing refers to them yet), then one transaction for revision and head."""
        for text in dict.fromkeys(texts.values()):
            for part in _script_records(revision.tenant_id, text):
                part.save()
        record = RevisionRecord(
            pk=_revisions(revision.tenant_id, revision.version),
            sk=_number(revision.number),
            number=revision.number,
            document=gzip.compress(json.dumps(dict(revision.document), default=float).encode(), mtime=0),
            scripts=json.dumps(
                {p: {"sha256": r.sha256, "size_bytes": r.size_bytes} for p, r in revision.scripts.items()}
            ),
            checksum=revision.checksum,
            created_by=revision.created_by,
            created_at=revision.created_at,
        )
        new = Put(record, absent(), lambda _: ManifestChanged(version=str(revision.version)))
        return HEADS.save(commit, new).value

    def switch(self, commit: Commit[Head]) -> Head:
        """One transaction."""
        return HEADS.save(commit).value


def _script_records(tenant_id: str, text: str) -> list[ScriptRecord]:
    data = text.encode()
    packed = gzip.compress(data, mtime=0)
    pieces = [packed[start : start + PART_BYTES] for start in range(0, len(packed), PART_BYTES)]
    pk = _scripts(tenant_id, hashlib.sha256(data).hexdigest())
    return [ScriptRecord(pk=pk, sk=_number(index), data=piece, parts=len(pieces)) for index, piece in enumerate(pieces)]
