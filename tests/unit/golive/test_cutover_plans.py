"""Plans: what is refused, the document's plan, the critical path (OPS-04)."""

from dataclasses import replace

import pytest

from enghub.golive.cutover.errors import CyclicPlan, NothingToDo, UnknownPrerequisite
from enghub.golive.cutover.hands import done_by_hand
from enghub.golive.cutover.model import Moved, RunState
from enghub.golive.cutover.plans import TaskKind, checked, critical_path, template
from enghub.golive.readiness.errors import UnknownMember
from enghub.kit.approvals.model import Decider, Verdict, decide
from tests.factories.cutovers import Driver, a_go_live, a_plan, a_run, a_task


def test_the_documents_plan_is_whole_and_checked() -> None:
    plan = checked(template(a_go_live()), a_go_live())
    assert len(plan.tasks) == 47
    assert plan.tasks[0].owner == "lena"
    assert plan.tasks[1].owner == "omar"
    assert plan.deciders == ("lena",)
    assert (plan.old_system_days, plan.no_return) == (7, "traffic-11")
    assert [task.expects for task in plan.tasks if task.expects] == [30, 70, 100]
    assert critical_path(plan).minutes >= 8 * 60


def test_the_documents_plan_runs_from_midnight_to_the_end() -> None:
    plan = template(a_go_live())
    driver = Driver(plan, a_run(by_clock=True))
    driver.run = replace(driver.run, moved=Moved(100, driver.now, "omar"))
    for _ in range(600):
        driver.go_on(1)
        for task in plan.tasks:
            found = driver.run.of(task.task_id)
            if found.state != "READY":
                continue
            if found.approval is None:
                driver.run = done_by_hand(driver.run, task.task_id, task.owner, driver.now, passed=True, result="")
            else:
                said = decide(found.approval, Decider("lena"), Verdict.APPROVE, seen=found.approval.seen, at=driver.now)
                driver.run = driver.run.with_task(task.task_id, replace(found, approval=said))
        if driver.run.state is RunState.DONE:
            break
    assert driver.run.state is RunState.DONE
    assert driver.run.late == ()


@pytest.mark.parametrize(
    ("tasks", "error", "details"),
    [
        ((a_task("a", "b"), a_task("b", "c"), a_task("c", "a")), CyclicPlan, {"field": "tasks"}),
        ((a_task("a", "a"),), UnknownPrerequisite, {"field": "tasks.0.after.0"}),
        ((a_task("a", "z"),), UnknownPrerequisite, {"task_id": "z"}),
        ((a_task("a"), a_task("a")), UnknownPrerequisite, {"field": "tasks.1.taskId"}),
        ((a_task("a", owner="ghost"),), UnknownMember, {"user": "ghost"}),
        ((a_task("a", owner=""),), UnknownMember, {"field": "tasks.0.owner"}),
        ((a_task("a", kind=TaskKind.SMOKE),), NothingToDo, {"kind": "smoke"}),
    ],
)
def test_a_plan_that_cannot_run_is_refused(
    tasks: tuple[object, ...], error: type[Exception], details: dict[str, str]
) -> None:
    with pytest.raises(error) as refused:
        checked(a_plan(*tasks), a_go_live())  # type: ignore[arg-type]
    assert details.items() <= refused.value.details.items()  # type: ignore[attr-defined]


def test_a_circle_is_named_and_so_is_an_unknown_decider() -> None:
    with pytest.raises(CyclicPlan) as refused:
        checked(a_plan(a_task("a", "b"), a_task("b", "a")), a_go_live())
    assert set("ab") <= set(refused.value.details["cycle"])
    with pytest.raises(UnknownMember):
        checked(replace(a_plan(a_task("a")), deciders=("ghost",)), a_go_live())
    with pytest.raises(UnknownPrerequisite):
        checked(a_plan(a_task("a"), no_return="z"), a_go_live())


def test_the_critical_path_is_the_longest_and_measured_minutes_count() -> None:
    plan = a_plan(
        a_task("a", minutes=10),
        a_task("b", "a", minutes=5),
        a_task("c", "a", minutes=20),
        a_task("d", "b", "c", minutes=1),
    )
    found = critical_path(plan)
    assert (found.tasks, found.minutes, found.slack["b"]) == (("a", "c", "d"), 31, 15)
    rehearsed = critical_path(plan, {"b": 40})
    assert (rehearsed.tasks, rehearsed.minutes, rehearsed.slack["c"]) == (("a", "b", "d"), 51, 20)
