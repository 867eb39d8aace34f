"""The business check: counts the rows that would not survive the upgrade, and says what to do about them (UPG-14)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from enghub.core.i18n import Text
from enghub.core.lazy import lazy
from enghub.kit.databases.errors import DatabaseUnreachable
from enghub.kit.sql.gate import rendered, why_no_condition, why_refused
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.check_rules import CheckRule
from enghub.upgrade.steps.tries import TRIES
from enghub.upgrade.versions import Version

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enghub.kit.databases.session import ReadSession
else:
    sa = lazy("sqlalchemy")

BLOCKED = Text("The business check found what blocks the upgrade: {findings}", "前置业务检查未通过：{findings}")
SQL_FAILED = Text("Check {rule} could not run: {error}", "检查项 {rule} 执行失败：{error}")
UNREACHABLE = Text(
    "The site's database did not answer three times ({error}): bring it back, then resume",
    "局点数据库连续三次无响应（{error}）：请恢复数据库后继续",
)
NOT_READ_ONLY = Text(
    "Check {rule} is refused: its SQL is not one plain SELECT ({why})",
    "检查项 {rule} 被拒绝：SQL 不是单条只读查询（{why}）",
)
NO_COUNT = Text(
    "Check {rule} must return one number, it returned {found}", "检查项 {rule} 必须返回一个数字，实际为 {found}"
)

COUNT_SECONDS = 10
ESTIMATE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one rule: pass, warning, fail or skipped."""

    id: str
    name: str
    outcome: str
    count: int | None
    threshold: int
    severity: str
    advice: str


