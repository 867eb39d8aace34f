"""What feature flags look like in answers (CFG-09)."""

from typing import Any

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.settings.flags.model import Environment, FeatureFlag, FlagLayer, FlagSegment, FlagType
from enghub.settings.flags.repository import VersionPage
from enghub_flags.model import WHOLE, Flag, ValueType
from enghub_flags.reading import flag_to, percent, segment_to


class TargetRulesResponse(wire.Response):
    """Who gets it, as the document names it; ``percentage`` is null where rules say more than one."""

    tenants: list[str]
    users: list[str]
    percentage: float | None

    @classmethod
    def of(cls, flag: Flag) -> "TargetRulesResponse":
        """Return the answer for a definition."""
        off = not flag.fallthrough.draws and flag.fallthrough.variant == flag.off_variant
        share = None if flag.fallthrough.split else 0 if off else flag.fallthrough.percentage
        return cls(
            tenants=[name for one in flag.targets for name in one.tenants],
            users=[name for one in flag.targets for name in one.users],
            percentage=None if share is None else percent(share if share != WHOLE else WHOLE),
        )


class FlagResponse(wire.Response):
    """A flag with the definition that is evaluated."""

    flag_key: str
    flag_name: str
    description: str
    environment: Environment
    layer: FlagLayer
    flag_type: FlagType
    value_type: ValueType
    is_enabled: bool
    default_value: Any
    target_rules: TargetRulesResponse
    definition: dict[str, Any]
    owner_id: str
    version: int
    created_by: str
    created_at: wire.Instant | None
    updated_by: str
    updated_at: wire.Instant | None
    change_request_id: str
    """The request by which this version was approved; empty where nobody had to agree."""
    approved_by: list[str]

    @classmethod
    def of(cls, kept: FeatureFlag) -> "FlagResponse":
        """Return the answer for a flag."""
        flag = kept.flag
        return cls(
            flag_key=kept.flag_key,
            flag_name=kept.flag_name,
            description=kept.description,
            environment=kept.at.environment,
            layer=kept.at.layer,
            flag_type=kept.flag_type,
            value_type=flag.value_type,
            is_enabled=flag.is_enabled,
            default_value=flag.value(flag.off_variant),
            target_rules=TargetRulesResponse.of(flag),
            definition=flag_to(flag),
            owner_id=kept.owner_id,
            version=kept.version,
            created_by=kept.created_by,
            created_at=kept.created_at,
            updated_by=kept.updated_by,
            updated_at=kept.updated_at,
            change_request_id=kept.change_request,
            approved_by=list(kept.approved_by),
        )


class FlagsResponse(wire.Response):
    """One page of flags, by key."""

    items: list[FlagResponse]
    page: int
    size: int
    total: int

    @classmethod
    def of(cls, found: list[FeatureFlag], page: int, size: int) -> "FlagsResponse":
        """Return a page of what was found."""
        shown = found[(page - 1) * size : page * size]
        return cls(items=list(map(FlagResponse.of, shown)), page=page, size=size, total=len(found))


class SwitchedResponse(wire.Response):
    """The flags of a batch, after it."""

    items: list[FlagResponse]

    @classmethod
    def of(cls, found: list[FeatureFlag]) -> "SwitchedResponse":
        """Return the answer for a batch."""
        return cls(items=list(map(FlagResponse.of, found)))


class VersionsResponse(wire.Response):
    """Versions of a flag, the newest first."""

    items: list[FlagResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: VersionPage) -> "VersionsResponse":
        """Return the answer for a page."""
        return cls(items=list(map(FlagResponse.of, page.items)), cursor=page.cursor)


class SegmentResponse(wire.Response):
    """A segment."""

    segment_key: str
    environment: Environment
    layer: FlagLayer
    description: str
    definition: dict[str, Any]
    version: int | None

    @classmethod
    def of(cls, found: FlagSegment, version: int | None = None) -> "SegmentResponse":
        """Return the answer for a segment; lists do not know its version."""
        return cls(
            segment_key=found.segment_key,
            environment=found.at.environment,
            layer=found.at.layer,
            description=found.description,
            definition=segment_to(found.segment),
            version=version,
        )

    @classmethod
    def of_kept(cls, kept: Kept[FlagSegment]) -> "SegmentResponse":
        """Return the answer for one that was read alone."""
        return cls.of(kept.value, kept.revision)


class SegmentsResponse(wire.Response):
    """All segments of a layer."""

    items: list[SegmentResponse]
