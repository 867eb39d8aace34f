"""A feature flag as it is kept: whose, in which environment, and the definition that the engine evaluates (CFG-09).

REQ-008 7.2.4 has the fields. Two layers: the global one, for every tenant, and the tenant's own, whose flag of the same
key takes the place of the global one. No I/O.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.settings.flags.errors import FlagKeyMalformed, FlagRefused
from enghub_flags.model import WHOLE, Flag, Segment
from enghub_flags.reading import DefinitionRefused, flag_from, flag_to, segment_from, segment_to

EVERY_TENANT = "*"
"""The tenant under which the global layer is kept."""
MAX_FLAGS = 500
"""Of one layer in one environment: what a client downloads stays bounded."""
MAX_SIZE = 2_500_000
"""Characters of all definitions of one set: two sets are one answer, of 6 MB at most."""
MAX_DEFINITION = 32_000
"""Characters of one definition."""
RESERVED = frozenset({"batch", "ruleset", "segments", "stale", "environments", "statistics"})
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,99}")


class Environment(StrEnum):
    """Where a flag is in force; each environment has flags of its own."""

    DEV = "DEV"
    TEST = "TEST"
    PROD = "PROD"


class FlagType(StrEnum):
    """How a flag decides (REQ-008 7.2.4): a switch, a percentage, or rules."""

    BOOLEAN = "BOOLEAN"
    PERCENTAGE = "PERCENTAGE"
    TARGETING = "TARGETING"


class FlagLayer(StrEnum):
    """Whose flag it is."""

    GLOBAL = "global"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True, order=True)
class FlagSet:
    """The flags of one layer in one environment: what is read whole, and counts its changes."""

    tenant_id: str
    """``*`` for the global layer."""
    environment: Environment

    @classmethod
    def of(cls, layer: FlagLayer, tenant_id: str, environment: Environment) -> "FlagSet":
        """Return the set of a layer as one tenant sees it."""
        return cls(EVERY_TENANT if layer is FlagLayer.GLOBAL else tenant_id, environment)

    @property
    def layer(self) -> FlagLayer:
        """Whose it is."""
        return FlagLayer.GLOBAL if self.tenant_id == EVERY_TENANT else FlagLayer.TENANT

    @property
    def above(self) -> "FlagSet | None":
        """The set whose flags count where this one has none."""
        return None if self.tenant_id == EVERY_TENANT else FlagSet(EVERY_TENANT, self.environment)


def check_key(text: str, field: str = "flagKey") -> str:
    """Return a well-formed key of a flag or segment.

    Raises:
        FlagKeyMalformed: 40002.
    """
    if not _KEY.fullmatch(text) or text.lower() in RESERVED:
        raise FlagKeyMalformed(field=field, flag_key=text[:120])
    return text


@dataclass(frozen=True, slots=True)
class FeatureFlag:
    """One flag of one environment; its versions count from 1 without gaps."""

    at: FlagSet
    flag_key: str
    flag_name: str
    definition: str
    """The engine's document (``enghub_flags.reading``) as JSON text, without key and version."""
    description: str = ""
    owner_id: str = ""
    """Who answers for it, and hears when it is stale."""
    version: int = 1
    created_by: str = ""
    created_at: datetime | None = None
    updated_by: str = ""
    updated_at: datetime | None = None
    is_deleted: bool = False
    change_request: str = ""
    """The request for change by which this version was approved."""
    approved_by: tuple[str, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """The engine's document, whole."""
        return {**json.loads(self.definition), "key": self.flag_key, "version": self.version}

    @property
    def flag(self) -> Flag:
        """The engine's flag; what is stored was checked when it was saved."""
        return flag_from(self.document, checked=False)

    @property
    def is_enabled(self) -> bool:
        """Whether it is switched on."""
        return self.flag.is_enabled

    @property
    def flag_type(self) -> FlagType:
        """What its definition makes of it."""
        return type_of(self.flag)

    def with_flag(self, flag: Flag) -> "FeatureFlag":
        """Return it with another definition."""
        return replace(self, definition=definition_of(flag))

    def facts(self) -> dict[str, Any]:
        """Return what people say of it: all that a change can change."""
        return {
            "flagName": self.flag_name,
            "description": self.description,
            "ownerId": self.owner_id,
            "definition": json.loads(self.definition),
        }

    def same_content(self, other: "FeatureFlag") -> bool:
        """Tell whether both say the same, whoever wrote it when."""
        mine, theirs = (
            (one.flag_name, one.description, one.owner_id, one.definition, one.is_deleted) for one in (self, other)
        )
        return mine == theirs


@dataclass(frozen=True, slots=True)
class FlagSegment:
    """A segment as it is kept."""

    at: FlagSet
    segment_key: str
    description: str
    definition: str
    is_deleted: bool = False

    @property
    def segment(self) -> Segment:
        """The engine's segment."""
        return segment_from({**json.loads(self.definition), "key": self.segment_key})

    def facts(self) -> dict[str, Any]:
        """Return what people say of it."""
        return {"description": self.description, "definition": json.loads(self.definition)}


@dataclass(frozen=True, slots=True)
class FlagSetContent:
    """All flags and segments of a set, and the number of the change that was the last one before they were read."""

    revision: int = 0
    flags: tuple[FeatureFlag, ...] = ()
    segments: tuple[FlagSegment, ...] = ()

    def of(self, flag_key: str) -> FeatureFlag | None:
        """Return the flag of a key."""
        return next((flag for flag in self.flags if flag.flag_key == flag_key), None)


def type_of(flag: Flag) -> FlagType:
    """Return the documented type: TARGETING with names, rules or weights, PERCENTAGE with a share alone."""
    if flag.targets or flag.rules or flag.prerequisites or flag.fallthrough.weights or flag.fallthrough.split:
        return FlagType.TARGETING
    return FlagType.BOOLEAN if flag.fallthrough.percentage == WHOLE else FlagType.PERCENTAGE


def definition_of(flag: Flag) -> str:
    """Return a flag's definition as it is kept.

    Raises:
        FlagRefused: it is too long.
    """
    document = {name: value for name, value in flag_to(flag).items() if name not in {"key", "version"}}
    return _bounded(json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True))


