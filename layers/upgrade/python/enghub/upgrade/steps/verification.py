"""Verifies what an upgrade left: structure, counts, sums, journals and business rules (UPG-16)."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from enghub.core.i18n import Text
from enghub.core.lazy import lazy
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.migration_rules import Condition, Identifier
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.business_check import applies, count_of, refuse_unsafe
from enghub.upgrade.steps.check_rules import CheckRule

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enghub.kit.databases.session import ReadSession
else:
    sa = lazy("sqlalchemy")

FAILED = Text("The verification failed: {failed}", "升级验证未通过：{failed}")
STRUCTURE, INTEGRITY, BUSINESS = "check_table_structure", "check_data_integrity", "check_business_logic"
NO_RULE = Text("{name} is not known", "没有规则 {name}")
TABLES_FORM = Text("must map each table to its columns", "须为每张表列出其列")


class Measure(BaseModel):
    """A count or a sum over a table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: Identifier
    column: Identifier | None = None
    where: Condition | None = None


class Comparison(BaseModel):
    """Two measures that must agree, or one that must have a value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=100)]
    measure: Literal["count", "sum"] = "count"
    left: Measure
    right: Measure | None = None
    value: int | str | None = None


class Verification(BaseStep):
    """The named rules of `verification_rules`, the declared `comparisons`, and `tables` with their columns."""

    takes: ClassVar[Takes] = frozenset({"verification_rules", "tables", "comparisons", "business_checks"})
    rehearsable: ClassVar[bool] = True
    transactions: ClassVar[bool] = False
    summary: ClassVar[str] = (
        "Structure, counts, sums, journals and business rules; parameters `verification_rules`, `tables`, "
        "`comparisons`, `business_checks`"
    )
    writes: ClassVar[bool] = False

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        unknown = set(read.texts(parameters, "verification_rules")) - {STRUCTURE, INTEGRITY, BUSINESS}
        found = [Problem("verification_rules", NO_RULE.filled(name=name)) for name in sorted(unknown)]
        found += read.problems(parameters, "comparisons", Comparison)
        found += read.problems(parameters, "business_checks", CheckRule)
        if not isinstance(parameters.get("tables", {}), Mapping):
            found.append(Problem("tables", TABLES_FORM))
        return tuple(found)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Run everything declared; every rule is reported, the step fails when one does."""
        outcomes = [*_structure(context), *_integrity(context), *_comparisons(context), *_business(context)]
        failed = [f"{o['rule']}: {o['detail']}" for o in outcomes if not o["passed"]]
        result = {"verification": outcomes}
        if failed:
            raise WorkFailed(FAILED, result=result, failed="; ".join(failed))
        return done(result, Progress(len(outcomes), len(outcomes), "rules"))


def _outcome(rule: str, passed: bool, detail: str) -> dict[str, Any]:
    return {"rule": rule, "passed": passed, "detail": detail}


def _asked(context: StepContext, rule: str) -> bool:
    return rule in read.texts(context.parameters, "verification_rules")


def _structure(context: StepContext) -> list[dict[str, Any]]:
    """Declared tables have their columns; every journalled statement of this version took effect."""
    from enghub.kit.databases import catalog  # noqa: PLC0415
    from enghub.upgrade.gateways.databases import evidence  # noqa: PLC0415

    outcomes = []
    with context.databases.reader(60) as session:
        for table, columns in (context.parameters.get("tables") or {}).items():
            missing = catalog.lacks(session.connection, table, columns or ())
            detail = f"missing: {', '.join(missing)}" if missing else "as declared"
            outcomes.append(_outcome(f"table {table}", not missing, detail))
        if _asked(context, STRUCTURE):
            open_statements = evidence.unfinished_statements(session.connection, context.facts.version)
            detail = ", ".join(open_statements) or "every script statement of this version took effect"
            outcomes.append(_outcome(STRUCTURE, not open_statements, detail))
    return outcomes


def _integrity(context: StepContext) -> list[dict[str, Any]]:
    """Every migration of this version is complete; SQLite's foreign keys hold (the other databases enforce them)."""
    from enghub.upgrade.gateways.databases import evidence  # noqa: PLC0415

    if not _asked(context, INTEGRITY):
        return []
    with context.databases.reader(120) as session:
        problems = list(evidence.unfinished_migrations(session.connection, context.facts.version))
        if session.dialect is Dialect.SQLITE:
            problems += evidence.broken_references(session.connection)
    return [_outcome(INTEGRITY, not problems, "; ".join(problems) or "migrations complete, references hold")]


def _comparisons(context: StepContext) -> list[dict[str, Any]]:
    outcomes = []
    for comparison in read.read_list(context.parameters, "comparisons", Comparison):
        try:
            with context.databases.reader(120) as session:
                left = _measured(comparison, comparison.left, session)
                right = _measured(comparison, comparison.right, session) if comparison.right else comparison.value
        except WorkFailed as failure:
            if failure.retryable:
                raise
            outcomes.append(_outcome(comparison.name, False, failure.text.en))
            continue
        outcomes.append(_outcome(comparison.name, _equal(left, right), f"{left} against {right}"))
    return outcomes


def _measured(comparison: Comparison, measure: Measure, session: "ReadSession") -> Any:
    query = _query(comparison, measure)
    refuse_unsafe(comparison.name, measure.where, query, session)
    return session.scalar(query)


def _equal(left: Any, right: Any) -> bool:
    """Compare figures by their value: 10, 10.00 and "10" are one."""
    try:
        return Decimal(str(left)) == Decimal(str(right))
    except InvalidOperation:
        return str(left) == str(right)


def _query(comparison: Comparison, measure: Measure) -> Any:
    schema, _, name = measure.table.rpartition(".")
    column: Any = sa.column(measure.column) if measure.column else sa.literal_column("*")
    table = sa.table(name, schema=schema or None)
    what = sa.func.count(column) if comparison.measure == "count" else sa.func.coalesce(sa.func.sum(column), 0)
    where: list[Any] = [sa.literal_column(f"({measure.where})")] if measure.where else []
    return sa.select(what).select_from(table).where(*where)


def _business(context: StepContext) -> list[dict[str, Any]]:
    rules = read.read_list(context.parameters, "business_checks", CheckRule)
    if not rules:
        return [_outcome(BUSINESS, True, "no business_checks are declared")] if _asked(context, BUSINESS) else []
    outcomes = []
    for rule in rules:
        if not applies(rule, context):
            outcomes.append(_outcome(rule.name or rule.id, True, f"not for these versions, only {rule.versions}"))
            continue
        count = count_of(rule, context)
        passed = count <= rule.threshold or rule.severity == "warn"
        advice = f": {rule.advice}" if rule.advice and count > rule.threshold else ""
        outcomes.append(_outcome(rule.name or rule.id, passed, f"{count} rows, {rule.threshold} allowed{advice}"))
    return outcomes
