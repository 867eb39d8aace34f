"""Rules of the business check, as manifests write them: declared SQL or ready-made, with thresholds (UPG-14)."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from enghub.core.i18n import Text
from enghub.core.lazy import lazy
from enghub.core.wire import Unfit
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import SplitError, split
from enghub.upgrade.stepping.migration_rules import Condition, Identifier
from enghub.upgrade.versions import Version, VersionText

if TYPE_CHECKING:
    import sqlalchemy as sa
else:
    sa = lazy("sqlalchemy")

Kind = Literal[
    "sql", "not_null", "not_blank", "unique", "range", "enum", "illegal_characters", "max_length", "type", "references"
]
_NEEDS: dict[str, tuple[str, ...]] = {
    "sql": ("sql",),
    "not_null": ("table", "column"),
    "not_blank": ("table", "column"),
    "unique": ("table", "columns"),
    "range": ("table", "column"),
    "enum": ("table", "column", "values"),
    "illegal_characters": ("table", "column"),
    "max_length": ("table", "column", "length"),
    "type": ("table", "column", "wanted"),
    "references": ("table", "column", "other_table", "other_column"),
}
_NEEDED = Text("rule {rule} needs {missing}", "规则 {rule} 须填写 {missing}")
_CROSSED = Text("min_version {low} is above max_version {high}", "min_version {low} 高于 max_version {high}")
_NO_BOUND = Text("rule range needs minimum or maximum", "规则 range 须填写 minimum 或 maximum")
_NOT_SPLIT = Text("sql cannot be read: {why}", "sql 无法解析：{why}")
_ONE_STATEMENT = Text("sql holds {count} statements, a rule has exactly one", "sql 含有 {count} 条语句，规则须恰好一条")
DEFAULT_PATTERN = r"[[:cntrl:]]"
_TYPE_PATTERNS = {
    "integer": r"^[+-]?[0-9]+$",
    "decimal": r"^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)$",
    "date": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    "datetime": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?$",
}


class CheckRule(BaseModel):
    """One rule. It counts the rows that break it; more than `threshold` is a finding.

    `sql` returns that count as the first column of its only row; the ready-made kinds make their own SQL.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1, max_length=100)]
    name: Annotated[str, Field(max_length=200)] = ""
    rule: Kind = "sql"
    sql: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    threshold: Annotated[int, Field(ge=0)] = 0
    severity: Literal["block", "warn"] = "block"
    min_version: VersionText | None = None
    max_version: VersionText | None = None
    advice: Annotated[str, Field(max_length=2000)] = ""
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 60
    table: Identifier | None = None
    column: Identifier | None = None
    columns: tuple[Identifier, ...] = ()
    where: Condition | None = None
    values: tuple[str | int, ...] = ()
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None
    pattern: Annotated[str, Field(min_length=1, max_length=500)] = DEFAULT_PATTERN
    length: Annotated[int, Field(ge=0)] | None = None
    wanted: Literal["integer", "decimal", "date", "datetime"] | None = None
    other_table: Identifier | None = None
    other_column: Identifier | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [name for name in _NEEDS[self.rule] if getattr(self, name) in (None, ())]
        if missing:
            raise Unfit(_NEEDED, rule=self.rule, missing=", ".join(missing))
        if self.min_version and self.max_version and Version.parse(self.min_version) > Version.parse(self.max_version):
            raise Unfit(_CROSSED, low=self.min_version, high=self.max_version)
        if self.rule == "range" and self.minimum is None and self.maximum is None:
            raise Unfit(_NO_BOUND)
        if self.sql is not None:
            try:
                count = len(split(self.sql, Dialect.MARIADB))
            except SplitError as error:
                raise Unfit(_NOT_SPLIT, why=error.said) from error
            if count != 1:
                raise Unfit(_ONE_STATEMENT, count=count)
        return self

    @property
    def versions(self) -> str:
        """The range as a person reads it."""
        return f"{self.min_version or '...'} to {self.max_version or '...'}"

    def applies(self, source: Version, target: Version) -> bool:
        """Tell whether source or target lies in the rule's version range (source document, chapter 1.1)."""
        low = Version.parse(self.min_version) if self.min_version else None
        high = Version.parse(self.max_version) if self.max_version else None
        return source.within(low, high) or target.within(low, high)

    def query(self, dialect: Dialect) -> Any:
        """Return what counts the rows that break the rule: the declared SQL as text, or an expression."""
        if self.rule == "sql":
            return self.sql

        schema, _, name = (self.table or "").rpartition(".")
        column: Any = sa.column(self.column or "")
        table = sa.table(name, *(sa.column(c) for c in dict.fromkeys((*self.columns, self.column)) if c))
        table.schema = schema or None
        where: list[Any] = [sa.literal_column(f"({self.where})")] if self.where else []
        if self.rule == "unique":
            columns: list[Any] = [sa.column(c) for c in self.columns]
            present = [c.is_not(None) for c in columns]
            groups = sa.select(sa.func.count().label("n")).select_from(table).where(*where, *present)
            doubles = groups.group_by(*columns).having(sa.func.count() > 1).subquery()
            return sa.select(sa.func.coalesce(sa.func.sum(doubles.c.n), 0))
        return sa.select(sa.func.count()).select_from(table).where(*where, self._broken(column, dialect))

    def _broken(self, column: Any, dialect: Dialect) -> Any:  # noqa: PLR0911 - one line per rule

        text = sa.cast(column, sa.CHAR if dialect.is_mysql else sa.Text)
        match self.rule:
            case "not_null":
                return column.is_(None)
            case "not_blank":
                return sa.or_(column.is_(None), sa.func.trim(text) == "")
            case "range":
                bounds = [(self.minimum, column.__lt__), (self.maximum, column.__gt__)]
                return sa.or_(*(compare(_bound(bound)) for bound, compare in bounds if bound is not None))
            case "enum":
                return sa.and_(column.is_not(None), text.not_in([str(value) for value in self.values]))
            case "max_length":
                return (
                    sa.func.char_length(text) > self.length
                    if dialect is not Dialect.SQLITE
                    else (sa.func.length(text) > self.length)
                )
            case "type":
                pattern = _TYPE_PATTERNS[self.wanted or "integer"]
                return sa.and_(column.is_not(None), sa.not_(_matches(text, pattern, dialect)))
            case "references":
                other: Any = sa.table(self.other_table or "", sa.column(self.other_column or "")).alias("other")
                own: Any = sa.literal_column(
                    f"{_quote(self.table or '', dialect)}.{_quote(self.column or '', dialect)}"
                )
                found = sa.select(sa.literal(1)).select_from(other).where(other.c[self.other_column] == own)
                return sa.and_(own.is_not(None), sa.not_(sa.exists(found)))
            case _:
                return sa.and_(column.is_not(None), _matches(text, self.pattern, dialect))


def _bound(value: float | str) -> Any:
    """A text takes the column's type: PostgreSQL would not compare a time with a text."""
    return sa.literal(value, sa.types.NULLTYPE) if isinstance(value, str) else sa.literal(value)


def _quote(name: str, dialect: Dialect) -> str:
    mark = "`" if dialect.is_mysql else '"'
    return ".".join(f"{mark}{part}{mark}" for part in name.split("."))


def _matches(text: Any, pattern: str, dialect: Dialect) -> Any:
    if dialect is Dialect.POSTGRESQL:
        return text.bool_op("~")(sa.literal(pattern))
    if dialect is Dialect.SQLITE:  # our own function: Python knows no POSIX classes
        pattern = pattern.replace("[[:cntrl:]]", r"[\x00-\x1f\x7f]")
    return text.bool_op("REGEXP")(sa.literal(pattern))
