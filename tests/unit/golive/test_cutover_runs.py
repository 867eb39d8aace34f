"""A run of a cut-over as a state machine: order, approvals, rollback, nothing twice (OPS-05)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.golive.cutover.errors import PastNoReturn, WrongTaskState
from enghub.golive.cutover.hands import again, done_by_hand, measured, redone, roll_back, skipped
from enghub.golive.cutover.model import LONGEST_ATTEMPT, Moved, Run, RunState, TaskState, Work, advance, evidence, lost
from enghub.golive.cutover.plans import CutoverPlan, OnFailure, TaskKind
from enghub.golive.cutover.work import finished, sent, to_do, wait
from enghub.kit.approvals.errors import SeenAnother
from enghub.kit.approvals.model import Decider, Verdict, decide
from tests.factories.cutovers import BEGINS, Driver, a_plan, a_run, a_task, approval, automatic, back


def voted(driver: Driver, task_id: str, verdict: Verdict = Verdict.APPROVE, seen: str | None = None) -> Run:
    found = driver.run.of(task_id)
    assert found.approval is not None
    said = decide(
        found.approval, Decider("lena"), verdict, seen=seen or found.approval.seen, at=driver.now, comment="no"
    )
    return driver.run.with_task(task_id, replace(found, approval=said))


def test_tasks_begin_when_all_before_them_passed() -> None:
    driver = Driver(a_plan(automatic("a"), automatic("b"), a_task("c", "a", "b"), automatic("d", "c"))).go_on()
    assert [driver.state(name) for name in "abcd"] == ["DONE", "DONE", "READY", "PENDING"]
    driver.run = done_by_hand(driver.run, "c", "omar", driver.now, passed=True, result="looked")
    driver.go_on()
    assert driver.run.state is RunState.DONE
    assert driver.sent == [("a", 1, False), ("b", 1, False), ("d", 1, False)]


def test_by_the_clock_a_task_waits_for_its_planned_time() -> None:
    plan = a_plan(automatic("a"), automatic("b", "a", start=30))
    driver = Driver(plan, a_run(by_clock=True)).go_on()
    assert driver.state("b") is TaskState.PENDING
    assert wait(plan, driver.run, driver.now) == timedelta(minutes=1), "a minute at most"
    driver.go_on(29.5)
    assert wait(plan, driver.run, driver.now) == timedelta(seconds=30)
    assert driver.go_on(0.5).run.state is RunState.DONE


def test_an_approval_binds_to_what_was_seen_and_new_evidence_voids_it() -> None:
    plan = a_plan(automatic("a"), approval("go", "a"), automatic("b", "go"))
    driver = Driver(plan).go_on()
    first = driver.run.of("go").approval
    assert first is not None
    assert first.seen == evidence(plan, driver.run, plan.tasks[1])
    driver.run = redone(plan, driver.run, "a")
    driver.go_on()
    second = driver.run.of("go").approval
    assert second is not None
    assert second.seen != first.seen, "another attempt is other evidence"
    with pytest.raises(SeenAnother):
        voted(driver, "go", seen=first.seen)
    driver.run = voted(driver, "go")
    assert driver.go_on().run.state is RunState.DONE


def test_evidence_that_changes_under_an_approval_voids_it() -> None:
    plan = a_plan(automatic("a"), approval("go", "a"))
    driver = Driver(plan).go_on()
    old = driver.run.of("go").approval
    driver.run = driver.run.with_task("a", replace(driver.run.of("a"), result="another result"))
    new = driver.go_on().run.of("go").approval
    assert old is not None
    assert new is not None
    assert new.seen != old.seen


def test_an_approval_that_nobody_gives_in_time_is_a_failed_gate() -> None:
    driver = Driver(a_plan(automatic("a", rollback=back()), approval("go", "a"), approval_minutes=30)).go_on()
    assert wait(driver.plan, driver.run, driver.now + timedelta(minutes=29, seconds=50)) == timedelta(seconds=10)
    driver.go_on(30)
    assert (driver.run.state, driver.run.reason) == (RunState.ROLLED_BACK, "go: nobody decided in time")
    assert driver.sent[-1] == ("a", 1, True)


def test_a_failed_gate_goes_back_in_reverse_and_only_what_was_begun() -> None:
    plan = a_plan(
        automatic("a", rollback=back()),
        automatic("b", "a", rollback=back()),
        automatic("smoke", "b", kind=TaskKind.SMOKE, on_failure=OnFailure.ROLL_BACK),
        automatic("never", "smoke", rollback=back()),
    )
    driver = Driver(plan, outcome=lambda work: work.task_id != "smoke").go_on()
    assert driver.run.state is RunState.ROLLED_BACK
    assert [one for one in driver.sent if one[2]] == [("b", 1, True), ("a", 1, True)]


def test_a_way_back_by_hand_waits_for_its_owner_and_a_failed_one_for_people() -> None:
    plan = a_plan(automatic("a", rollback=back()), a_task("b", "a", rollback=back(action=None)))
    driver = Driver(plan, outcome=lambda work: not work.back).go_on()
    driver.run = roll_back(plan, driver.run, "the business says no")
    driver.go_on()
    assert driver.run.back_of("b").state is TaskState.READY
    driver.run = done_by_hand(driver.run, "b", "omar", driver.now, passed=True, result="")
    driver.go_on()
    assert (driver.run.state, driver.run.back_of("a").state) == (RunState.ROLLING_BACK, TaskState.FAILED)
    driver.run = skipped(driver.run, "a", "lena", driver.now, "done on the machine itself")
    assert driver.go_on().run.state is RunState.ROLLED_BACK


def test_past_the_point_of_no_return_a_failure_holds_and_nothing_is_taken_back() -> None:
    gate = automatic("watch", "a", on_failure=OnFailure.ROLL_BACK)
    driver = Driver(a_plan(automatic("a", rollback=back()), gate, no_return="a"), outcome=lambda w: w.task_id == "a")
    assert driver.go_on().run.state is RunState.HELD
    with pytest.raises(PastNoReturn):
        roll_back(driver.plan, driver.run, "please")


def test_a_held_run_begins_nothing_and_goes_on_where_it_stood() -> None:
    plan = a_plan(automatic("a"), automatic("b", "a"))
    fails = {"a"}
    driver = Driver(plan, outcome=lambda work: work.task_id not in fails).go_on()
    assert (driver.run.state, driver.state("b")) == (RunState.HELD, TaskState.PENDING)
    fails.clear()
    driver.run = again(driver.run, "a")
    assert driver.go_on().run.state is RunState.DONE
    assert driver.sent == [("a", 1, False), ("a", 2, False), ("b", 1, False)]


def test_an_attempt_is_sent_once_and_one_without_a_word_is_for_people_to_judge() -> None:
    plan = a_plan(automatic("a"))
    run = advance(plan, a_run(), BEGINS)
    (work,) = to_do(plan, run, BEGINS)
    under_way = sent(run, work, BEGINS, repeatable=False)
    assert under_way is not None
    assert to_do(plan, under_way, BEGINS) == ()
    assert sent(under_way, work, BEGINS, repeatable=False) is None
    assert sent(under_way, work, BEGINS, repeatable=True) is not None
    unsure = advance(plan, lost(under_way, work, BEGINS), BEGINS)
    assert (unsure.state, unsure.of("a").state) == (RunState.HELD, TaskState.UNCERTAIN)
    late = finished(unsure, work, BEGINS, passed=True, result="it was done after all")
    assert late.of("a").state is TaskState.DONE
    judged = done_by_hand(unsure, "a", "omar", BEGINS, passed=True, result="it is there")
    assert advance(plan, judged, BEGINS).state is RunState.DONE
    assert finished(judged, work, BEGINS, passed=False, result="late word").of("a").state is TaskState.DONE


def test_an_attempt_that_nobody_works_on_any_more_is_found() -> None:
    plan = a_plan(automatic("a"))
    run = advance(plan, a_run(), BEGINS)
    under_way = sent(run, Work("a", 1), BEGINS, repeatable=False)
    assert under_way is not None
    assert advance(plan, under_way, BEGINS + LONGEST_ATTEMPT).of("a").state is TaskState.RUNNING
    later = BEGINS + LONGEST_ATTEMPT + timedelta(seconds=1)
    assert advance(plan, under_way, later).state is RunState.HELD


def test_an_old_attempt_changes_nothing() -> None:
    plan = a_plan(automatic("a"))
    driver = Driver(plan, outcome=lambda _: False).go_on()
    driver.run = advance(plan, again(driver.run, "a"), driver.now)
    assert finished(driver.run, Work("a", 1), driver.now, passed=True, result="") == driver.run
    with pytest.raises(WrongTaskState):
        sent(driver.run, Work("a", 1), driver.now, repeatable=True)


def test_progress_behind_the_expected_is_told_once_and_the_last_check_waits() -> None:
    checks = [a_task(f"p{n}", kind=TaskKind.CHECK, start=n, expects=n) for n in (30, 70, 100)]
    driver = Driver(a_plan(*checks), a_run(by_clock=True))
    driver.run = replace(driver.run, moved=Moved(29, BEGINS, "omar"))
    driver.go_on(29)
    assert driver.run.behind == ()
    driver.go_on(1)
    assert [driver.run.behind, driver.state("p30")] == [("p30",), TaskState.DONE]
    driver.run = replace(driver.run, moved=Moved(75, driver.now, "omar"))
    driver.go_on(40)
    assert driver.run.behind == ("p30",)
    driver.go_on(30)
    assert [driver.run.behind, driver.state("p100")] == [("p30", "p100"), TaskState.RUNNING]
    driver.run = replace(driver.run, moved=Moved(100, driver.now, "omar"))
    assert driver.go_on().run.state is RunState.DONE


def test_a_late_task_is_told_once() -> None:
    driver = Driver(a_plan(a_task("a", minutes=10)), a_run(by_clock=True)).go_on(10)
    assert driver.run.late == ()
    assert driver.go_on(0.1).run.late == ("a",)
    assert driver.go_on(5).run.late == ("a",)


def test_watching_takes_its_minutes_and_a_rehearsal_does_not_wait() -> None:
    plan = a_plan(a_task("look", kind=TaskKind.OBSERVE, minutes=5))
    driver = Driver(plan).go_on(4.9)
    assert driver.state("look") is TaskState.RUNNING or driver.go_on(5).run.state is RunState.DONE
    assert Driver(plan, a_run(rehearsal=True)).go_on().run.state is RunState.DONE


def test_the_same_word_again_changes_nothing_and_another_is_refused() -> None:
    driver = Driver(a_plan(a_task("a"), a_task("b", "a"))).go_on()
    driver.run = done_by_hand(driver.run, "a", "omar", driver.now, passed=True, result="ok")
    assert done_by_hand(driver.run, "a", "omar", driver.now, passed=True, result="ok") == driver.run
    with pytest.raises(WrongTaskState):
        done_by_hand(driver.run, "a", "omar", driver.now, passed=False, result="or not")


def test_a_rehearsal_measures_minutes() -> None:
    driver = Driver(a_plan(a_task("a"), automatic("b", "a")), a_run(rehearsal=True)).go_on()
    driver.now += timedelta(minutes=7, seconds=1)
    driver.run = done_by_hand(driver.run, "a", "omar", driver.now, passed=True, result="")
    assert measured(driver.go_on().run) == {"a": 8, "b": 0}


NAMES = "abcdef"


@st.composite
def plans(draw: st.DrawFn) -> CutoverPlan:
    tasks = []
    for place, name in enumerate(NAMES):
        after = draw(st.sets(st.sampled_from(NAMES[:place]))) if place else set()
        rollback = back() if draw(st.booleans()) else None
        kind = draw(st.sampled_from([OnFailure.HOLD, OnFailure.ROLL_BACK]))
        tasks.append(automatic(name, *sorted(after), rollback=rollback, on_failure=kind))
    return a_plan(*tasks)


@settings(max_examples=60, deadline=None)
@given(plans(), st.lists(st.booleans(), min_size=40, max_size=40))
def test_nothing_is_done_twice_and_order_holds_whatever_fails(plan: CutoverPlan, outcomes: list[bool]) -> None:
    luck = iter(outcomes)
    driver = Driver(plan, outcome=lambda work: work.back or next(luck, True)).go_on()
    for _ in range(30):
        if driver.run.state is not RunState.HELD:
            break
        for name in NAMES:
            if driver.state(name) is TaskState.FAILED:
                driver.run = again(driver.run, name)
        driver.go_on()
    assert driver.run.is_over
    assert len(driver.sent) == len(set(driver.sent)), "no attempt is sent twice"
    after = {task.task_id: task.after for task in plan.tasks}
    first: dict[tuple[str, bool], int] = {}
    for place, (name, _, is_back) in enumerate(driver.sent):
        first.setdefault((name, is_back), place)
    for name in NAMES:
        assert all(first[one, False] < first[name, False] for one in after[name] if (name, False) in first)
    if driver.run.state is RunState.ROLLED_BACK:
        begun = {name for name, is_back in first if not is_back}
        wanted = {task.task_id for task in plan.tasks if task.rollback and task.task_id in begun}
        assert {name for name, _, is_back in driver.sent if is_back} >= wanted
