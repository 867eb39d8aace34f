"""Changes of flags that wait beside their sets until a switch lets them be in force; see ``staging``."""

from dataclasses import dataclass
from typing import Any

from enghub.core.aggregates import Items
from enghub.core.codec import Key
from enghub.core.dynamo import each, key
from enghub.core.identity import Origin
from enghub.settings.flags.model import FeatureFlag, FlagSegment, FlagSet


@dataclass(frozen=True, slots=True)
class StagedFlag:
    """One change of a flag."""

    origin: Origin
    action: str
    after: FeatureFlag
    version: int
    reason: str


@dataclass(frozen=True, slots=True)
class StagedSegment:
    """One change of a segment."""

    origin: Origin
    action: str
    after: FlagSegment
    version: int
    reason: str


FLAGS = Items(StagedFlag, "STAGED_FLAG")
SEGMENTS = Items(StagedSegment, "STAGED_SEGMENT")


def overlaid(at: FlagSet, stage_id: str, kept: dict[str, Any]) -> dict[str, Any]:
    """Return the entries of a set, by sort key, with what was staged over them. One Query for each MB."""
    found = dict(kept)
    for one in all_staged(at.tenant_id, stage_id):
        after = one.after
        if after.at == at:
            name = entry_of(after)
            found.pop(name, None)
            if not after.is_deleted:
                found[name] = after
    return found


def all_staged(tenant_id: str, stage_id: str) -> list[StagedFlag | StagedSegment]:
    """Return what a stage holds. One Query for each MB."""
    items = each(key("T", tenant_id, "FLAG_STAGE", stage_id))
    return [FLAGS.value(one) if one["entity"]["S"] == FLAGS.entity else SEGMENTS.value(one) for one in items]


def place_of(stage_id: str, after: FeatureFlag | FlagSegment) -> Key:
    """Return where a change is staged."""
    kind, _, name = entry_of(after).partition("#")
    return key("T", after.at.tenant_id, "FLAG_STAGE", stage_id), f"{kind}#{after.at.environment}#{name}"


def entry_of(after: FeatureFlag | FlagSegment) -> str:
    """Return the sort key of a flag's or segment's entry in its set."""
    if isinstance(after, FeatureFlag):
        return key("FLAG", after.flag_key)
    return key("SEGMENT", after.segment_key)
