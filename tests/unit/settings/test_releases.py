"""What a measurement means for a gray release, and what that does to its flag (CFG-10)."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from enghub.kit.metrics.model import Verdict
from enghub.settings.flags.model import Environment, FlagSet
from enghub.settings.releases.model import (
    Condition,
    Decision,
    GrayRelease,
    Group,
    Measurement,
    Plan,
    Status,
    Step,
    Strategy,
    Why,
    applied,
    compare,
    decide,
    is_as_left,
    opened,
    restored,
)
from enghub_flags.evaluation import compiled
from tests.factories.flags import a_flag

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
GOOD = Measurement(Group(1000, 10, 120.0), Group(9000, 90, 118.0))
CALM = Measurement()


def a_release(**fields: Any) -> GrayRelease:
    usual: dict[str, Any] = {
        "at": FlagSet("acme", Environment.PROD),
        "release_id": "r-1",
        "release_name": "New screen",
        "feature_key": "new-ui",
        "strategy": Strategy.PERCENTAGE,
        "plan": Plan(target=20_000, step=5_000, interval=3600, look=60),
        "condition": Condition(error_rate=0.05, response_time=5000, minimum_requests=100),
        "metrics": "{}",
        "auto_rollback": True,
        "status": Status.ACTIVE,
        "current": 5_000,
        "begun_at": NOW,
        "grown_at": NOW,
    }
    return GrayRelease(**{**usual, **fields})


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("measured", "verdict", "step", "why"),
    [
        (GOOD, Verdict.PASS, Step.GROW, Why.NONE),
        (Measurement(Group(1000, 51, 1.0)), Verdict.FAIL, Step.ROLL_BACK, Why.ERROR_RATE),
        (Measurement(Group(1000, 50, 1.0)), Verdict.PASS, Step.GROW, Why.NONE),
        (Measurement(Group(1000, 0, 5001.0)), Verdict.FAIL, Step.ROLL_BACK, Why.RESPONSE_TIME),
        (Measurement(Group(99, 99)), Verdict.INCONCLUSIVE, Step.HOLD, Why.TOO_FEW_REQUESTS),
        (CALM, Verdict.INCONCLUSIVE, Step.HOLD, Why.TOO_FEW_REQUESTS),
        (Measurement(Group(1000, 0, None)), Verdict.INCONCLUSIVE, Step.HOLD, Why.TOO_FEW_REQUESTS),
        (Measurement(failure="refused"), Verdict.ERROR, Step.HOLD, Why.METRICS_UNREADABLE),
    ],
)
def test_the_four_verdicts_are_never_mixed(measured: Measurement, verdict: Verdict, step: Step, why: Why) -> None:
    found = decide(a_release(), measured, after(61))
    assert (found.verdict, found.step, found.why) == (verdict, step, why)


def test_a_breach_counts_at_once_and_also_at_the_target() -> None:
    bad = Measurement(Group(1000, 900, 1.0))
    assert decide(a_release(), bad, after(1)).step is Step.ROLL_BACK
    assert decide(a_release(current=20_000), bad, after(999)).step is Step.ROLL_BACK
    assert decide(a_release(auto_rollback=False), bad, after(1)).step is Step.PAUSE


def test_it_grows_by_its_steps_to_its_target_and_holds_there() -> None:
    release, at = a_release(), NOW
    shares = []
    for _ in range(6):
        at += timedelta(hours=1)
        decision = decide(release, GOOD, at)
        release = applied(release, decision, at)
        shares.append((decision.step, release.current))
    assert shares[:3] == [(Step.GROW, 10_000), (Step.GROW, 15_000), (Step.GROW, 20_000)]
    assert set(shares[3:]) == {(Step.HOLD, 20_000)}
    assert (release.status, release.why) == (Status.ACTIVE, Why.AT_TARGET)
    whole = a_release(plan=Plan(100_000, 50_000, 3600, 60), current=100_000)
    assert decide(whole, GOOD, after(1)).step is Step.COMPLETE


def test_between_two_steps_it_looks_and_holds() -> None:
    assert decide(a_release(), GOOD, after(59)) == Decision(Step.HOLD, Verdict.PASS, Why.NOT_YET, 5_000)


def test_nobody_in_yet_is_nothing_to_judge() -> None:
    assert decide(a_release(current=0, grown_at=None), CALM, NOW).step is Step.GROW


def test_the_end_comes_before_the_target() -> None:
    release = a_release(end_time=after(30))
    assert decide(release, GOOD, after(30)) == Decision(Step.PAUSE, Verdict.PASS, Why.DEADLINE, 5_000)
    assert decide(replace(release, current=20_000), GOOD, after(30)).step is Step.HOLD


MEASURED = st.builds(
    Measurement,
    st.builds(Group, st.integers(0, 500), st.integers(0, 500), st.none() | st.floats(0, 10_000)),
    failure=st.sampled_from(["", "", "", "away"]),
)


@given(st.lists(st.tuples(MEASURED, st.integers(1, 5000)), max_size=25), st.booleans())
def test_whatever_is_measured_it_never_grows_blind_nor_beyond_its_target(
    looks: list[tuple[Measurement, int]], auto_rollback: bool
) -> None:
    release, at = a_release(current=0, grown_at=None, auto_rollback=auto_rollback), NOW
    for measured, seconds in looks:
        if release.status is not Status.ACTIVE:
            break
        at += timedelta(seconds=seconds)
        before, decision = release, decide(release, measured, at)
        release = applied(before, decision, at)
        if release.current > before.current and before.grown_at is not None:
            assert decision.verdict is Verdict.PASS
            assert measured.treatment.requests >= 100
            assert at - before.grown_at >= timedelta(hours=1)
        if release.status is Status.CANCELLED:
            assert decision.verdict is Verdict.FAIL
            assert release.current == release.start
        assert release.current <= release.plan.target
        assert release.turn == before.turn + 1


# --- its flag ---


def who_is_in(flag: Any, **context: Any) -> set[str]:
    ruleset = compiled([flag])
    users = [f"u-{number}" for number in range(400)]
    return {user for user in users if ruleset.evaluate("new-ui", {"targetingKey": user, **context}).value}


def test_growing_going_back_and_starting_again_keep_who_was_in() -> None:
    flag = a_flag(fallthrough={"variant": "on", "percentage": 2})
    release = a_release(start=2_000, current=2_000)
    few, more = opened(release, flag, 7_000), opened(release, flag, 20_000)
    assert who_is_in(flag) <= who_is_in(few) < who_is_in(more)
    back = restored(more, flag)
    assert back == flag
    again = opened(a_release(release_id="r-2"), back, 7_000)
    assert who_is_in(again) == who_is_in(few)


def test_a_flag_that_is_off_or_closed_is_opened_to_the_share_alone() -> None:
    closed: list[dict[str, Any]] = [{"isEnabled": False}, {"fallthrough": {"variant": "off"}}]
    for fields in closed:
        assert 0 < len(who_is_in(opened(a_release(), a_flag(**fields), 5_000))) < 60
    rules = [{"ruleId": "r", "clauses": [], "serve": {"variant": "on"}}]
    kept = opened(a_release(), a_flag(rules=rules, fallthrough={"variant": "off"}), 5_000)
    assert [rule.rule_id for rule in kept.rules] == ["r"]


def test_a_list_comes_in_from_its_beginning() -> None:
    release = a_release(strategy=Strategy.USER_LIST, subjects=tuple(f"u-{number}" for number in range(10)))
    flag = a_flag(targets=[{"variant": "on", "users": ["u-9", "u-77"]}], fallthrough={"variant": "off"})
    assert who_is_in(opened(release, flag, 30_000)) == {"u-0", "u-1", "u-2", "u-77"}
    tenants = a_release(strategy=Strategy.TENANT_LIST, subjects=("acme", "globex"))
    half = opened(tenants, a_flag(isEnabled=False), 50_000)
    assert len(who_is_in(half, tenantId="acme")) == 400
    assert not who_is_in(half, tenantId="globex")


def test_a_share_set_by_hand_is_seen() -> None:
    release = a_release()
    left = opened(release, a_flag(isEnabled=False), 5_000)
    assert is_as_left(release, left)
    assert not is_as_left(release, opened(release, left, 50_000))
    assert not is_as_left(release, replace(left, is_enabled=False))


# --- comparing ---


def test_too_little_is_not_compared() -> None:
    for measured in (CALM, Measurement(Group(99, 1), Group(9000, 90)), Measurement(Group(200, 0), Group(200, 1))):
        assert compare(measured, 100).verdict == "NOT_ENOUGH_DATA"
        assert compare(measured, 100).p_value is None


@given(st.integers(500, 5000), st.integers(500, 5000), st.floats(0.05, 0.5), st.floats(0.05, 0.5))
def test_two_groups_are_compared_as_statistics_do(one: int, other: int, rate: float, rate_of_other: float) -> None:
    treatment, control = Group(one, int(one * rate)), Group(other, int(other * rate_of_other))
    found = compare(Measurement(treatment, control), 100)
    pooled = (treatment.errors + control.errors) / (one + other)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / one + 1 / other))
    z = (treatment.errors / one - control.errors / other) / spread
    assert found.p_value == pytest.approx(2 * norm.sf(abs(z)), rel=1e-6, abs=1e-12)
    worse = found.p_value is not None and found.p_value < 0.05 and z > 0
    assert (found.verdict == "WORSE") is worse
