"""Mapping rules on the wire (PLM-23)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from enghub.core import wire
from enghub.kit.expressions.compiled import MOST_CHARACTERS
from enghub.plm.mappings.model import (
    MOST_RULES,
    MOST_TESTS,
    Check,
    FieldMapping,
    FieldRule,
    MappingKind,
    MappingRules,
    MappingTest,
    MappingVersion,
    Reads,
)
from enghub.plm.mappings.preview import Change, Fate, Judged, Preview
from enghub.plm.mappings.proof import Proof, Tested
from enghub.plm.mappings.service import Found

BASE = "/api/v1/plm/connections/<connection>/mappings/<kind>"
KindName = Literal["products", "bom-lines"]
KINDS = {"products": MappingKind.PRODUCT, "bom-lines": MappingKind.BOM_LINE}
Member = Annotated[str, Field(max_length=200)]
FieldName = Annotated[str, Field(min_length=1, max_length=40)]
Rule = Annotated[str, Field(max_length=MOST_CHARACTERS)]
Label = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(wire.printable)]
Reason = Annotated[str, Field(max_length=500)]
Texts = Annotated[dict[Member, Annotated[str, Field(max_length=5000)] | None], Field(max_length=200)]
Number = Annotated[int, Field(ge=0, le=1_000_000_000)]
Digest = Annotated[str, Field(min_length=64, max_length=64)]


class FieldRuleBody(wire.Request):
    """How a field is made: of a member ``source`` by an expression ``convert``, or by the expression alone."""

    field: FieldName
    source: Member = ""
    convert: Rule = ""
    reads: Reads = Reads.TEXT
    values: Annotated[dict[Member, Member], Field(max_length=500)] = Field(default={})
    may_lack: wire.Flag = False


class CheckBody(wire.Request):
    """What a mapped record has to fulfil: an expression of ``record`` and ``source``."""

    name: Label
    field: FieldName
    rule: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]


class MappingTestBody(wire.Request):
    """For this ``source`` these fields, or ``refused`` for a field, or ``leftOut``."""

    name: Label
    source: Texts
    expect: Texts = Field(default={})
    refused: Annotated[str, Field(max_length=40)] = ""
    left_out: wire.Flag = False
    file: Member = ""
    product: Texts = Field(default={})


class PutMappingRequest(wire.Request):
    """The next version; ``version`` is the latest one that was read, 0 where there is none."""

    fields: Annotated[tuple[FieldRuleBody, ...], Field(max_length=MOST_RULES)]
    keep_others: wire.Flag = True
    take: Rule = ""
    checks: Annotated[tuple[CheckBody, ...], Field(max_length=MOST_RULES)] = ()
    records: Member = ""
    partial: wire.Flag = False
    tests: Annotated[tuple[MappingTestBody, ...], Field(max_length=MOST_TESTS)]
    description: Annotated[str, Field(max_length=2000)] = ""
    change_reason: Reason = ""
    version: Number | None = None

    def to_version(self, tenant_id: str, connection: str, kind: MappingKind) -> MappingVersion:
        """Return the version as wanted."""
        fields = tuple(
            FieldRule(one.field, one.source, one.convert, one.reads, one.values, one.may_lack) for one in self.fields
        )
        checks = tuple(Check(one.name, one.field, one.rule) for one in self.checks)
        tests = tuple(
            MappingTest(one.name, one.source, one.expect, one.refused, one.left_out, one.file, one.product)
            for one in self.tests
        )
        rules = MappingRules(fields, self.keep_others, self.take, checks, self.records, self.partial)
        return MappingVersion(tenant_id, connection, kind, 0, rules, tests, self.description, reason=self.change_reason)


class ActivateMappingRequest(wire.Request):
    """Let a version map from now on; ``preview`` is the digest of its preview."""

    version: Annotated[int, Field(ge=1, le=1_000_000_000)]
    preview: Digest
    change_reason: Reason = ""


class RollBackMappingRequest(wire.Request):
    """Let a version map again that was in force before; 0 is the identity."""

    version: Number
    reason: wire.ShortText


class MappingSummary(wire.Response):
    """Which version is the latest and which one maps; 0 is the identity."""

    connection: str
    kind: MappingKind
    version: int
    active_version: int
    activations: tuple[int, ...]
    updated_by: str
    updated_at: wire.Instant | None
    activated_by: str
    activated_at: wire.Instant | None

    @classmethod
    def of(cls, found: FieldMapping) -> "MappingSummary":
        """Return the answer."""
        return cls(
            connection=found.connection,
            kind=found.kind,
            version=found.version,
            active_version=found.active_version,
            activations=found.activations,
            updated_by=found.updated_by,
            updated_at=found.updated_at,
            activated_by=found.activated_by,
            activated_at=found.activated_at,
        )


class FieldRuleResponse(wire.Response):
    """How a field is made."""

    field: str
    source: str
    convert: str
    reads: Reads
    values: dict[str, str]
    may_lack: bool


class CheckResponse(wire.Response):
    """What a mapped record has to fulfil."""

    name: str
    field: str
    rule: str


class MappingTestResponse(wire.Response):
    """A test that is kept with a version."""

    name: str
    source: dict[str, str | None]
    expect: dict[str, str | None]
    refused: str
    left_out: bool
    file: str
    product: dict[str, str | None]


class MappingVersionResponse(wire.Response):
    """One version."""

    version: int
    fields: tuple[FieldRuleResponse, ...]
    keep_others: bool
    take: str
    checks: tuple[CheckResponse, ...]
    records: str
    partial: bool
    tests: tuple[MappingTestResponse, ...]
    description: str
    created_by: str
    created_at: wire.Instant | None
    change_reason: str

    @classmethod
    def of(cls, found: MappingVersion) -> "MappingVersionResponse":
        """Return the answer."""
        rules = found.rules
        return cls(
            version=found.version,
            fields=tuple(_rule(one) for one in rules.fields),
            keep_others=rules.keep_others,
            take=rules.take,
            checks=tuple(CheckResponse(name=one.name, field=one.field, rule=one.rule) for one in rules.checks),
            records=rules.records,
            partial=rules.partial,
            tests=tuple(_test(one) for one in found.tests),
            description=found.description,
            created_by=found.created_by,
            created_at=found.created_at,
            change_reason=found.reason,
        )


def _rule(one: FieldRule) -> FieldRuleResponse:
    return FieldRuleResponse(
        field=one.field,
        source=one.source,
        convert=one.convert,
        reads=one.reads,
        values=dict(one.values),
        may_lack=one.may_lack,
    )


def _test(one: MappingTest) -> MappingTestResponse:
    return MappingTestResponse(
        name=one.name,
        source=dict(one.source),
        expect=dict(one.expect),
        refused=one.refused,
        left_out=one.left_out,
        file=one.file,
        product=dict(one.product),
    )


class MappingResponse(MappingSummary):
    """A mapping with one of its versions."""

    found: MappingVersionResponse

    @classmethod
    def of_both(cls, found: Found) -> "MappingResponse":
        """Return the answer."""
        summary = MappingSummary.of(found.mapping)
        return cls(
            **{name: getattr(summary, name) for name in MappingSummary.model_fields},
            found=MappingVersionResponse.of(found.version),
        )


class MappingVersionsResponse(wire.Response):
    """Versions, the newest first."""

    items: tuple[MappingVersionResponse, ...]
    cursor: str | None


class ProblemResponse(wire.Response):
    """Why a record is refused."""

    reason: str
    field: str
    value: str


class TestedResponse(wire.Response):
    """What became of a test."""

    name: str
    passed: bool
    made: dict[str, str | None]
    problem: ProblemResponse | None
    left_out: bool

    @classmethod
    def of(cls, one: Tested) -> "TestedResponse":
        """Return the answer."""
        made = {name: value if value is None else str(value) for name, value in one.made.items()}
        problem = None
        if one.problem is not None:
            reason, field, value = one.problem
            problem = ProblemResponse(reason=reason, field=field, value=value)
        return cls(name=one.test.name, passed=one.passed, made=made, problem=problem, left_out=one.left_out)


class MappingProofResponse(wire.Response):
    """What the tests of a version say; ``unproved`` are rules that none of them proves."""

    version: int
    is_proved: bool
    tests: tuple[TestedResponse, ...]
    unproved: tuple[str, ...]

    @classmethod
    def of(cls, version: int, proof: Proof) -> "MappingProofResponse":
        """Return the answer."""
        tests = tuple(map(TestedResponse.of, proof.tested))
        return cls(version=version, is_proved=proof.is_whole, tests=tests, unproved=proof.unproved)


class JudgedResponse(wire.Response):
    """A record as one version makes it."""

    fate: Fate
    fields: dict[str, str | None]
    problem: ProblemResponse | None

    @classmethod
    def of(cls, one: Judged) -> "JudgedResponse":
        """Return the answer."""
        problem = ProblemResponse(reason=one.reason, field=one.field, value=one.value) if one.reason else None
        return cls(fate=one.fate, fields=dict(one.fields), problem=problem)


class RecordChangeResponse(wire.Response):
    """A record that becomes another; ``number`` counts the records that were tried, the newest first."""

    number: int
    object_id: str
    place: str
    file: str
    fields: tuple[str, ...]
    before: JudgedResponse
    after: JudgedResponse

    @classmethod
    def of(cls, one: Change) -> "RecordChangeResponse":
        """Return the answer."""
        return cls(
            number=one.number,
            object_id=one.object_id,
            place=one.place,
            file=one.file,
            fields=one.fields,
            before=JudgedResponse.of(one.before),
            after=JudgedResponse.of(one.after),
        )


class FateCount(wire.Response):
    """How many records go from one fate to another."""

    before: Fate
    after: Fate
    records: int


class MappingPreviewResponse(wire.Response):
    """What a version would change in the last records, at most 1,000; ``digest`` is what its activation names."""

    version: int
    instead_of: int
    records: int
    oldest: wire.Instant | None
    changed: int
    fates: tuple[FateCount, ...]
    digest: str
    items: tuple[RecordChangeResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, found: Preview, changes: tuple[Change, ...], cursor: str | None) -> "MappingPreviewResponse":
        """Return the answer."""
        fates = (FateCount(before=one, after=other, records=count) for (one, other), count in found.fates.items())
        return cls(
            version=found.version,
            instead_of=found.instead_of,
            records=found.records,
            oldest=found.oldest,
            changed=len(found.changes),
            fates=tuple(sorted(fates, key=lambda each: (each.before, each.after))),
            digest=found.digest,
            items=tuple(map(RecordChangeResponse.of, changes)),
            cursor=cursor,
        )
