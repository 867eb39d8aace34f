"""Which products a complete full run no longer found: marked, never deleted, and found again when they come back.

Keys: seen ``T#<tenant>#SYNC-SEEN#<run>`` / ``<batch>``: the object ids of one batch.
"""

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from enghub.core import codec
from enghub.core.dynamo import each, key, query
from enghub.core.transactions import PutItem, Write, transact
from enghub.plm.products.dynamo import MAPPINGS, SHARDS, status_key
from enghub.plm.products.journal import journal_entry
from enghub.plm.products.model import Outcome, Stamp, SyncStatus

KEPT = timedelta(days=7)
AT_ONCE = 40
PAGE = 400


def _partition(stamp: Stamp) -> str:
    return key("T", stamp.tenant_id, "SYNC-SEEN", stamp.run_id)


class DynamoGone:
    """The GoneProducts of ``products.repository`` on the context's table."""

    def saw(self, stamp: Stamp, batch_number: int, object_ids: Collection[str]) -> None:
        """See GoneProducts. One item of at most 1,000 ids."""
        item = {
            "pk": _partition(stamp),
            "sk": f"{batch_number:08d}",
            "entity": "SYNC_SEEN",
            "object_ids": json.dumps(sorted(object_ids), separators=(",", ":")),
            "expires_at": int((stamp.at + KEPT).timestamp()),
        }
        transact(PutItem({name: codec.raw(value) for name, value in item.items()}))

    def mark_gone(self, stamp: Stamp, started_at: datetime, cursor: str | None) -> tuple[int, str | None]:
        """See GoneProducts. One page of one index partition; the cursor begins with the partition's place."""
        partitions = [status_key(stamp.tenant_id, status, shard) for status in SyncStatus for shard in range(SHARDS)]
        place, _, inner = (cursor or "0.").partition(".")
        at = int(place)
        seen = {one for item in each(_partition(stamp)) for one in json.loads(item["object_ids"]["S"])}
        page = query(partitions[at], index="gsi2", limit=PAGE, cursor=inner or None)
        found = [(item, MAPPINGS.kept(item)) for item in page.items]
        gone = [
            (item, kept)
            for item, kept in found
            if kept.value.object_id not in seen
            and kept.value.connection == stamp.connection
            and kept.value.gone_at is None
            and kept.value.last_sync_at < started_at
        ]
        for start in range(0, len(gone), AT_ONCE):
            writes: list[Write] = []
            images: list[tuple[codec.Key, object | None]] = []
            for item, kept in gone[start : start + AT_ONCE]:
                marked = replace(kept.value, gone_at=stamp.at, run_id=stamp.run_id, outcome=Outcome.UPDATED)
                writes.append(MAPPINGS.write(marked, kept))
                images.append(((item["pk"]["S"], item["sk"]["S"]), item))
            transact(*writes, journal_entry(stamp, images))
        if page.cursor is not None:
            return len(gone), f"{at}.{page.cursor}"
        return len(gone), f"{at + 1}." if at + 1 < len(partitions) else None
