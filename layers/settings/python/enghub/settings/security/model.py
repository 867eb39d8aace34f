"""A layer of the security policy as its items make it (CFG-19). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from enghub.core.i18n import Filled, Text
from enghub.core.security import model
from enghub.core.security.model import PARTS, Unusable
from enghub.settings.configs.model import Config

MAX_PHASES = 40
"""Planned changes that are told beforehand; each that comes is told again."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An item that does not count, because a policy cannot hold its value."""

    config_key: str
    layer: str
    why: Text | Filled


def layer_of(items: Mapping[str, Config], now: datetime) -> model.Layer:
    """Return a layer of its items by key: what it says now, and from each planned change on."""
    planned = {time for one in items.values() for time in one.boundaries(now)}
    times = [now, *sorted(planned)[: MAX_PHASES - 1]]
    return model.Layer(tuple((at, _said(items, at)) for at in times), sum(one.version for one in items.values()))


def _said(items: Mapping[str, Config], at: datetime) -> dict[str, Any]:
    said = {}
    for name, part in PARTS.items():
        text = _text(items.get(part.key), at)
        if text is None:
            continue
        try:
            said[name] = part.read(text)
        except Unusable:
            continue
    return said


def _text(item: Config | None, at: datetime) -> str | None:
    slot = None if item is None else item.slot(at)
    if slot is None or not slot.content.is_active or slot.content.is_encrypted:
        return None
    return slot.content.value


def problems(items: Iterable[Config], now: datetime) -> list[Problem]:
    """Return the items that are in force and do not count."""
    by_key = {part.key: part for part in PARTS.values()}
    found = []
    for item in items:
        text = _text(item, now)
        if text is None:
            continue
        try:
            by_key[item.address.config_key].read(text)
        except Unusable as error:
            found.append(Problem(item.address.config_key, item.address.owner.layer, error.said))
    return found