def segment_definition(segment: Segment) -> str:
    """Return a segment's definition as it is kept.

    Raises:
        FlagRefused: it is too long.
    """
    document = {name: value for name, value in segment_to(segment).items() if name != "key"}
    return _bounded(json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True))


def _bounded(text: str) -> str:
    if len(text) > MAX_DEFINITION:
        english, chinese = "shorten it, 32000 characters are the most", "定义过长，最多 32000 个字符"
        raise FlagRefused(field="definition", problem=Text(english, chinese))
    return text


def checked_flag(document: Mapping[str, Any]) -> Flag:
    """Return the flag of a document that people wrote.

    Raises:
        FlagRefused: it names the place.
    """
    try:
        return flag_from(document)
    except DefinitionRefused as error:
        raise refusal(error) from error


def checked_segment(document: Mapping[str, Any]) -> Segment:
    """Return the segment of a document that people wrote.

    Raises:
        FlagRefused: it names the place.
    """
    try:
        return segment_from(document)
    except DefinitionRefused as error:
        raise refusal(error) from error


def refusal(error: DefinitionRefused) -> FlagRefused:
    """Return the engine's refusal as the API tells it."""
    return FlagRefused(field=error.field, problem=Text(*error.problem))


def recorded(at: FlagSet, origin: Origin) -> Origin:
    """Return the origin as kept with a change: one of the global layer belongs to every tenant, its author is named."""
    if at.layer is not FlagLayer.GLOBAL or origin.tenant_id == EVERY_TENANT:
        return origin
    return replace(origin, tenant_id=EVERY_TENANT, user_id=f"{origin.tenant_id}/{origin.user_id}")
