"""Verifications on the wire (OPS-06)."""

from typing import Annotated, Self

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.i18n import Text
from enghub.core.setup.api import Zone
from enghub.golive.comparisons.model import (
    BusinessRule,
    CheckKind,
    Difference,
    DifferenceKind,
    Reference,
    TableCheck,
    Verification,
    VerificationState,
    Wanted,
)
from enghub.golive.comparisons.values import ColumnRule
from enghub.golive.forms import BASE, Id, Measured
from enghub.golive.verification.repository import DifferencePage, VerificationPage

VERIFICATIONS = f"{BASE}/verifications"
VerificationId = Annotated[Id, Path()]
Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\"`]+$")]
Names = Annotated[tuple[Name, ...], Field(max_length=50)]
Database = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9_-]+$")]
Query = Annotated[str, Field(max_length=4000)]
SAME_LENGTH = Text("name as many columns of the parent as of the table", "父表列数须与子表列数一致")
NOTHING = Text("name a table, a reference or a rule to verify", "至少指定一个表、引用或业务规则")
CHECKS = {
    DifferenceKind.COUNT: CheckKind.COUNTS,
    DifferenceKind.NULL: CheckKind.INTEGRITY,
    DifferenceKind.ORPHAN: CheckKind.INTEGRITY,
    DifferenceKind.RULE: CheckKind.CONSISTENCY,
}


class ColumnPart(wire.Request):
    """What is declared of a column; whatever would lose something is not equal unless it is declared."""

    column: Name
    tolerance: Annotated[Measured, Field(ge=0)] | None = None
    zero_date_is_null: wire.Flag = False
    ignore_case: wire.Flag = False
    trim: wire.Flag = False
    source_zone: Zone | None = None
    target_zone: Zone | None = None

    def to_rule(self, target: str) -> ColumnRule:
        """Return the rule."""
        return ColumnRule(
            source=self.column,
            target=target,
            zero_date_is_null=self.zero_date_is_null,
            ignore_case=self.ignore_case,
            trim=self.trim,
            tolerance=self.tolerance,
            source_zone=self.source_zone or "",
            target_zone=self.target_zone or "",
        )


class TablePart(wire.Request):
    """How one table is compared; ``every`` 20 compares every twentieth segment of 5,000 rows."""

    source: Name
    target: Name | None = None
    key: Names = ()
    columns: Annotated[dict[Name, Name], Field(max_length=200, default_factory=dict)]
    ignore: Names = ()
    rules: Annotated[tuple[ColumnPart, ...], Field(max_length=100)] = ()
    sums: Names = ()
    required: Names = ()
    every: Annotated[wire.Count, Field(ge=1, le=1000)] = 1

    def to_check(self) -> TableCheck:
        """Return the check."""
        return TableCheck(
            source=self.source,
            target=self.target or self.source,
            key=self.key,
            columns=dict(self.columns),
            ignore=self.ignore,
            rules=tuple(one.to_rule(self.columns.get(one.column, one.column)) for one in self.rules),
            sums=self.sums,
            required=self.required,
            every=self.every,
        )


class ReferencePart(wire.Request):
    """Rows that must find their parent, on the target."""

    table: Name
    columns: Annotated[Names, Field(min_length=1)]
    parent: Name
    parent_columns: Annotated[Names, Field(min_length=1)]

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if len(self.columns) != len(self.parent_columns):
            raise wire.Unfit(SAME_LENGTH, field="parentColumns")
        return self


class RulePart(wire.Request):
    """A query that says the same on both sides; without ``sourceQuery`` it finds no row on the target."""

    name: wire.ShortText
    source_query: Query = ""
    target_query: Annotated[Query, Field(min_length=1)]


class StartVerificationRequest(wire.Request):
    """What to verify between two databases, named by their secrets."""

    source: Database
    target: Database
    tables: Annotated[tuple[TablePart, ...], Field(max_length=200)] = ()
    references: Annotated[tuple[ReferencePart, ...], Field(max_length=100)] = ()
    rules: Annotated[tuple[RulePart, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.tables or self.references or self.rules):
            raise wire.Unfit(NOTHING, field="tables")
        return self

    def to_wanted(self) -> Wanted:
        """Return what is wanted."""
        references = (Reference(one.table, one.columns, one.parent, one.parent_columns) for one in self.references)
        rules = (BusinessRule(one.name, one.source_query, one.target_query) for one in self.rules)
        tables = tuple(one.to_check() for one in self.tables)
        return Wanted(self.source, self.target, tables, tuple(references), tuple(rules))


class VerificationResponse(wire.Response):
    """A verification; ``differences`` counts all of each kind, the list holds 1,000 at most."""

    verification_id: str
    go_live_id: str
    source: str
    target: str
    tables: int
    state: VerificationState
    rows: int
    differences: dict[str, int]
    listed: int
    slices: int
    reason: str | None
    started_by: str
    started_at: wire.Instant
    ended_at: wire.Instant | None

    @classmethod
    def of(cls, kept: Kept[Verification]) -> "VerificationResponse":
        """Return the answer for a verification."""
        one = kept.value
        return cls(
            verification_id=one.verification_id,
            go_live_id=one.go_live_id,
            source=one.wanted.source,
            target=one.wanted.target,
            tables=len(one.wanted.tables),
            state=one.state,
            rows=one.counted.rows,
            differences=dict(one.counted.differences),
            listed=one.listed,
            slices=one.slices,
            reason=one.reason or None,
            started_by=one.started_by,
            started_at=one.started_at,
            ended_at=one.ended_at,
        )

    @classmethod
    def of_new(cls, one: Verification) -> "VerificationResponse":
        """Return the answer for a new one."""
        return cls.of(Kept(one))


class VerificationsResponse(wire.Response):
    """Part of a go-live's verifications, the latest first."""

    items: tuple[VerificationResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: VerificationPage) -> "VerificationsResponse":
        """Return the answer for a page."""
        return cls(items=tuple(map(VerificationResponse.of, page.items)), cursor=page.cursor)


class DifferenceResponse(wire.Response):
    """One difference; ``check`` is which of the document's four verifications found it."""

    check: CheckKind
    kind: DifferenceKind
    table: str
    key: str | None
    column: str | None
    source: str
    target: str

    @classmethod
    def of(cls, one: Difference) -> "DifferenceResponse":
        """Return the answer for a difference."""
        return cls(
            check=CHECKS.get(one.kind, CheckKind.ACCURACY),
            kind=one.kind,
            table=one.table,
            key=one.key or None,
            column=one.column or None,
            source=one.source,
            target=one.target,
        )


class DifferencesResponse(wire.Response):
    """What one slice lists; ``cursor`` leads to the next one's."""

    items: tuple[DifferenceResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: DifferencePage) -> "DifferencesResponse":
        """Return the answer for a page."""
        return cls(items=tuple(map(DifferenceResponse.of, page.items)), cursor=page.cursor)
