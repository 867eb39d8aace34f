"""Mappings, and what sources said last, in DynamoDB.

Keys: mapping ``T#<tenant>#FIELD-MAPPING#<connection>`` / ``<kind>``, its versions beside it under
``<kind>#V#<number>``; a page of source records ``T#<tenant>#SOURCE#<connection>#<kind>`` /
``<time>#<run>#<batch>#<page>``, zipped.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from enghub.core import clock
from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key
from enghub.core.transactions import absent, transact
from enghub.plm.mappings.model import FieldMapping, MappingKind, MappingVersion
from enghub.plm.mappings.repository import PagePlace, SourcePage, VersionPage
from enghub.plm.products.partial import KEEP, OPTIONAL

KEPT = timedelta(days=30)
MOST_BYTES = 300_000
"""Of a page, zipped: an item takes 400 KB."""
PAGES_AT_ONCE = 5
PARTIAL = "#partial"


def _partition(tenant_id: str, connection: str) -> str:
    return key("T", tenant_id, "FIELD-MAPPING", connection)


def _key(tenant_id: str, connection: str, kind: MappingKind) -> Key:
    return _partition(tenant_id, connection), kind.value


def _version_key(tenant_id: str, connection: str, kind: MappingKind, version: int) -> Key:
    return _partition(tenant_id, connection), key(kind.value, "V", f"{version:08d}")


MAPPINGS = Aggregate(
    FieldMapping,
    "FIELD_MAPPING",
    key=lambda one: _key(one.tenant_id, one.connection, one.kind),
    name="field_mapping",
    identity=lambda one: key(one.connection, one.kind.value),
    shows=("version", "active_version"),
)
VERSIONS = Items(
    MappingVersion,
    "FIELD_MAPPING_VERSION",
    key=lambda one: _version_key(one.tenant_id, one.connection, one.kind, one.version),
)


class DynamoMappings:
    """The MappingStore of ``repository`` on the context's table."""

    def get(self, tenant_id: str, connection: str, kind: MappingKind) -> Kept[FieldMapping] | None:
        """See MappingStore."""
        return MAPPINGS.read(_key(tenant_id, connection, kind))

    def version(self, tenant_id: str, connection: str, kind: MappingKind, version: int) -> MappingVersion | None:
        """See MappingStore."""
        return VERSIONS.get(_version_key(tenant_id, connection, kind, version))

    def versions(
        self, tenant_id: str, connection: str, kind: MappingKind, limit: int, cursor: str | None
    ) -> VersionPage:
        """See MappingStore."""
        prefix = f"{kind.value}#V#"
        pk = _partition(tenant_id, connection)
        page = VERSIONS.page(pk, prefix=prefix, limit=limit, cursor=cursor, newest_first=True)
        return VersionPage(page.items, page.cursor)

    def save(self, commit: Commit[FieldMapping], version: MappingVersion | None = None) -> Kept[FieldMapping]:
        """See MappingStore."""
        return MAPPINGS.save(commit, *([] if version is None else [VERSIONS.put(version, absent())]))


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page as it is stored."""

    at: datetime
    zipped: bytes
    file: str = ""


PAGES = Items(KeptPage, "SOURCE_PAGE")


class DynamoSourceRecords:
    """The SourceRecords of ``repository`` on the context's table."""

    def keep(self, place: PagePlace, at: datetime, records: Sequence[Mapping[str, Any]], file: str = "") -> None:
        """See SourceRecords. One write."""
        if not records:
            return
        name = (clock.to_text(at), place.run_id, f"{place.batch:08d}", f"{place.page:06d}")
        where = key("T", place.tenant_id, "SOURCE", place.connection, place.kind.value), key(*name)
        page = KeptPage(at, _zipped(records), file)
        transact(PAGES.put(page, at=where, more={"expires_at": int((at + KEPT).timestamp())}))

    def latest(self, tenant_id: str, connection: str, kind: MappingKind) -> Iterator[SourcePage]:
        """See SourceRecords. A Query per five pages."""
        pk = key("T", tenant_id, "SOURCE", connection, kind.value)
        for page in PAGES.each(pk, limit=PAGES_AT_ONCE, newest_first=True):
            yield SourcePage(page.at, _records(page.zipped), page.file)


def _zipped(records: Sequence[Mapping[str, Any]]) -> bytes:
    """Return as many of the records as a page may hold."""
    while True:
        text = json.dumps([_written(one) for one in records], ensure_ascii=False, default=str)
        data = zlib.compress(text.encode("utf-8", "backslashreplace"))
        if len(data) <= MOST_BYTES or len(records) == 1:
            return data if len(data) <= MOST_BYTES else zlib.compress(b"[]")
        records = records[: len(records) // 2]


def _written(record: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in record.items() if value is not KEEP}
    return said if len(said) == len(record) else {**said, PARTIAL: True}


def _records(zipped: bytes) -> tuple[Mapping[str, Any], ...]:
    found = json.loads(zlib.decompress(zipped))
    return tuple({**dict.fromkeys(OPTIONAL, KEEP), **one} if one.pop(PARTIAL, False) else one for one in found)
