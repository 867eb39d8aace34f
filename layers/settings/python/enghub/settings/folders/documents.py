"""Flags, segments and rules as JSON documents of files, and back (CFG-32, CFG-21)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from enghub.core import wire
from enghub.core.strictjson import parse_json, write_json
from enghub.settings.business_rules.requests import RuleRequest
from enghub.settings.flags.model import Environment
from enghub.settings.flags.requests import ClausePart, Name, Percentage, PrerequisitePart, Some, VariantPart, Weights
from enghub.settings.folders.kinds import Kind
from enghub.settings.folders.model import FlagFile, RuleFile, SegmentFile
from enghub_flags.hashing import HashVersion
from enghub_flags.model import ValueType

Key = Annotated[str, Field(min_length=1, max_length=255)]
Bound = Annotated[Decimal, Field(ge=0, le=1_000_000_000, allow_inf_nan=False)]


class SplitFile(wire.Request):
    """The draw of another engine, as an importer wrote it."""

    hash_version: HashVersion
    seed: Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=10)]
    scale: Annotated[wire.Count, Field(ge=1, le=1_000_000_000)]
    ranges: Annotated[tuple[tuple[Bound, Bound, Name], ...], Field(max_length=100)]


class ServeFile(wire.Request):
    """What is served: one variant, several by weights, or another engine's draw."""

    variant: Name | None = None
    percentage: Percentage | None = None
    bucket_by: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    weights: Weights | None = None
    split: SplitFile | None = None
    continues: wire.Flag = False


class RuleOfFlagFile(wire.Request):
    """All clauses must hold."""

    rule_id: Name
    clauses: Annotated[tuple[ClausePart, ...], Field(max_length=20)] = ()
    serve: ServeFile


class TargetFile(wire.Request):
    """People or tenants by name."""

    variant: Name
    users: Some = ()
    tenants: Some = ()


class DefinitionFile(wire.Request):
    """What the engine evaluates, as answers about flags have it (``definition``)."""

    value_type: ValueType = ValueType.BOOLEAN
    is_enabled: wire.Flag = True
    salt: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    hash_version: HashVersion | None = None
    variants: Annotated[tuple[VariantPart, ...], Field(min_length=1, max_length=50)]
    off_variant: Name
    targets: Annotated[tuple[TargetFile, ...], Field(max_length=50)] = ()
    prerequisites: Annotated[tuple[PrerequisitePart, ...], Field(max_length=10)] = ()
    rules: Annotated[tuple[RuleOfFlagFile, ...], Field(max_length=50)] = ()
    fallthrough: ServeFile


class FlagFileRequest(wire.Request):
    """A flag as it shall be."""

    environment: Environment
    flag_key: Key
    flag_name: Annotated[str, Field(max_length=200)] = ""
    description: wire.LongText = ""
    owner_id: Annotated[str, Field(max_length=128)] = ""
    definition: DefinitionFile

    def file(self) -> FlagFile:
        """Return the flag that is meant."""
        document = self.definition.model_dump(by_alias=True, exclude_none=True)
        return FlagFile(self.environment, self.flag_key, self.flag_name, self.description, self.owner_id, document)


class SegmentDefinition(wire.Request):
    """Who is in it."""

    included: Some = ()
    excluded: Some = ()
    rules: Annotated[tuple[Annotated[tuple[ClausePart, ...], Field(max_length=20)], ...], Field(max_length=20)] = ()


class SegmentFileRequest(wire.Request):
    """A segment as it shall be."""

    environment: Environment
    segment_key: Key
    description: wire.LongText = ""
    definition: SegmentDefinition

    def file(self) -> SegmentFile:
        """Return the segment that is meant."""
        document = self.definition.model_dump(by_alias=True)
        return SegmentFile(self.environment, self.segment_key, self.description, document)


class RuleFileRequest(RuleRequest):
    """A business rule as it shall be: this content decides, or with ``isActive`` false none does."""

    rule_key: Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    is_active: wire.Flag = True

    def file(self) -> RuleFile:
        """Return the rule that is meant."""
        rule = self.rule("", self.rule_key)
        return RuleFile(self.rule_key, rule.name, rule.kind, rule.description, rule.table, rule.tests, self.is_active)


def flag_document(one: FlagFile) -> dict[str, Any]:
    """Return a flag as a request says it."""
    return {
        "environment": one.environment.value,
        "flagKey": one.flag_key,
        "flagName": one.flag_name,
        "description": one.description,
        "ownerId": one.owner_id,
        "definition": dict(one.definition),
    }


def segment_document(one: SegmentFile) -> dict[str, Any]:
    """Return a segment as a request says it."""
    return {
        "environment": one.environment.value,
        "segmentKey": one.segment_key,
        "description": one.description,
        "definition": dict(one.definition),
    }


def rule_document(one: RuleFile) -> dict[str, Any]:
    """Return a rule as a request says it."""
    return {
        "ruleKey": one.rule_key,
        "name": one.name,
        "kind": one.kind.value,
        "description": one.description,
        "isActive": one.is_active,
        **parse_json(one.table),
        "tests": parse_json(one.tests),
    }


def file_of(document: Mapping[str, Any], kind: Kind) -> Any:
    """Return the file of a document that was written by this module."""
    if kind is Kind.CONFIG:
        raise ValueError(kind)
    form = {Kind.FLAG: FlagFileRequest, Kind.SEGMENT: SegmentFileRequest, Kind.RULE: RuleFileRequest}[kind]
    return form.model_validate_json(write_json(dict(document))).file()  # type: ignore[attr-defined]
