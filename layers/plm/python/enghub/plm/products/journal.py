"""The journal of sync runs: what each record was before a run wrote it, byte for byte (PLM-05).

Keys: entry ``T#<tenant>#SYNC-JOURNAL#<run>`` / ``<time-ordered id>``, one per transaction of the run, with the images
of all that it wrote. An image is the whole item as DynamoDB keeps it, None of one that was not there.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from enghub.core import ids
from enghub.core.codec import Key, RawItem
from enghub.core.dynamo import Attr, key, parts, query, read_many
from enghub.core.errors import VersionConflict
from enghub.core.transactions import Delete, PutItem, Write, absent, transact
from enghub.plm.products.model import Stamp
from enghub.plm.products.repository import JournalPage

KEPT = timedelta(days=30)
"""How long a run can be rolled back."""
ENTRIES = 10
"""Entries worked on at once: at most 800 images."""
AT_ONCE = 100
PLAIN = 60_000
"""Characters of images that are kept as they are; a BOM of a thousand lines is zipped."""


def _partition(tenant_id: str, run_id: str) -> str:
    return key("T", tenant_id, "SYNC-JOURNAL", run_id)


def journal_entry(stamp: Stamp, images: Sequence[tuple[Key, object | None]]) -> PutItem:
    """Return the write that keeps ``images`` of records as they are before the transaction it belongs to."""
    found = [[*place, image] for place, image in images]
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return PutItem(
        {
            "pk": {"S": _partition(stamp.tenant_id, stamp.run_id)},
            "sk": {"S": ids.new_id(stamp.at)},
            "entity": {"S": "SYNC_JOURNAL"},
            **({"images": {"S": text}} if len(text) < PLAIN else {"zipped": {"B": zlib.compress(text.encode())}}),
            "expires_at": {"N": str(int((stamp.at + KEPT).timestamp()))},
        },
        absent(),
    )


@dataclass(frozen=True, slots=True)
class DynamoJournal:
    """The Journal of ``products.repository`` on the context's table."""

    def check(self, tenant_id: str, run_id: str, cursor: str | None) -> JournalPage:
        """See Journal. A BatchGetItem per 100 records."""
        images, following = _page(tenant_id, run_id, cursor)
        stored = _stored(images)
        changed = [_name(place) for place, image in images.items() if not _is_ours(stored.get(place), image, run_id)]
        return JournalPage(0, tuple(changed), following)

    def restore(self, tenant_id: str, run_id: str, cursor: str | None) -> JournalPage:
        """See Journal. A BatchGetItem and a TransactWriteItems per 100 records."""
        images, following = _page(tenant_id, run_id, cursor)
        restored, changed = 0, []
        places = iter(images)
        while group := list(islice(places, AT_ONCE)):
            stored = _stored(group)
            mine = [place for place in group if _run_of(stored.get(place)) == run_id]
            changed += [_name(p) for p in group if not _is_ours(stored.get(p), images[p], run_id)]
            if mine:
                transact(*(_restored(place, images[place], run_id) for place in mine))
            restored += len(mine)
        return JournalPage(restored, tuple(changed), following)


def _page(tenant_id: str, run_id: str, cursor: str | None) -> tuple[dict[Key, RawItem | None], str | None]:
    """Return the images of some entries, the newest entries first; of a record in several of them the oldest image."""
    found = query(_partition(tenant_id, run_id), limit=ENTRIES, cursor=cursor, newest_first=True)
    images: dict[Key, RawItem | None] = {}
    for item in found.items:
        text = item["images"]["S"] if "images" in item else zlib.decompress(item["zipped"]["B"])
        for pk, sk, image in json.loads(text):
            images[pk, sk] = image
    return images, found.cursor


def _stored(places: Mapping[Key, object] | Sequence[Key]) -> dict[Key, RawItem]:
    found: dict[Key, RawItem] = {}
    keys = iter(places)
    while group := list(islice(keys, AT_ONCE)):
        found.update(read_many(group))
    return found


def _run_of(item: RawItem | None) -> str:
    return "" if item is None else str(item.get("run_id", {}).get("S", ""))


def _is_ours(stored: RawItem | None, image: RawItem | None, run_id: str) -> bool:
    """Tell whether nobody else wrote it: the run's own, or restored already."""
    return stored == image or _run_of(stored) == run_id


def _restored(place: Key, image: RawItem | None, run_id: str) -> Write:
    mine = Attr("run_id") == run_id
    if image is None:
        return Delete(place, mine, lambda _: _moved())
    return PutItem(image, mine, lambda _: _moved())


def _moved() -> Exception:
    return VersionConflict(expected="the run's own write", actual="another")


def _name(place: Key) -> str:
    """Return how people know a record: ``PRODUCT SNS-1 version A``, ``BOM SNS-1 VERSIONS``, ``MATERIAL M-1``."""
    _, _, kind, code = parts(place[0])
    if kind == "MATERIAL":
        return f"{kind} {code}"
    _, has_version, version = place[1].partition("#")
    return f"{kind} {code} version {version}" if has_version else f"{kind} {code} {place[1]}"
