"""What a space says as files, and the changes that make it so (CFG-32). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from enghub.core.commits import Commit
from enghub.kit.sheets.model import Row
from enghub.settings.business_rules.model import BusinessRule, RuleKind, RuleVersion
from enghub.settings.configs.commits import ConfigCommit
from enghub.settings.configs.model import Config, Owner
from enghub.settings.flags.changes import Changes
from enghub.settings.flags.model import Environment, FeatureFlag, FlagSegment, FlagSet
from enghub.settings.folders.kinds import Kind


class Outcome(StrEnum):
    """What a folder does, or would do, with one of its files' things."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"


@dataclass(frozen=True, slots=True)
class FlagFile:
    """A flag as a file says it; what the definition leaves out of ``salt`` and ``hashVersion`` stays as it is."""

    environment: Environment
    flag_key: str
    flag_name: str
    description: str
    owner_id: str
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """A segment as a file says it."""

    environment: Environment
    segment_key: str
    description: str
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A business rule as a file says it: the version that decides, or with ``is_active`` False the latest one."""

    rule_key: str
    name: str
    kind: RuleKind
    description: str
    table: str
    tests: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Flags, segments and rules as they shall be."""

    flags: tuple[FlagFile, ...] = ()
    segments: tuple[SegmentFile, ...] = ()
    rules: tuple[RuleFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one thing; ``version`` is the one afterwards, None of one that is only planned."""

    kind: Kind
    name: str
    outcome: Outcome
    environment: str = ""
    version: int | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One change of a rule: a version that is stored with it, and the one that decides afterwards."""

    commit: Commit[BusinessRule]
    new: RuleVersion | None = None
    decides: RuleVersion | None = None

    @property
    def decided(self) -> int:
        """The version that decided before."""
        return 0 if self.commit.before is None else self.commit.before.value.active_version

    @property
    def switches(self) -> bool:
        """Whether another version decides afterwards, or none any more."""
        return self.commit.after.active_version != self.decided


@dataclass(frozen=True, slots=True)
class Whole:
    """Changes of every kind that are made at one moment."""

    configs: tuple[ConfigCommit, ...]
    flags: Changes
    rules: tuple[RuleChange, ...]
    seen: Mapping[FlagSet, int] | None = None
    """The revisions on which flags were read."""

    @property
    def is_nothing(self) -> bool:
        """Whether nothing would change."""
        return not (self.configs or self.flags.flags or self.flags.segments or self.rules)


@dataclass(frozen=True, slots=True)
class Content:
    """Everything of a space as it stands."""

    at: datetime
    configs: tuple[Config, ...]
    flags: tuple[FeatureFlag, ...]
    segments: tuple[FlagSegment, ...]
    rules: tuple[RuleFile, ...]


def flag_file(flag: FeatureFlag) -> FlagFile:
    """Return a flag as its file says it."""
    document = {name: value for name, value in flag.document.items() if name not in {"key", "version"}}
    return FlagFile(flag.at.environment, flag.flag_key, flag.flag_name, flag.description, flag.owner_id, document)


def segment_file(segment: FlagSegment) -> SegmentFile:
    """Return a segment as its file says it."""
    facts = segment.facts()
    return SegmentFile(segment.at.environment, segment.segment_key, segment.description, facts["definition"])


def rule_file(rule: BusinessRule, version: RuleVersion) -> RuleFile:
    """Return a rule as its file says it."""
    is_active = rule.active_version == version.version
    return RuleFile(
        rule.rule_key, version.name, version.kind, version.description, version.table, version.tests, is_active
    )


@dataclass(frozen=True, slots=True)
class Folder:
    """What files say of a layer."""

    owner: Owner
    rows: Sequence[Row]
    wanted: Wanted
