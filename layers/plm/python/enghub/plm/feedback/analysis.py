"""From counts to a suggestion: Pareto, trend, which change preceded a rise, priority, words (PLM-16). Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from enghub.kit.expressions.compiled import Expression
from enghub.kit.expressions.errors import ExpressionFailed
from enghub.kit.statistics.trends import compared, mann_kendall
from enghub.plm.feedback.errors import RuleNoAnswer
from enghub.plm.feedback.model import (
    CauseShare,
    FeedbackRules,
    Findings,
    Priority,
    RiseSaid,
    Source,
    Tally,
    TrendSaid,
)

FEWEST_DAYS_AFTER = 7
"""A change that came into force later than this is not judged yet."""
MOST_UNJUDGED = 20
MOST_CAUSES, MOST_CHANGES = 100, 50
"""Shown of a product; shares are of all."""
_SAMPLE = {"source": Source.PRODUCTION.value, "cause": "BURR", "operation": "OP10"}


@dataclass(frozen=True, slots=True)
class InForce:
    """A change that touches a product, by the part of it that the notice names."""

    ecn_number: str
    title: str
    part: str
    in_force_from: date


@dataclass(slots=True)
class DesignRule:
    """Says which issues are design-related; what it fails on is not, and is named."""

    rules: FeedbackRules
    expression: Expression
    failures: dict[str, None] = field(default_factory=dict)
    _known: dict[tuple[str, str, str], bool] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: FeedbackRules) -> "DesignRule":
        """Compile the rule, and try it.

        Raises:
            ExpressionRefused, ExpressionFailed, RuleNoAnswer
        """
        expression = Expression.of(rules.design_rule, "designRule")
        answer = expression.value(_SAMPLE)
        if not isinstance(answer, bool):
            raise RuleNoAnswer(field="designRule", expression=rules.design_rule, answer=answer)
        return cls(rules, expression)

    def part_of(self, tally: Tally) -> Tally:
        """Return a tally with its design-related causes alone."""
        return replace(tally, causes=tuple(cause for cause in tally.causes if self._holds(tally, cause)))

    def _holds(self, tally: Tally, cause: str) -> bool:
        place = (tally.source.value, cause, tally.operation)
        if place not in self._known:
            self._known[place] = self._asked(*place)
        return self._known[place]

    def _asked(self, source: str, cause: str, operation: str) -> bool:
        try:
            return self.expression.value({"source": source, "cause": cause, "operation": operation}) is True
        except ExpressionFailed as error:
            if len(self.failures) < MOST_UNJUDGED:
                self.failures[f"{source} {cause} {operation}: {error.message('en')}"] = None
            return False


def pareto(tallies: Iterable[Tally]) -> tuple[CauseShare, ...]:
    """Return causes by issues, most first, then by pieces, then by name; shares to four digits of the exact ones."""
    issues: Counter[str] = Counter()
    pieces: dict[str, Decimal] = {}
    for tally in tallies:
        for cause in tally.causes:
            issues[cause] += tally.reports
            pieces[cause] = pieces.get(cause, Decimal(0)) + tally.pieces
    named = [cause for cause in issues if issues[cause] > 0]
    named.sort(key=lambda cause: (-issues[cause], -pieces[cause], cause))
    total, so_far, found = sum(issues[cause] for cause in named), 0, []
    for cause in named:
        so_far += issues[cause]
        shares = (_share(issues[cause], total), _share(so_far, total))
        found.append(CauseShare(cause, issues[cause], pieces[cause], *shares))
    return tuple(found)


def _share(part: int, total: int) -> Decimal:
    return (Decimal(part) / total).quantize(Decimal("0.0001"))


def weekly(tallies: Iterable[Tally], day: date, weeks: int) -> tuple[int, ...]:
    """Return issues of the ``weeks`` whole weeks before ``day``, oldest first."""
    counts = [0] * weeks
    for tally in tallies:
        back = (day - tally.day).days
        if 1 <= back <= 7 * weeks:
            counts[weeks - 1 - (back - 1) // 7] += tally.issues
    return tuple(counts)


def trend(counts: Sequence[int], level: Decimal) -> TrendSaid:
    """Return what the weekly counts say."""
    found = mann_kendall(counts)
    return TrendSaid(
        weeks=tuple(counts),
        s=found.s,
        z=_four(found.z),
        p=_four(found.p),
        exact_p=None if found.exact is None else _four(float(found.exact)),
        is_rising=found.rises(float(level)),
    )


def _four(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal("0.0001"))


def rises(
    tallies: Sequence[Tally], changes: Collection[InForce], rules: FeedbackRules, day: date
) -> tuple[RiseSaid, ...]:
    """Compare issues before and after each change, the surest first; as many days before as are judged after.

    Several changes are several chances to find something: each probability is multiplied by their number (Bonferroni).
    """
    judged = [one for one in changes if FEWEST_DAYS_AFTER <= (day - one.in_force_from).days <= rules.window_days * 2]
    found = [_rise(tallies, change, rules, day, len(judged)) for change in judged]
    found.sort(key=lambda one: (one.p, -one.in_force_from.toordinal(), one.ecn_number))
    return tuple(found[:MOST_CHANGES])


def _rise(tallies: Sequence[Tally], change: InForce, rules: FeedbackRules, day: date, times: int) -> RiseSaid:
    turn = change.in_force_from
    days_after = min((day - turn).days, rules.window_days)
    first, last = turn - timedelta(days=rules.window_days), turn + timedelta(days=days_after)
    before = [tally for tally in tallies if first <= tally.day < turn]
    after = [tally for tally in tallies if turn <= tally.day < last]
    early, late = (max(0, sum(one.issues for one in group)) for group in (before, after))
    said = compared(early, late, rules.window_days, days_after)
    p = min(1.0, said.p * times)
    expected = sum((one.pieces for one in before), Decimal(0)) * days_after / rules.window_days
    excess = max(Decimal(0), sum((one.pieces for one in after), Decimal(0)) - expected).quantize(Decimal("0.0001"))
    is_enough = said.after >= rules.minimum_issues
    return RiseSaid(
        ecn_number=change.ecn_number,
        title=change.title,
        part=change.part,
        in_force_from=turn,
        before=said.before,
        after=said.after,
        days_before=said.days_before,
        days_after=said.days_after,
        p=_four(p),
        ratio=None if said.ratio is None else _four(said.ratio),
        low=_four(said.low),
        high=None if said.high is None else _four(said.high),
        excess_pieces=excess,
        cost=None if rules.cost_per_piece is None else (excess * rules.cost_per_piece).quantize(Decimal("0.01")),
        is_shown=is_enough and said.is_shown(float(rules.level) / times),
    )


def findings(
    product: str,
    tallies: Sequence[Tally],
    changes: Callable[[], Collection[InForce]],
    rule: DesignRule,
    day: date,
) -> Findings:
    """Return what a product's issues say on ``day``; ``changes`` are asked for where there is enough to judge."""
    rules = rule.rules
    first, last = rules.span(day)
    design = [part for tally in tallies if (part := rule.part_of(tally)).causes]
    inside = [tally for tally in design if first <= tally.day <= last]
    count = sum(tally.issues for tally in inside)
    shares, is_enough = pareto(inside), count >= rules.minimum_issues
    tops = {one.cause for one in shares if one.issues == shares[0].issues}
    operations: Counter[str] = Counter()
    for tally in inside:
        if tally.operation:
            operations[tally.operation] += tally.reports * len(tops.intersection(tally.causes))
    return Findings(
        product=product,
        day=day,
        first_day=first,
        issues=count,
        others=sum(tally.issues for tally in tallies if first <= tally.day <= last) - count,
        pieces=sum((tally.pieces for tally in inside), Decimal(0)),
        pareto=shares[:MOST_CAUSES],
        trend=trend(weekly(design, day, rules.trend_weeks), rules.level) if is_enough else None,
        rises=rises(design, changes(), rules, day) if is_enough else (),
        operations=tuple(sorted((+operations).items(), key=lambda one: (-one[1], one[0]))),
    )


