"""What a mapping would change in the records that came last, before it is activated (PLM-23). Pure."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from enghub.plm.connections.rules import ConnectionRules
from enghub.plm.mappings.applying import Around, CompiledMapping, LeftOut
from enghub.plm.mappings.model import FIELDS, MappingKind
from enghub.plm.mappings.repository import SourcePage
from enghub.plm.products.model import Rejection
from enghub.plm.products.partial import KEEP
from enghub.plm.products.reading import PLACE, PROBLEM, read

MOST_RECORDS = 1000


class Fate(StrEnum):
    """What becomes of a record."""

    TAKEN = "TAKEN"
    REJECTED = "REJECTED"
    LEFT_OUT = "LEFT_OUT"


@dataclass(frozen=True, slots=True)
class Judged:
    """A record as one version of the mapping makes it: its fields, or why it is rejected."""

    fate: Fate
    fields: Mapping[str, str | None]
    reason: str = ""
    field: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A record that becomes another; ``fields`` are those that differ."""

    number: int
    """Among the records that were tried, from 1, the newest first."""
    object_id: str
    place: str
    file: str
    before: Judged
    after: Judged
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a version would change of what is in force."""

    version: int
    instead_of: int
    records: int
    oldest: datetime | None
    changes: tuple[Change, ...]
    fates: Mapping[tuple[Fate, Fate], int]

    @property
    def digest(self) -> str:
        """What names this very effect: who activates has seen it."""
        said = [
            [one.object_id, one.place, one.file, *([j.fate, dict(j.fields), j.reason] for j in (one.before, one.after))]
            for one in sorted(self.changes, key=lambda one: (one.object_id, one.file, one.place))
        ]
        text = json.dumps([self.version, self.instead_of, said], ensure_ascii=True, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def previewed(
    before: CompiledMapping, after: CompiledMapping, pages: Iterable[SourcePage], rules: ConnectionRules
) -> Preview:
    """Try both on the latest 1,000 records; nothing is stored."""
    changes: list[Change] = []
    fates: Counter[tuple[Fate, Fate]] = Counter()
    number, oldest = 0, None
    for page in pages:
        around = Around.of(rules, page.file)
        for record in page.records[: MOST_RECORDS - number]:
            number, oldest = number + 1, page.at
            one, other = (judged(mapping, record, around, page.at, rules) for mapping in (before, after))
            fates[one.fate, other.fate] += 1
            if one != other:
                changes.append(_change(number, record, page.file, one, other))
        if number >= MOST_RECORDS:
            break
    return Preview(after.version, before.version, number, oldest, tuple(changes), dict(fates))


def judged(
    mapping: CompiledMapping, record: Mapping[str, Any], around: Around, at: datetime, rules: ConnectionRules
) -> Judged:
    """Return what a mapping, and then the rules of every record, make of one."""
    found = mapping.apply(record, around)
    if isinstance(found, LeftOut):
        return Judged(Fate.LEFT_OUT, {})
    fields = {name: _shown(found[name]) for name in FIELDS[mapping.kind] if name in found}
    problem = found.get(PROBLEM)
    if problem is None and mapping.kind is MappingKind.PRODUCT:
        kept = {name: value for name, value in found.items() if value is not KEEP}
        product = read({**_ANY_OF_KEPT, **kept} if len(kept) != len(found) else kept, at, rules.identity)
        if isinstance(product, Rejection):
            problem = (product.reason.value, product.field, product.value)
    if problem is None:
        return Judged(Fate.TAKEN, fields)
    return Judged(Fate.REJECTED, fields, *(str(part) for part in problem))


_ANY_OF_KEPT = {
    "productName": "kept",
    "productGroup": "kept",
    "unit": "kept",
    "lifecycleState": "RELEASED",
    "mappingType": "ONE_TO_ONE",
}
"""Stands for what a record keeps as it is stored, where only what it says is judged."""


def _change(number: int, record: Mapping[str, Any], file: str, before: Judged, after: Judged) -> Change:
    names = dict.fromkeys([*before.fields, *after.fields])
    differ = tuple(name for name in names if before.fields.get(name, "") != after.fields.get(name, ""))
    object_id = after.fields.get("objectId") or before.fields.get("objectId") or record.get("objectId") or ""
    return Change(number, str(object_id)[:64], str(record.get(PLACE, "")), file, before, after, differ)


def _shown(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value if value is None else value[:500]
    return "(as it is stored)" if value is KEEP else str(value)[:500]
