"""Quality feedback by rule: Pareto, ties, minimum evidence, days, changes before a rise (PLM-16, PF17, PF18)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.kit.expressions.errors import ExpressionRefused
from enghub.plm.feedback.analysis import DesignRule, InForce, findings, improvement, pareto, priority, weekly
from enghub.plm.feedback.errors import RuleNoAnswer, SuggestionDecided
from enghub.plm.feedback.model import (
    FeedbackRules,
    Finding,
    Findings,
    Priority,
    Source,
    Suggestion,
    SuggestionStatus,
    Tally,
)

DAY = date(2026, 3, 31)
RULES = FeedbackRules("acme", design_rule="true", trend_weeks=7)


def tallies(*counts: tuple[int, str, int], operation: str = "OP10") -> list[Tally]:
    """(days before DAY, cause, reports), a piece each."""
    return [
        Tally("CAR", DAY - timedelta(days=back), Source.PRODUCTION, (cause,), operation, n, Decimal(n))
        for back, cause, n in counts
    ]


def said(found: list[Tally], *changes: InForce, rules: FeedbackRules = RULES) -> Findings:
    return findings("CAR", found, lambda: changes, DesignRule.of(rules), DAY)


def test_both_of_a_tie_are_on_top_and_shares_are_of_all() -> None:
    found = pareto(tallies((3, "rust", 3), (2, "dent", 7), (1, "burr", 5), (1, "nick", 4), (9, "nick", 3)))
    assert [(one.cause, one.issues) for one in found] == [("dent", 7), ("nick", 7), ("burr", 5), ("rust", 3)]
    assert [str(one.cumulated) for one in found] == ["0.3182", "0.6364", "0.8636", "1.0000"]
    assert said(tallies((2, "dent", 7), (1, "nick", 7), (1, "burr", 5))).top == ("dent", "nick")


@given(st.lists(st.tuples(st.integers(1, 30), st.sampled_from("abcde"), st.integers(1, 50)), min_size=1))
def test_shares_add_up_and_fall(counts: list[tuple[int, str, int]]) -> None:
    found = pareto(tallies(*counts))
    assert sum(one.issues for one in found) == sum(n for _, _, n in counts)
    assert all(one.issues >= after.issues for one, after in pairwise(found))
    assert found[-1].cumulated == 1


def test_a_report_of_two_causes_is_two_issues_and_its_pieces_count_once() -> None:
    finding = Finding("CAR", DAY - timedelta(days=1), Source.PRODUCTION, ("dent", "nick"), Decimal(5))
    found = said([replace(finding.tally(), reports=3, pieces=Decimal(15))])
    assert (found.issues, int(found.pieces)) == (6, 15)
    assert [(one.cause, one.issues, int(one.pieces)) for one in found.pareto] == [("dent", 3, 15), ("nick", 3, 15)]


def test_thirty_calendar_days_that_are_over() -> None:
    found = said(tallies((0, "today", 9), (1, "a", 1), (30, "b", 1), (31, "c", 1)))
    assert {one.cause for one in found.pareto} == {"a", "b"}
    assert (found.first_day, found.issues) == (date(2026, 3, 1), 2)


def test_only_design_related_issues_count_and_the_others_are_said() -> None:
    rules = replace(RULES, design_rule='startsWith(cause, "D-") and operation == "OP10"')
    found = said(tallies((1, "D-gap", 4), (1, "scratch", 90)), rules=rules)
    assert (found.issues, found.others, found.top, found.trend) == (4, 90, ("D-gap",), None)
    assert said(tallies((1, "D-gap", 4), operation="OP20"), rules=rules).issues == 0


def test_a_rule_that_cannot_be_asked_is_refused_and_one_that_fails_on_a_cause_names_it() -> None:
    with pytest.raises(ExpressionRefused):
        DesignRule.of(replace(RULES, design_rule="rand(2) == 1"))
    with pytest.raises(RuleNoAnswer):
        DesignRule.of(replace(RULES, design_rule="cause"))
    rule = DesignRule.of(replace(RULES, design_rule='cause == "BURR" ? true : cause + 1 > 2'))
    assert rule.part_of(tallies((1, "dent", 3))[0]).causes == ()
    assert [name.split(":")[0] for name in rule.failures] == ["PRODUCTION dent OP10"]


def test_weeks_are_whole_and_end_the_day_before() -> None:
    counts = weekly(tallies((1, "a", 1), (7, "a", 2), (8, "a", 3), (49, "a", 4), (50, "a", 5), (0, "a", 6)), DAY, 7)
    assert counts == (4, 0, 0, 0, 0, 3, 3)


def series(*weeks: int) -> list[Tally]:
    return tallies(*((7 * (len(weeks) - place) - 3, "nick", n) for place, n in enumerate(weeks)))


def test_a_trend_is_shown_by_its_exact_probability() -> None:
    found = said(series(1, 3, 3, 3, 3, 4, 4))
    assert found.trend is not None
    assert (found.trend.weeks, found.trend.s, found.trend.is_rising) == ((1, 3, 3, 3, 3, 4, 4), 14, True)
    assert (str(found.trend.z), str(found.trend.p), str(found.trend.exact_p)) == ("2.2079", "0.0272", "0.0190")
    assert priority(found, RULES) is Priority.HIGH
    assert said(series(9, 9, 9, 9, 9, 9, 9)).trend.is_rising is False  # type: ignore[union-attr]


CHANGE = InForce("ECN-7", "FKM ring", "RING", date(2026, 3, 1))


def test_nine_after_three_is_not_called_a_rise_and_fifteen_after_two_is() -> None:
    (weak,) = said(tallies((35, "nick", 3), (10, "nick", 9)), CHANGE).rises
    assert (weak.before, weak.after, str(weak.p), weak.is_shown) == (3, 9, "0.1460", False)
    rules = replace(RULES, cost_per_piece=Decimal("2.50"))
    found = said(tallies((35, "nick", 2), (10, "nick", 15)), CHANGE, rules=rules)
    (sure,) = found.rises
    assert (sure.is_shown, str(sure.excess_pieces), str(sure.cost), sure.part) == (True, "13.0000", "32.50", "RING")
    english, chinese = improvement(found)
    assert "ECN-7 (FKM ring) came into force on 2026-03-01: 2/30 d, 15/30 d" in english
    assert "ECN-7" in chinese


def test_each_further_change_makes_a_find_less_sure() -> None:
    counts = tallies((35, "nick", 3), (10, "nick", 12))
    (alone,) = said(counts, CHANGE).rises
    several = [replace(CHANGE, ecn_number=f"ECN-{n}") for n in (7, 8, 9)]
    assert alone.is_shown
    assert not any(one.is_shown for one in said(counts, *several).rises)
    assert [one.ecn_number for one in said(counts, *several).rises] == ["ECN-7", "ECN-8", "ECN-9"]


def test_a_change_of_yesterday_and_one_long_ago_are_not_judged() -> None:
    young, old = (replace(CHANGE, in_force_from=DAY - timedelta(days=back)) for back in (6, 61))
    assert said(tallies((3, "nick", 50)), young, old).rises == ()


@pytest.mark.parametrize(
    ("zone", "after", "at"),
    [
        ("Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-03-29T01:00", "2026-03-30T00:00"),
        ("Europe/Berlin", "2026-10-24T12:00", "2026-10-25T00:00"),
        ("Europe/Berlin", "2026-10-25T00:00", "2026-10-26T01:00"),
        ("Asia/Shanghai", "2026-03-28T12:00", "2026-03-28T18:00"),
        ("America/Sao_Paulo", "2026-03-28T05:00", "2026-03-29T05:00"),
    ],
    ids=["no 02:00 that night", "next night", "02:00 twice: the first", "and not again", "China", "exactly at it"],
)
def test_once_at_two_also_in_the_nights_when_clocks_change(zone: str, after: str, at: str) -> None:
    told = datetime.fromisoformat(after).replace(tzinfo=UTC)
    day, found = replace(RULES, zone=zone).next_run(told)
    assert found == datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert day == replace(RULES, zone=zone).today(found)


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"]), st.integers(1, 900)
)
def test_every_day_has_exactly_one_run(zone: str, first: int) -> None:
    rules, at = replace(RULES, zone=zone), datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=first)
    days = []
    for _ in range(40):
        day, at = rules.next_run(at)
        days.append(day)
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))


def a_suggestion(found: Findings, **fields: object) -> Suggestion:
    made = Suggestion(
        "acme", "s-1", "CAR", "", DAY, datetime(2026, 3, 31, tzinfo=UTC), found, "", "", Priority.LOW, last_seen_on=DAY
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def test_an_open_suggestion_is_confirmed_until_something_new_is_seen() -> None:
    found = said(tallies((1, "dent", 5)))
    one = a_suggestion(found)
    assert one.is_confirmed_by(found, Priority.LOW)
    assert not one.is_confirmed_by(said(tallies((1, "dent", 5), (1, "nick", 5))), Priority.LOW), "another top"
    assert not one.is_confirmed_by(found, Priority.HIGH), "more urgent"
    assert not a_suggestion(found, status=SuggestionStatus.DECLINED).is_confirmed_by(found, Priority.LOW)
    assert one.seen_again(found) is one, "the same day says nothing new"
    assert one.seen_again(replace(found, day=DAY + timedelta(days=1))).times_seen == 2


def test_what_was_declined_stays_so_and_what_was_accepted_may_be_done() -> None:
    one = a_suggestion(said(tallies((1, "dent", 5)))).decided(SuggestionStatus.ACCEPTED, "yes")
    assert one.decided(SuggestionStatus.DONE, "rev B").status is SuggestionStatus.DONE
    with pytest.raises(SuggestionDecided):
        one.decided(SuggestionStatus.DECLINED, "no")
