"""A backup of configuration: every item of a space, as it was saved last, with a checksum over all (CFG-21). Pure."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from enghub.core.clock import from_text, to_text
from enghub.core.strictjson import parse_json, write_json
from enghub.settings.backups.errors import BackupDamaged
from enghub.settings.configs.model import Layer
from enghub.settings.folders.kinds import Kind

FORMAT = "enghub-settings-backup/2"
READ = (FORMAT, "enghub-settings-backup/1")
"""What can be read; the first form held configuration alone."""
MAX_BYTES = 64 * 1024 * 1024
"""Of a backup unpacked."""
Texts = Mapping[str, str | None]
"""One item: column to text, as in a file of configuration."""


class Difference(StrEnum):
    """How an item is not as in the backup."""

    MISSING = "MISSING"
    """The backup has it, the layer does not."""
    CHANGED = "CHANGED"
    ADDED = "ADDED"
    """The layer has it, the backup does not; a restore leaves it."""


@dataclass(frozen=True, slots=True)
class Saved:
    """One item of a backup."""

    layer: Layer
    user_id: str
    row: Texts

    @property
    def config_key(self) -> str:
        """The item's key."""
        return self.row.get("configKey") or ""


@dataclass(frozen=True, slots=True)
class Thing:
    """A flag, segment or business rule of a backup, as a folder's request says it."""

    kind: Kind
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its key."""
        return str(self.document[{Kind.FLAG: "flagKey", Kind.SEGMENT: "segmentKey", Kind.RULE: "ruleKey"}[self.kind]])

    @property
    def environment(self) -> str:
        """Its environment; rules have none."""
        return str(self.document.get("environment", ""))

    @property
    def place(self) -> tuple[Kind, str, str]:
        """What it is of."""
        return self.kind, self.environment, self.name


@dataclass(frozen=True, slots=True)
class Backup:
    """All items of a space at a time, its flags, segments and rules."""

    created_at: datetime
    created_by: str
    items: tuple[Saved, ...]
    things: tuple[Thing, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """Which parts of a backup: of these layers and kinds (none named: all), whose key fits one of the patterns (none:
    all)."""

    layers: tuple[Layer, ...] = ()
    keys: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()

    def fits(self, layer: Layer, config_key: str, kind: Kind = Kind.CONFIG) -> bool:
        """Tell whether something is meant; ``security.*`` means all keys that begin so."""
        named = (not self.layers or layer in self.layers) and (not self.kinds or kind in self.kinds)
        return named and (not self.keys or any(fnmatchcase(config_key, pattern) for pattern in self.keys))

    def of(self, items: Sequence[Saved]) -> list[Saved]:
        """Return the items that are meant."""
        return [one for one in items if self.fits(one.layer, one.config_key)]


def packed(backup: Backup) -> bytes:
    """Return a backup as a file: the same items give the same bytes."""
    body = {
        "createdAt": to_text(backup.created_at),
        "createdBy": backup.created_by,
        "items": [{"layer": one.layer, "userId": one.user_id, "row": dict(one.row)} for one in backup.items],
        "things": [{"kind": one.kind.value, "document": sorted_in(one.document)} for one in backup.things],
    }
    text = write_json(sorted_in(body))
    whole = {"format": FORMAT, "sha256": hashlib.sha256(text.encode()).hexdigest(), "backup": text}
    return gzip.compress(json.dumps(whole, ensure_ascii=False).encode(), mtime=0)


def unpacked(data: bytes) -> Backup:
    """Return what a file holds.

    Raises:
        BackupDamaged: it is no backup, too large, or not what was written.
    """
    try:
        reader = zlib.decompressobj(wbits=31)
        text = reader.decompress(data, MAX_BYTES)
        if reader.unconsumed_tail:
            raise BackupDamaged(reason="it is too large")
        whole = json.loads(text)
        if whole["format"] not in READ or hashlib.sha256(whole["backup"].encode()).hexdigest() != whole["sha256"]:
            raise BackupDamaged(reason="its checksum does not fit")
        body = parse_json(whole["backup"])
        things = tuple(Thing(Kind(one["kind"]), one["document"]) for one in body.get("things", ()))
        if any(one.name == "" or not isinstance(one.document, dict) for one in things):
            raise BackupDamaged(reason="it cannot be read")
        return Backup(from_text(body["createdAt"]), str(body["createdBy"]), tuple(_items(body["items"])), things)
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BackupDamaged(reason="it cannot be read") from error


def sorted_in(value: Any) -> Any:
    """Return JSON with the members of its objects in order."""
    if isinstance(value, Mapping):
        return {name: sorted_in(value[name]) for name in sorted(value)}
    return [sorted_in(one) for one in value] if isinstance(value, list | tuple) else value


def _items(found: Sequence[Mapping[str, Any]]) -> Iterator[Saved]:
    for one in found:
        row = {str(name): None if text is None else str(text) for name, text in one["row"].items()}
        yield Saved(Layer(one["layer"]), str(one["userId"]), row)
