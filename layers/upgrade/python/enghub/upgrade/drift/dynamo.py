"""Records in DynamoDB: one per site and version, compressed, in as many items as it takes, stored as a whole."""

import gzip
import json

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute

from enghub.core.codec import Key
from enghub.core.dynamo import Attr, InstantAttribute, Record, key
from enghub.core.transactions import Put, Update, transact
from enghub.upgrade.drift.model import Record as Kept

PIECE_BYTES = 300_000
MOST_PIECES = 12
"""A transaction takes 4 MB. Compressed, that is the schema of some ten thousand tables."""


class RecordedShape(Record):
    """A piece of a record; the first one says how many there are."""

    ENTITY = "SITE_SHAPE"

    execution_id = UnicodeAttribute()
    at = InstantAttribute()
    token = NumberAttribute()
    data = BinaryAttribute(legacy_encoding=False)
    pieces = NumberAttribute()


def _place(tenant_id: str, site_id: str, version: str, piece: int) -> Key:
    return key("T", tenant_id, "SHAPE", site_id), key(version, f"{piece:03d}")


class DynamoRecords:
    """The store of records."""

    def get(self, tenant_id: str, site_id: str, version: str) -> Kept | None:
        """One consistent read, and one per further piece."""
        first = RecordedShape.read(*_place(tenant_id, site_id, version, 0))
        if first is None:
            return None
        more = [RecordedShape.read(*_place(tenant_id, site_id, version, n)) for n in range(1, int(first.pieces))]
        pieces = [first.data, *(one.data for one in more if one is not None and one.at == first.at)]
        if len(pieces) != int(first.pieces):  # another upgrade is just replacing it
            return None
        found = json.loads(gzip.decompress(b"".join(pieces)))
        return Kept(
            tenant_id=tenant_id,
            site_id=site_id,
            version=version,
            execution_id=first.execution_id,
            at=first.at,
            token=int(first.token),
            tables=tuple(found["tables"]),
            parts={(kind, table, name): text for kind, table, name, text in found["parts"]},
        )

    def put(self, record: Kept) -> bool:
        """One transaction."""
        parts = [[*part, text] for part, text in sorted(record.parts.items())]
        packed = gzip.compress(json.dumps({"tables": record.tables, "parts": parts}).encode(), mtime=0)
        pieces = [packed[start : start + PIECE_BYTES] for start in range(0, len(packed), PIECE_BYTES)]
        if len(pieces) > MOST_PIECES:
            return False
        transact(*(Put(self._piece(record, number, data, len(pieces))) for number, data in enumerate(pieces)))
        return True

    def renew(self, tenant_id: str, site_id: str, version: str, token: int) -> None:
        """One read and one update."""
        place = _place(tenant_id, site_id, version, 0)
        if RecordedShape.read(*place) is not None:
            transact(Update(place, [Attr("token").set(token)], Attr("pk").exists()))

    def _piece(self, record: Kept, number: int, data: bytes, pieces: int) -> RecordedShape:
        pk, sk = _place(record.tenant_id, record.site_id, record.version, number)
        return RecordedShape(
            pk=pk,
            sk=sk,
            execution_id=record.execution_id,
            at=record.at,
            token=record.token,
            data=data,
            pieces=pieces,
        )
