"""What the hub said, read: every key with what answers now and what will by itself. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from enghub_client.errors import Unreadable
from enghub_flags.evaluation import Ruleset, compiled
from enghub_flags.model import Flag, Segment
from enghub_flags.reading import flag_from, segment_from

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Value:
    """What answers for a key; ``data`` is of its declared type: str, int or Decimal, bool, what JSON holds."""

    key: str
    text: str
    data: Any
    kind: str
    layer: str
    version: int
    is_encrypted: bool = False

    def same(self, other: "Value | None") -> bool:
        """Tell whether a program would see no difference."""
        mine = (self.text, self.kind, self.is_encrypted, self.version if self.is_encrypted else 0)
        return other is not None and mine == (
            other.text,
            other.kind,
            other.is_encrypted,
            other.version if other.is_encrypted else 0,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that answers otherwise; None where nothing did, or nothing does."""

    key: str
    before: Value | None
    after: Value | None
    at: datetime | None = None
    """When it will, of one that is planned."""


@dataclass(frozen=True, slots=True)
class _Setting:
    """The times from which on another value answers, in order; the first holds from when it was read."""

    steps: tuple[tuple[datetime, Value | None], ...]

    def value(self, at: datetime) -> Value | None:
        found = self.steps[0][1]
        for start, value in self.steps[1:]:
            if start > at:
                break
            found = value
        return found


@dataclass(frozen=True)
class Snapshot:
    """Everything of one revision."""

    revision: str
    tenant_id: str
    settings: Mapping[str, _Setting]
    flags: Mapping[str, Document]
    segments: tuple[Document, ...]
    push_url: str | None = None
    """Where a WebSocket is told of changes."""
    broken: tuple[str, ...] = field(default=(), compare=False)
    """Flags that this version of the engine cannot read."""
    _flags: tuple[Flag, ...] = field(default=(), repr=False, compare=False)
    _segments: tuple[Segment, ...] = field(default=(), repr=False, compare=False)

    @cached_property
    def ruleset(self) -> Ruleset:
        """The flags, ready for evaluation."""
        return compiled(self._flags, self._segments)

    def value(self, key: str, at: datetime) -> Value | None:
        """Return what answers for a key at a time."""
        found = self.settings.get(key)
        return None if found is None else found.value(at)

    def values(self, at: datetime) -> dict[str, Value]:
        """Return what answers for every key at a time."""
        found = {key: one.value(at) for key, one in self.settings.items()}
        return {key: value for key, value in found.items() if value is not None}

    def switches(self, after: datetime) -> list[datetime]:
        """Return the times after ``after`` at which something changes by itself, in order."""
        return sorted({at for one in self.settings.values() for at, _ in one.steps[1:] if at > after})

    def planned(self, after: datetime) -> list[Change]:
        """Return what will change by itself after a time, in order."""
        found: list[Change] = []
        before = self.values(after)
        for at in self.switches(after):
            then = self.values(at)
            found += [Change(one.key, one.before, one.after, at) for one in differences(before, then)]
            before = then
        return found

    def flags_changed(self, before: "Snapshot | None") -> frozenset[str]:
        """Return the flags that may answer otherwise than before."""
        if before is None:
            return frozenset(self.flags)
        names = {*self.flags, *before.flags}
        if self.segments != before.segments:
            return frozenset(names)
        return frozenset(name for name in names if self.flags.get(name) != before.flags.get(name))


def differences(before: Mapping[str, Value], after: Mapping[str, Value]) -> list[Change]:
    """Return what differs, by key."""
    found = []
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if (new is None) != (old is None) or (new is not None and not new.same(old)):
            found.append(Change(key, old, new))
    return found


def read(document: Any) -> Snapshot:
    """Return the snapshot of the hub's answer.

    Raises:
        Unreadable: it is none.
    """
    try:
        settings = {one["configKey"]: _setting(one) for one in document["settings"]}
        flags, broken = _flags_of(document["flags"])
        return Snapshot(
            revision=str(document["revision"]),
            tenant_id=str(document["tenantId"]),
            settings=settings,
            flags={one["key"]: one for one in document["flags"]},
            segments=tuple(document["segments"]),
            push_url=document.get("pushUrl"),
            broken=broken,
            _flags=flags,
            _segments=tuple(map(segment_from, document["segments"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise Unreadable(f"the answer is no snapshot: {type(error).__name__} {error}") from error


def _flags_of(documents: Iterable[Document]) -> tuple[tuple[Flag, ...], tuple[str, ...]]:
    """Return the flags, and the names of those of a later engine: one flag must not take all others with it."""
    found, broken = [], []
    for one in documents:
        try:
            found.append(flag_from(one, checked=False))
        except (KeyError, TypeError, ValueError):
            broken.append(str(one["key"]))
    return tuple(found), tuple(broken)


def _setting(document: Document) -> _Setting:
    steps = [document["now"], *document["changes"]]
    return _Setting(tuple((datetime.fromisoformat(one["at"]), _value(document, one)) for one in steps))


def _value(document: Document, said: Document) -> Value | None:
    text, kind = said["configValue"], document["configType"]
    if text is None:
        return None
    secret = bool(said["isEncrypted"])
    data = None if secret else _data(text, kind)
    return Value(document["configKey"], text, data, kind, said["layer"], int(said["version"]), secret)


def _data(text: str, kind: str) -> Any:
    if kind == "NUMBER":
        number = Decimal(text)
        return int(text) if text.lstrip("-").isdigit() else number
    if kind == "BOOLEAN":
        return text == "true"
    return json.loads(text) if kind == "JSON" else text
