"""The rules of a row migration, as manifests write them: which rows go where, and how each column is made (UPG-16)."""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from enghub.core.i18n import Text
from enghub.core.lazy import lazy
from enghub.core.wire import Unfit
from enghub.kit.sql.dialect import Dialect
from enghub.upgrade.phases import Phase

if TYPE_CHECKING:
    import sqlalchemy as sa
else:
    sa = lazy("sqlalchemy")

_ONE_SOURCE = Text("needs exactly one of column, expression and value", "column、expression、value 须且只能填写一个")
_NOT_ONE = Text(
    "must be one expression: no semicolon, no comment, every parenthesis closed where it was opened",
    "须为一个表达式：不得含分号、注释，括号须成对",
)
Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00`\";]+$")]


def _one_condition(text: str) -> str:
    from enghub.kit.sql.gate import leaves_its_place  # noqa: PLC0415 - the lexer, for manifests that have conditions

    if all(leaves_its_place(text, dialect) for dialect in (Dialect.MARIADB, Dialect.POSTGRESQL, Dialect.SQLITE)):
        raise Unfit(_NOT_ONE)
    return text


Condition = Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_one_condition)]
"""SQL that a statement takes in parentheses; what no database would read as one expression is refused at once."""
Transform = Literal["trim", "upper", "lower", "empty_to_null", "integer", "decimal", "text"]


class ColumnRule(BaseModel):
    """How one target column is made: from a column, an SQL expression over the source row, or a fixed value.

    Order: take the value, apply `transform` one after the other, translate by `map`, fall back to `default` when null.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Identifier | None = None
    expression: Condition | None = None
    value: str | int | bool | None = None
    transform: tuple[Transform, ...] = ()
    map: dict[str, str | int | None] | None = None
    default: str | int | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("column", "expression", "value") if name in self.model_fields_set]
        if len(given) != 1:
            raise Unfit(_ONE_SOURCE)
        return self

    def sql(self, source: "sa.Table", dialect: Dialect) -> "sa.ColumnElement[Any]":
        """Return the SQL that makes the value inside the database."""

        made: Any
        if self.column is not None:
            made = source.columns[self.column]
        elif self.expression is not None:
            made = sa.literal_column(f"({self.expression})")
        else:
            made = sa.literal(self.value) if self.value is not None else sa.null()
        for transform in self.transform:
            made = _transformed(made, transform, dialect)
        if self.map is not None:
            fallback = sa.literal(self.default) if self.default is not None else sa.null()
            cases = [(_exact(made, dialect) == name, sa.literal(value)) for name, value in self.map.items()]
            return sa.case(*cases, else_=fallback)
        return sa.func.coalesce(made, sa.literal(self.default)) if self.default is not None else made


def _text(value: Any, dialect: Dialect) -> Any:
    return sa.cast(value, sa.CHAR if dialect.is_mysql else sa.Text)


def _exact(value: Any, dialect: Dialect) -> Any:
    """As text that is compared letter by letter, whatever the column's or the connection's collation passes over."""
    if dialect.is_mysql:
        return _text(value, dialect).collate("utf8mb4_bin")
    return _text(value, dialect).collate("BINARY") if dialect is Dialect.SQLITE else _text(value, dialect)


def _transformed(value: Any, transform: Transform, dialect: Dialect) -> Any:  # noqa: PLR0911 - a line each
    match transform:
        case "trim":
            return sa.func.trim(value)
        case "upper":
            return sa.func.upper(value)
        case "lower":
            return sa.func.lower(value)
        case "empty_to_null":
            return sa.func.nullif(value, sa.literal(""))
        case "integer":
            return sa.cast(value, sa.Integer)
        case "decimal":
            return sa.cast(value, sa.Numeric(65, 30) if dialect.is_mysql else sa.Numeric())  # as exact as it can
        case "text":
            return _text(value, dialect)


class Migration(BaseModel):
    """Rows of one table that become rows of another, or of the same one (`target` omitted: changed in place)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    source: Identifier
    target: Identifier = ""
    key: tuple[Identifier, ...] = ()
    where: Condition | None = None
    mapping: Annotated[dict[Identifier, ColumnRule], Field(min_length=1)]
    on_conflict: Literal["fail", "skip", "update"] = "fail"
    max_failed_rows: Annotated[int, Field(ge=0)] = 0
    batch_size: Annotated[int, Field(ge=1, le=200_000)] = 5_000
    max_batch_size: Annotated[int, Field(ge=1, le=200_000)] = 50_000
    batch_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    """The batch size follows this target."""
    sums: dict[Identifier, Identifier] = Field(default_factory=dict)
    """Source column to target column: after the last batch both sums must agree."""
    late_rows: Literal["move", "report"] | None = None
    """What becomes of source rows that the target lacks after the last batch. By default they are moved in the outage,
    and reported while the system runs: people may have deleted them from the target since."""

    @model_validator(mode="before")
    @classmethod
    def _short_rules(cls, data: Any) -> Any:
        """`"name": "old_name"` is short for `{"column": "old_name"}`; the target defaults to the source."""
        if not isinstance(data, Mapping):
            return data
        mapping = data.get("mapping")
        rules = (
            {name: {"column": rule} if isinstance(rule, str) else rule for name, rule in mapping.items()}
            if isinstance(mapping, Mapping)
            else mapping
        )
        return {"target": data.get("source"), **data, "mapping": rules}

    def moves_late_rows(self, phase: str) -> bool:
        """Tell what `late_rows` means in a phase."""
        if self.late_rows is None:
            return phase == Phase.STARTUP_PRE_PROCESS
        return self.late_rows == "move"

    @property
    def in_place(self) -> bool:
        """Rows are updated where they are."""
        return self.source == self.target

    @property
    def rest(self) -> str:
        """Name of the task that moves what came later."""
        return f"{self.name}.rest"

    @property
    def digest(self) -> str:
        """Hash of what decides the outcome; batch sizes may change under way."""
        rules = self.model_dump(mode="json", include={"source", "target", "key", "where", "mapping", "on_conflict"})
        return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()

    def next_batch(self, batch: int, seconds: float) -> int:
        """Return the next batch size: towards the target time, doubled when far below it, at most halved above it."""
        wanted = self.batch_seconds / max(seconds, 0.001)
        fastest = 2.0 if wanted > 4 else 1.2
        factor = min(fastest, wanted) if wanted >= 1 else max(0.5, wanted)
        grown = max(int(batch * factor), batch + 1 if wanted > 1 else 1)
        return max(1, min(grown, self.max_batch_size))
