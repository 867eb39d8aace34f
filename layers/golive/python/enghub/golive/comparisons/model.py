"""A verification of a migration: which checks on which tables, how far it is, what differs (OPS-06). No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from enghub.golive.comparisons.values import ColumnRule

MOST_DIFFERENCES = 1000
"""So many are listed; all are counted."""


class CheckKind(StrEnum):
    """The document's four verifications."""

    COUNTS = "counts"
    INTEGRITY = "integrity"
    ACCURACY = "accuracy"
    CONSISTENCY = "consistency"


@dataclass(frozen=True, slots=True)
class Reference:
    """Rows of ``table`` whose ``columns`` name a row of ``parent`` must find it."""

    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableCheck:
    """How one table is compared. ``every``: 1 compares every segment of rows, 20 every twentieth."""

    source: str
    target: str
    key: tuple[str, ...] = ()
    """Source columns; the primary key when empty; without one the rows are compared as a multiset."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Source column to target column, where the names differ."""
    ignore: tuple[str, ...] = ()
    rules: tuple[ColumnRule, ...] = ()
    sums: tuple[str, ...] = ()
    """Source columns whose sums must agree."""
    required: tuple[str, ...] = ()
    """Target columns that hold no NULL."""
    every: int = 1


@dataclass(frozen=True, slots=True)
class BusinessRule:
    """A query that must say the same on both sides, or, on the target alone, find no row."""

    name: str
    source_query: str
    target_query: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be verified between two databases of a tenant."""

    source: str
    target: str
    tables: tuple[TableCheck, ...]
    references: tuple[Reference, ...] = ()
    rules: tuple[BusinessRule, ...] = ()


class DifferenceKind(StrEnum):
    """What is not as it should be."""

    COUNT = "COUNT"
    SUM = "SUM"
    NULL = "NULL"
    ORPHAN = "ORPHAN"
    MISSING = "MISSING"
    EXTRA = "EXTRA"
    DIFFERENT = "DIFFERENT"
    RULE = "RULE"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; ``column`` is empty where it is about a row or a table."""

    kind: DifferenceKind
    table: str
    key: str
    column: str
    source: str
    target: str


class VerificationState(StrEnum):
    """Where a verification stands."""

    RUNNING = "RUNNING"
    EQUAL = "EQUAL"
    DIFFERENT = "DIFFERENT"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Counted:
    """What was looked at, and how many differences of each kind there are."""

    rows: int = 0
    differences: Mapping[str, int] = field(default_factory=dict)

    def plus(self, rows: int, found: Mapping[str, int]) -> "Counted":
        """Return the sum."""
        names = {**self.differences, **found}
        return Counted(self.rows + rows, {name: self.differences.get(name, 0) + found.get(name, 0) for name in names})

    @property
    def total(self) -> int:
        """All differences."""
        return sum(self.differences.values())


@dataclass(frozen=True, slots=True)
class Verification:
    """One run of the checks; it is done in slices, and goes on from ``cursor``."""

    tenant_id: str
    verification_id: str
    go_live_id: str
    wanted: Wanted
    started_by: str
    started_at: datetime
    state: VerificationState = VerificationState.RUNNING
    cursor: str = ""
    """JSON; where the next slice goes on."""
    slices: int = 0
    counted: Counted = field(default_factory=Counted)
    listed: int = 0
    reason: str = ""
    ended_at: datetime | None = None

    def after(self, cursor: str | None, rows: int, found: Mapping[str, int], now: datetime) -> "Verification":
        """Return it after a slice; ``cursor`` is None at the end."""
        more = replace(self, slices=self.slices + 1, counted=self.counted.plus(rows, found))
        if cursor is not None:
            return replace(more, cursor=cursor)
        state = VerificationState.DIFFERENT if more.counted.total else VerificationState.EQUAL
        return replace(more, cursor="", state=state, ended_at=now)

    def with_listed(self, count: int) -> "Verification":
        """Return it with so many more differences listed."""
        return replace(self, listed=self.listed + count)

    def failed(self, reason: str, now: datetime) -> "Verification":
        """Return it given up."""
        return replace(self, state=VerificationState.FAILED, reason=reason[:500], ended_at=now)