def priority(found: Findings, rules: FeedbackRules) -> Priority:
    """Return how urgent: HIGH where a rise or a rising trend is shown, MEDIUM from twice the minimum on."""
    if any(one.is_shown for one in found.rises) or (found.trend is not None and found.trend.is_rising):
        return Priority.HIGH
    return Priority.MEDIUM if found.issues >= 2 * rules.minimum_issues else Priority.LOW


def improvement(found: Findings) -> tuple[str, str]:
    """Return the suggestion in words, English and Chinese: where to look, and what speaks for it."""
    tops = ", ".join(found.top)
    english = [f"Look at {tops}: {found.pareto[0].share:.1%} of {found.issues} design-related issues each."]
    chinese = [f"请关注 {tops}：各占 {found.issues} 个设计相关问题的 {found.pareto[0].share:.1%}。"]
    if found.operations:
        operation, count = found.operations[0]
        english.append(f"{count} of them came up at operation {operation}.")
        chinese.append(f"其中 {count} 个出现在工序 {operation}。")
    shown = next((one for one in found.rises if one.is_shown), None)
    if shown is not None:
        days = f"{shown.before}/{shown.days_before} d, {shown.after}/{shown.days_after} d"
        english.append(f"They rose after {shown.ecn_number} ({shown.title}) came into force on {shown.in_force_from}:")
        english.append(f"{days}, p {shown.p}. Review that change first.")
        chinese.append(
            f"变更 {shown.ecn_number}（{shown.title}）于 {shown.in_force_from} 生效后上升：{days}，p {shown.p}。"
        )
        chinese.append("请先复核该变更。")
    elif found.trend is not None and found.trend.is_rising:
        english.append(f"They rise week by week (p {found.trend.exact_p or found.trend.p}); no change explains it.")
        chinese.append(f"每周呈上升趋势（p {found.trend.exact_p or found.trend.p}），无变更可解释。")
    else:
        english.append("No change and no trend is shown to be behind it.")
        chinese.append("未发现相关变更或趋势。")
    return " ".join(english), "".join(chinese)
