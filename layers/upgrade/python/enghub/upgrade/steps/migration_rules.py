"""The rules of a row migration, as manifests write them: which rows go where, and how each column is made (UPG-16)."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from enghub.core.i18n import Text
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Slice, done
from enghub.upgrade.manifests.document import Phase
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.base import StepContext
from enghub.upgrade.steps.ports import NotConfigured

if TYPE_CHECKING:
    import sqlalchemy as sa

Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00`\";]+$")]
Transform = Literal["trim", "upper", "lower", "empty_to_null", "integer", "decimal", "text"]


class ColumnRule(BaseModel):
    """How one target column is made: from a column, an SQL expression over the source row, or a fixed value.

    Order: take the value, apply `transform` one after the other, translate by `map`, fall back to `default` when null.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Identifier | None = None
    expression: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    value: str | int | bool | None = None
    transform: tuple[Transform, ...] = ()
    map: dict[str, str | int | None] | None = None
    default: str | int | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("column", "expression", "value") if name in self.model_fields_set]
        if len(given) != 1:
            message = "needs exactly one of column, expression and value"
            raise ValueError(message)
        return self

    def sql(self, source: "sa.Table", dialect: Dialect) -> "sa.ColumnElement[Any]":
        """Return the SQL that makes the value inside the database."""
        import sqlalchemy as sa  # noqa: PLC0415 - rules are also read where no database is near

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
            cases = [(_text(made, dialect) == name, sa.literal(value)) for name, value in self.map.items()]
            return sa.case(*cases, else_=fallback)
        return sa.func.coalesce(made, sa.literal(self.default)) if self.default is not None else made


def _text(value: Any, dialect: Dialect) -> Any:
    import sqlalchemy as sa  # noqa: PLC0415

    return sa.cast(value, sa.CHAR if dialect.is_mysql else sa.Text)


def _transformed(value: Any, transform: Transform, dialect: Dialect) -> Any:  # noqa: PLR0911 - a line each
    import sqlalchemy as sa  # noqa: PLC0415

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
            return sa.cast(value, sa.Numeric(38, 10))
        case "text":
            return _text(value, dialect)


class Migration(BaseModel):
    """Rows of one table that become rows of another, or of the same one (`target` omitted: changed in place)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    source: Identifier
    target: Identifier = ""
    key: tuple[Identifier, ...] = ()
    where: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
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


@contextmanager
def reported(finished: Sequence[Mapping[str, Any]]) -> Iterator[None]:
    """Let a failure of one migration also report those that were finished before it."""
    try:
        yield
    except WorkFailed as failure:
        failure.result = {"migrations": [*finished, *failure.result.get("migrations", ())]}
        raise


NO_WAY_BACK = Text(
    "Migrated rows of {tables} cannot be taken back: declare rollback_scripts, or a backup of the target in the phase "
    "startup_pre_process",
    "{tables} 中已迁移的数据无法撤销：请声明 rollback_scripts，或在 startup_pre_process 阶段备份目标表",
)


def why_irreversible(
    migrations: Sequence[Migration], parameters: Mapping[str, Any], copies: frozenset[str]
) -> Text | None:
    """Return why moved rows cannot be taken back: neither scripts undo it, nor does a backup of the targets."""
    if read.texts(parameters, "rollback_scripts"):
        return None
    lost = sorted({migration.target for migration in migrations} - copies)
    values = {"tables": ", ".join(lost)}
    return Text(NO_WAY_BACK.render("en", **values), NO_WAY_BACK.render("zh", **values)) if lost else None


def undo(migrations: Sequence[Migration], context: StepContext) -> Slice:
    """Let the migrations run again; their rows are taken back by scripts or by the backup of their targets.

    Raises:
        WorkFailed: nothing takes them back.
    """
    from enghub.upgrade.gateways.databases.journal import TaskJournal  # noqa: PLC0415
    from enghub.upgrade.steps.sql_scripts import SqlScripts  # noqa: PLC0415

    facts = context.facts
    journals = [(migration, TaskJournal(facts.scope, migration.name, facts.execution_id)) for migration in migrations]
    with context.databases.writer(context.budget) as session, session.transaction() as connection:
        begun = [(migration, journal) for migration, journal in journals if journal.read(connection) is not None]
    if not begun:
        return done({"rollback": "nothing to undo"})
    why = why_irreversible([migration for migration, _ in begun], context.parameters, _backed_up(context))
    if why is not None:
        raise WorkFailed(why)
    if read.texts(context.parameters, "rollback_scripts") and not read.texts(context.parameters, "sql_scripts"):
        ended = SqlScripts().rollback(context, {})
        if ended.state == "more":
            return ended
    with context.databases.writer(context.budget) as session, session.transaction() as connection:
        for migration, journal in begun:
            journal.forget(connection)
            TaskJournal(facts.scope, migration.rest, facts.execution_id).forget(connection)
    context.point("migration forgotten")
    return done({"forgotten": [migration.name for migration, _ in begun]})


def _backed_up(context: StepContext) -> frozenset[str]:
    """Return the tables that this execution backed up in the outage: their own step's rollback brings them back."""
    from enghub.upgrade.gateways.archive import of_execution  # noqa: PLC0415

    if isinstance(context.ports.artifacts, NotConfigured):
        return frozenset()
    made = of_execution(context.ports.artifacts, context.facts.site_id, context.facts.execution_id)
    in_outage = (manifest for _, manifest in made if manifest.phase == Phase.STARTUP_PRE_PROCESS)
    return frozenset(table.made.table for manifest in in_outage for table in manifest.tables)
