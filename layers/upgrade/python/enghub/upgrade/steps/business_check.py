"""The business check: counts the rows that would not survive the upgrade, and says what to do about them (UPG-14)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from enghub.core.i18n import Text
from enghub.upgrade.sql.lint import is_single_query
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.base import (
    BaseStep,
    Cursor,
    DatabaseUnreachable,
    Progress,
    Slice,
    StepContext,
    StepFailed,
    done,
    more,
)
from enghub.upgrade.steps.check_rules import CheckRule
from enghub.upgrade.versions import Version

BLOCKED = Text("The business check found what blocks the upgrade: {findings}", "前置业务检查未通过：{findings}")
SQL_FAILED = Text("Check {rule} could not run: {error}", "检查项 {rule} 执行失败：{error}")
UNREACHABLE = Text(
    "The site's database did not answer three times ({error}): bring it back, then resume",
    "局点数据库连续三次无响应（{error}）：请恢复数据库后继续",
)
NOT_READ_ONLY = Text(
    "Check {rule} is refused: its SQL is not one plain SELECT", "检查项 {rule} 被拒绝：SQL 不是单条只读查询"
)
NO_COUNT = Text(
    "Check {rule} must return one number, it returned {found}", "检查项 {rule} 必须返回一个数字，实际为 {found}"
)


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

    rehearsable: ClassVar[bool] = True
    transactions: ClassVar[bool] = False
    summary: ClassVar[str] = "Read-only data checks with thresholds; parameter `checks`"
    writes: ClassVar[bool] = False

    def validate(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Step.validate`."""
        found = read.problems(parameters, "checks", CheckRule)
        if found:
            return found
        return read.repeated([rule.id for rule in read.read_list(parameters, "checks", CheckRule)], "checks")

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Run rule after rule; the cursor holds how many are finished and what they found."""
        rules = read.read_list(context.parameters, "checks", CheckRule)
        findings: list[dict[str, Any]] = list(cursor.get("findings", []))
        for rule in rules[len(findings) :]:
            finding = _run_rule(rule, context)
            context.log("info", f"check {rule.id}: {finding.outcome}, count {finding.count}")
            findings.append(asdict(finding))
            context.point("check")
            if context.budget.spent and len(findings) < len(rules):
                return more({"findings": findings}, Progress(len(findings), len(rules), "checks"))
        return _conclude(findings)


def _conclude(findings: list[dict[str, Any]]) -> Slice:
    outcomes = [finding["outcome"] for finding in findings]
    worst = next((name for name in ("fail", "warning") if name in outcomes), "pass")
    result = {"outcome": worst, "checks": findings}
    if worst == "fail":
        texts = [
            f"{f['name'] or f['id']}: {f['count']} > {f['threshold']}" + (f" ({f['advice']})" if f["advice"] else "")
            for f in findings
            if f["outcome"] == "fail"
        ]
        raise StepFailed(BLOCKED, result=result, findings="; ".join(texts))
    return done(result, Progress(len(findings), len(findings), "checks"))


def _run_rule(rule: CheckRule, context: StepContext) -> Finding:
    facts = context.facts
    if not rule.applies(Version.parse(facts.source_version), Version.parse(facts.target_version)):
        context.log("info", f"check {rule.id} is for versions {rule.min_version} to {rule.max_version}: skipped")
        return _finding(rule, "skipped", None)
    count = count_of(rule, context)
    if count <= rule.threshold:
        return _finding(rule, "pass", count)
    return _finding(rule, "fail" if rule.severity == "block" else "warning", count)


def count_of(rule: CheckRule, context: StepContext) -> int:
    """Return how many rows break a rule.

    Raises:
        StepFailed: the SQL is refused, fails, takes too long or returns no number; final when the database did not
            answer three times (source document, chapter 1).
    """
    from sqlalchemy import exc  # noqa: PLC0415

    from enghub.upgrade.gateways.databases.scripts import refusal  # noqa: PLC0415

    try:
        with context.databases.reader(rule.timeout_seconds) as session:
            query = rule.query(session.dialect)
            if isinstance(query, str) and not is_single_query(query, session.dialect):
                raise StepFailed(NOT_READ_ONLY, rule=rule.id)
            found = session.scalar(query)
    except exc.DBAPIError as error:
        raise refusal(SQL_FAILED, error, rule=rule.id) from error
    except DatabaseUnreachable as away:
        raise StepFailed(UNREACHABLE, error=str(away)) from away
    try:
        return int(found)
    except (TypeError, ValueError) as error:
        raise StepFailed(NO_COUNT, rule=rule.id, found=repr(found)[:80]) from error


def _finding(rule: CheckRule, outcome: str, count: int | None) -> Finding:
    return Finding(rule.id, rule.name, outcome, count, rule.threshold, rule.severity, rule.advice)
