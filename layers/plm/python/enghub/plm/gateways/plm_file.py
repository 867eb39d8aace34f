"""A file's records as a PLM (PLM-21): what was read of it waits in parts, and has the records' numbers as ids.

So a file is taken in batches like everything else: half-open ranges of numbers, four at a time, each repeatable alone.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from enghub.plm.exchange.model import work_key
from enghub.plm.exchange.repository import Bucket
from enghub.plm.exchange.service import INDEX, PART, part_name, record_of
from enghub.plm.syncs.model import SyncRun
from enghub.plm.syncs.repository import RecordPage


@dataclass(frozen=True, slots=True)
class FilePlm:
    """The ``Plm`` of ``syncs.repository`` over what was read of one file."""

    bucket: Bucket
    run: SyncRun

    def object_ids(self, since: datetime | None, after: str | None) -> Iterator[str]:
        """See Plm; the numbers of the records, from 1."""
        for number in range(_number(after) + 1, self._records() + 1):
            yield f"{number:08d}"

    def products(self, since: datetime | None, after: str | None, up_to: str | None, size: int) -> RecordPage:
        """See Plm; one part at most."""
        first = _number(after) + 1
        last = min(int(up_to) if up_to else self._records(), first + size - 1, -(-first // PART) * PART)
        part = (first - 1) // PART
        held = self._read(part_name(part))
        found = held[first - 1 - part * PART : last - part * PART]
        end = int(up_to) if up_to else self._records()
        return RecordPage(tuple(record_of(one) for one in found), f"{last:08d}" if last < end else None)

    def _records(self) -> int:
        return int(self._read(INDEX)["records"])

    def _read(self, name: str) -> Any:
        return json.loads(self.bucket.read(work_key(self.run.tenant_id, self.run.run_id, name)))


def _number(after: str | None) -> int:
    return int(after) if after else 0
