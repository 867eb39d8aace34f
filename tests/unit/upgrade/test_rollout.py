"""The rules of a roll-out: every site once, canaries first, never more than a wave at once, the stop rule (UPG-11)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.upgrade.executions.model import OnFailure
from enghub.upgrade.executions.step import Problem
from enghub.upgrade.rollouts.errors import RolloutNotPossible
from enghub.upgrade.rollouts.model import (
    Rollout,
    RolloutStatus,
    SiteRow,
    SiteStatus,
    Tally,
    Verdict,
    judge,
    plan_rows,
    tally,
)
from tests.factories.upgrade import NOW, TENANT

SITES = st.lists(st.sampled_from([f"S{n}" for n in range(30)]), min_size=1, max_size=60)
BROKEN = Problem("broken", "故障")


def a_rollout(**changes: Any) -> Rollout:
    made = Rollout(
        tenant_id=TENANT,
        rollout_id="R",
        name="fleet",
        target_version="2.16.5",
        environment="test",
        wave_size=2,
        max_failure_rate=0.2,
        pause_seconds=60,
        requires_confirmation=False,
        on_failure=OnFailure.STOP,
        sites=4,
        waves=2,
        canary_waves=0,
        created_by="ada",
        created_at=NOW,
    )
    return replace(made, **changes)


def a_tally(total: int, failed: int = 0, *, pending: int = 0, skipped: int = 0) -> Tally:
    done = total - failed - pending - skipped
    return Tally(total, pending, 0, done, failed, skipped, tuple(f"S{n}" for n in range(failed)))


@given(SITES, st.integers(1, 50), st.data())
def test_every_site_comes_once_canaries_first_in_bounded_waves(
    names: list[str], size: int, data: st.DataObject
) -> None:
    canaries = data.draw(st.sets(st.sampled_from(names)))
    rows = plan_rows("R", names, canaries, size)
    assert sorted(row.site_id for row in rows) == sorted(set(names))
    assert [row.wave for row in rows] == sorted(row.wave for row in rows)
    waves = {row.wave: [r for r in rows if r.wave == row.wave] for row in rows}
    assert sorted(waves) == list(range(1, len(waves) + 1))
    assert all(len(found) <= size and len({row.canary for row in found}) == 1 for found in waves.values())
    assert [row.canary for row in rows] == sorted((row.canary for row in rows), reverse=True)
    assert {row.site_id for row in rows if row.canary} == canaries


@given(st.integers(1, 50), st.data())
def test_a_wave_stops_exactly_when_its_failed_share_is_above_the_limit(total: int, data: st.DataObject) -> None:
    skipped = data.draw(st.integers(0, total - 1))
    failed = data.draw(st.integers(0, total - skipped))
    percent = data.draw(st.integers(0, 100))
    found = a_tally(total, failed, skipped=skipped)
    above = failed * 100 > percent * (total - skipped)
    assert (judge(found, canary=False, max_failure_rate=percent / 100) is Verdict.STOP) is above


@given(st.lists(st.sampled_from(SiteStatus), min_size=1, max_size=50), st.floats(0, 1))
def test_a_stop_is_never_taken_back_by_what_the_wave_still_does(statuses: list[SiteStatus], limit: float) -> None:
    rows = [SiteRow("R", f"S{n}", 1, False, status, attempt=1) for n, status in enumerate(statuses)]
    open_ones = {SiteStatus.PENDING, SiteStatus.RUNNING}
    for end in (SiteStatus.SUCCEEDED, SiteStatus.FAILED, SiteStatus.SKIPPED):
        ended = [replace(row, status=end) if row.status in open_ones else row for row in rows]
        if judge(tally(rows, 1), canary=False, max_failure_rate=limit) is Verdict.STOP:
            assert judge(tally(ended, 1), canary=False, max_failure_rate=limit) is Verdict.STOP


@pytest.mark.parametrize(
    ("found", "canary", "verdict"),
    [
        (a_tally(5, 1), False, Verdict.COMPLETE),
        (a_tally(5, 2), False, Verdict.STOP),
        (a_tally(5, 1, pending=4), False, Verdict.GO_ON),
        (a_tally(5, 2, pending=3), False, Verdict.STOP),
        (a_tally(5, 1, pending=4), True, Verdict.STOP),
        (a_tally(5, 0), True, Verdict.COMPLETE),
        (a_tally(5, 0, skipped=5), False, Verdict.COMPLETE),
    ],
)
def test_the_verdict_at_a_limit_of_a_fifth(found: Tally, canary: bool, verdict: Verdict) -> None:
    assert judge(found, canary=canary, max_failure_rate=0.2) is verdict


def test_what_failed_is_due_again_in_the_next_attempt_only() -> None:
    row = SiteRow("R", "S", 1, False).failed(BROKEN, 1, NOW)
    assert (row.is_due(1), row.is_due(2)) == (False, True)
    assert (tally([row], 1).failed, tally([row], 2).pending) == (1, 1)


def test_a_completed_wave_leads_to_the_next_after_the_pause_then_to_the_end() -> None:
    second = a_rollout().wave_completed(NOW)
    assert (second.wave, second.status, second.wait_seconds(NOW)) == (2, RolloutStatus.RUNNING, 60)
    assert second.wait_seconds(NOW + timedelta(minutes=2)) == 0
    assert second.wave_completed(NOW).status is RolloutStatus.SUCCEEDED
    assert a_rollout(requires_confirmation=True).wave_completed(NOW).status is RolloutStatus.WAITING


def test_a_resume_after_a_stop_is_a_new_attempt_after_a_pause_it_is_not() -> None:
    assert a_rollout().stop(BROKEN, NOW).resume().attempt == 2
    again = a_rollout().pause().resume()
    assert (again.attempt, again.run, again.status) == (1, 2, RolloutStatus.RUNNING)


@pytest.mark.parametrize("status", [RolloutStatus.SUCCEEDED, RolloutStatus.ABORTED])
def test_what_is_over_stays_so(status: RolloutStatus) -> None:
    over = a_rollout(status=status)
    for action in (over.pause, over.resume, over.confirm, lambda: over.abort(NOW)):
        with pytest.raises(RolloutNotPossible):
            action()