class BusinessCheck(BaseStep):
    """Runs declared read-only SQL and ready-made rules against thresholds."""

    takes: ClassVar[Takes] = frozenset({"checks"})
    rehearsable: ClassVar[bool] = True
    transactions: ClassVar[bool] = False
    summary: ClassVar[str] = "Read-only data checks with thresholds; parameter `checks`"
    writes: ClassVar[bool] = False

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = read.problems(parameters, "checks", CheckRule)
        if found:
            return found
        return read.repeated([rule.id for rule in read.read_list(parameters, "checks", CheckRule)], "checks")

    def estimate(self, parameters: Mapping[str, Any]) -> int | None:
        """Return two minutes (source document, section 14.3)."""
        return ESTIMATE_SECONDS if parameters.get("checks") else None

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Run rule after rule; the cursor holds what they found. A resumed execution asks the data all over again."""
        rules = read.read_list(context.parameters, "checks", CheckRule)
        run = context.facts.run
        findings: list[dict[str, Any]] = list(cursor.get("findings", [])) if cursor.get("run") == run else []
        for rule in rules[len(findings) :]:
            finding = _run_rule(rule, context)
            context.log(*_line(finding))
            findings.append(asdict(finding))
            context.point("check")
            if context.budget.spent and len(findings) < len(rules):
                return more({"findings": findings, "run": run}, Progress(len(findings), len(rules), "checks"))
        return _conclude(findings, _extent(rules, findings, context))


def _line(finding: Finding) -> tuple[str, str]:
    """Return level and text of the log: what was found, what is allowed, what to do."""
    said = f"check {finding.id}: {finding.outcome}, count {finding.count}"
    if finding.outcome in ("pass", "skipped"):
        return "info", said
    advice = f": {finding.advice}" if finding.advice else ""
    return ("error" if finding.outcome == "fail" else "warning"), f"{said}, {finding.threshold} allowed{advice}"


def _extent(rules: tuple[CheckRule, ...], findings: list[dict[str, Any]], context: StepContext) -> dict[str, Any]:
    """Return how much was looked at (source document, section 14.3); `totalRecords` is None where counting fails."""
    ran = [rule for rule, finding in zip(rules, findings, strict=True) if finding["outcome"] != "skipped"]
    tables = sorted({rule.table for rule in ran if rule.table})
    totals = [_rows_of(table, context) for table in tables]
    return {
        "checkedTables": tables,
        "totalRecords": None if None in totals else sum(total or 0 for total in totals),
        "errorRecords": sum(finding["count"] or 0 for finding in findings),
    }


def _rows_of(table: str, context: StepContext) -> int | None:
    schema, _, name = table.rpartition(".")
    query = sa.select(sa.func.count()).select_from(sa.table(name, schema=schema or None))
    try:
        with context.databases.reader(COUNT_SECONDS) as session:
            return int(session.scalar(query))
    except (WorkFailed, DatabaseUnreachable) as failure:
        context.log("info", f"the rows of {table} are not counted: {failure}")
        return None


def _conclude(findings: list[dict[str, Any]], extent: dict[str, Any]) -> Slice:
    outcomes = [finding["outcome"] for finding in findings]
    worst = next((name for name in ("fail", "warning") if name in outcomes), "pass")
    result = {"outcome": worst, "checks": findings, **extent}
    if worst == "fail":
        texts = [
            f"{f['name'] or f['id']}: {f['count']} > {f['threshold']}" + (f" ({f['advice']})" if f["advice"] else "")
            for f in findings
            if f["outcome"] == "fail"
        ]
        raise WorkFailed(BLOCKED, result=result, findings="; ".join(texts))
    return done(result, Progress(len(findings), len(findings), "checks"))


def _run_rule(rule: CheckRule, context: StepContext) -> Finding:
    if not applies(rule, context):
        return _finding(rule, "skipped", None)
    count = count_of(rule, context)
    if count <= rule.threshold:
        return _finding(rule, "pass", count)
    return _finding(rule, "fail" if rule.severity == "block" else "warning", count)


def applies(rule: CheckRule, context: StepContext) -> bool:
    """Tell whether a rule is for this upgrade; the log says of one that is not."""
    facts = context.facts
    if rule.applies(Version.parse(facts.source_version), Version.parse(facts.target_version)):
        return True
    context.log("info", f"check {rule.id} is for versions {rule.versions}: skipped")
    return False


def count_of(rule: CheckRule, context: StepContext) -> int:
    """Return how many rows break a rule.

    Raises:
        WorkFailed: the SQL is refused, fails, takes too long or returns no number; final when the database did not
            answer three times (source document, chapter 1).
    """
    found = _ask(rule, context)
    try:
        return int(found)
    except (TypeError, ValueError) as error:
        raise WorkFailed(NO_COUNT, rule=rule.id, found=repr(found)[:80]) from error


def _ask(rule: CheckRule, context: StepContext, tries: int = TRIES) -> Any:
    """Return what the database answers; one that breaks off is asked again, one that never let us in is not."""
    from enghub.kit.databases.failures import refused_as  # noqa: PLC0415

    inside = False
    try:
        with context.databases.reader(rule.timeout_seconds) as session, refused_as(SQL_FAILED, rule=rule.id):
            inside = True
            query = rule.query(session.dialect)
            refuse_unsafe(rule.id, rule.where, query, session)
            return session.scalar(query)
    except DatabaseUnreachable as away:
        if inside and tries > 1:
            context.log("warning", f"check {rule.id}: the connection broke ({away}), it is asked again")
            return _ask(rule, context, tries - 1)
        raise WorkFailed(UNREACHABLE, error=str(away)) from away


def refuse_unsafe(name: str, where: str | None, query: Any, session: "ReadSession") -> None:
    """Refuse a query that a manifest made, as a whole and its condition alone, before it is sent.

    Raises:
        WorkFailed: it is not one plain query of functions that compute.
    """
    why = None if where is None else why_no_condition(where, session.dialect)
    why = why or why_refused(rendered(query, session.connection), session.dialect)
    if why is not None:
        raise WorkFailed(NOT_READ_ONLY, rule=name, why=why)


def _finding(rule: CheckRule, outcome: str, count: int | None) -> Finding:
    return Finding(rule.id, rule.name, outcome, count, rule.threshold, rule.severity, rule.advice)
